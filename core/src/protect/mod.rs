//! Whole requests: an engine of a process, and each request from its first header to its report.
//!
//! [`Engine`] is made once from [`Settings`]. Each request asks it for a [`Request`], which evaluates what becomes known
//! ([`Start`], more data, dangerous operations, the response), takes calls about users, and says at the end what goes to the
//! request's span ([`RequestReport`]). [`Service`] is what the process remembers between requests: who is refused at run
//! time, how many traces may be kept, what failed logins look like.
//!
//! Nothing is done to the host's request or span here: the host ends what is [`Decision::blocked`] with the answer of
//! [`Request::block_response`], and writes the tags of the report.
//!
//! ```
//! use bartizan::http::block::Answer;
//! use bartizan::http::denylist::Until;
//! use bartizan::protect::{Engine, Finish, Response, Settings, Start, Subject, User};
//! use bartizan::value::Value;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::new(Settings::from_json(r#"{"version": "2.2", "rules": [
//!     {"id": "r1", "name": "finds attacks", "tags": {"type": "demo"}, "conditions": [
//!         {"operator": "match_regex", "parameters": {"regex": "attack", "inputs": [{"address": "server.request.body"}]}}]}]}"#)?)?;
//! engine.service().block(&Subject::user("mallory"), Until::Forever)?;
//!
//! let mut request = engine.request();
//! let body = Value::from_entries([("comment", "an attack")]);
//! let decision = request.start(Start::new("POST", "/comments").peer("192.0.2.7").body(body));
//! assert!(!decision.blocked && decision.found.is_some_and(|found| found.is_match()));
//!
//! assert!(request.set_user(&User::new("mallory")).blocked);
//! let Some(Answer::Http(page)) = request.block_response(&Default::default()) else { panic!("nothing blocks") };
//! assert_eq!(page.status, 403);
//!
//! let report = request.finish(&Finish::default());
//! assert_eq!(report.meta["usr.id"], "mallory");
//! assert_eq!(report.meta["appsec.blocked"], "true");
//! # Ok(())
//! # }
//! ```
//!
//! | file | concept |
//! |---|---|
//! | [`Engine`], [`Settings`] | the instance of the moment, changed by remote configuration |
//! | [`Service`] | denylist, limits, learned answers |
//! | [`Request`] | one request; its parts: what it begins with, evaluation, users, its end |
//! | `own_rules` | the rules by which blocks of our own are reported |

mod engine;
mod error;
mod own_rules;
mod request;
mod service;
mod settings;

pub use engine::{Applied, Engine};
pub use error::Error;
pub use request::{Decision, Finish, Login, Request, RequestReport, Response, Start, Taken, User, UserDecision};
pub use service::{Service, ServiceSettings, Subject, UnusableStatus};
pub use settings::{OnIncomplete, Settings};
