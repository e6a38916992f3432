//! Whole requests: the engine of a process, and each request from its first header to its report.
//!
//! [`Engine`] is made once from [`Settings`]. It makes a [`Request`] for each request, which evaluates what becomes
//! known ([`Start`], more data, dangerous operations, the response), handles calls about users, and returns at the end
//! what belongs to the request's span ([`RequestReport`]). [`Service`] is the state of the process between requests:
//! who is refused at run time, how many traces may be kept, what failed logins look like.
//!
//! Nothing here changes the host's request or span: the host ends a request that is [`Decision::blocked`] with the
//! response of [`Request::block_response`], and writes the tags of the report.
//!
//! ```
//! use bartizan::http::block::Answer;
//! use bartizan::protect::{Engine, Finish, Response, Settings, Start, Subject, Until, User};
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
//! assert!(!decision.blocked && decision.found.is_some_and(|found| !found.events.is_empty()));
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
//! | [`Mode`], [`AllowList`], [`Exclusion`] | what rules do, to whom, and where not |
//! | [`Notice`], `metrics`, `cause` | what is logged and counted, and why a request is blocked |
//! | `local` | rules and documents changed at run time by the operator of the process |
//! | `takeover` | the detector of account takeover ([`Engine::takeover`]), and which paths log in |
//! | `own_rules` | the rules by which blocks of our own are reported |

mod allow;
mod cause;
mod engine;
mod error;
mod exclusion;
mod local;
mod metrics;
mod mode;
mod notice;
mod own_rules;
mod request;
mod service;
mod settings;
mod swap;
mod takeover;

pub use crate::live::{Refused, Until};
pub use allow::{AllowList, Allowance, NotANetwork};
pub use engine::{Applied, Engine};
pub use error::Error;
pub use exclusion::{EmptyExclusion, Exclusion};
pub use mode::{Mode, UnknownMode};
pub use notice::{Notice, NoticeKind};
pub use request::{Decision, Finish, Login, Request, RequestReport, Response, Start, Taken, User, UserDecision};
pub use service::{Service, ServiceSettings, Subject, UnusableStatus};
pub use settings::{OnIncomplete, Settings};
