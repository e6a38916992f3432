//! A web application firewall, runtime exploit prevention, user events and account-takeover protection in one engine.
//!
//! # Evaluate
//!
//! A [`Waf`] is a ruleset, ready to evaluate. Each request has a [`Context`], which keeps the data it was given, a map
//! from addresses (`server.request.query`, `server.request.body`, ...) to values.
//!
//! ```
//! use bartizan::{Waf, value::Value};
//! use std::time::Duration;
//!
//! let waf = Waf::builtin();
//! let mut context = waf.context();
//! let query = Value::from_entries([("file", "../../../../etc/passwd")]);
//! let outcome = context.run(Value::from_entries([("server.request.query", query)]), Duration::from_millis(5))?;
//! let found = &outcome.events[0].matches[0];
//! assert_eq!(found.arguments[0].address, "server.request.query");
//! assert!(!outcome.timeout && found.highlight[0].starts_with(b"../"));
//! # Ok::<(), bartizan::RunError>(())
//! ```
//!
//! [`Waf::new`] takes other rules, and a [`Builder`] several configurations that come and go.
//!
//! # A whole request
//!
//! [`protect`] does the rest for a server: it determines the client's address, checks who is refused, responds in place of
//! the application, and reports what belongs to the request's span.
//!
//! ```
//! use bartizan::protect::{Engine, Finish, Response, Settings, Start};
//!
//! let engine = Engine::new(Settings::builtin())?;
//! let mut request = engine.request();
//! let start = Start::new("GET", "/search?q=%3Cscript%3Ealert(1)%3C/script%3E")
//!     .header("User-Agent", "Mozilla/5.0")
//!     .peer("192.0.2.7:40312")
//!     .query(bartizan::value::Value::from_entries([("q", "<script>alert(1)</script>")]));
//! let decision = request.start(start);
//! assert!(!decision.blocked && decision.found.is_some_and(|found| !found.events.is_empty()));
//! request.response(Response::new(200).header("Content-Type", "text/html"));
//! let report = request.finish(&Finish::default());
//! assert_eq!(report.meta["appsec.event"], "true");
//! assert_eq!(report.meta["http.client_ip"], "192.0.2.7");
//! # Ok::<(), bartizan::protect::Error>(())
//! ```
//!
//! # Users and blocks
//!
//! ```
//! use bartizan::http::block::Answer;
//! use bartizan::protect::{Engine, Finish, Login, Settings, Start, Subject, Until, User};
//!
//! let engine = Engine::new(Settings::builtin())?;
//! engine.service().block(&Subject::user("u-1"), Until::Forever)?;
//!
//! let mut request = engine.request();
//! request.start(Start::new("POST", "/login").peer("192.0.2.7"));
//! let decision = request.login_success(&Login::of("bob@example.org").user(User::new("u-1").field("role", "admin")));
//! assert!(decision.blocked);
//! let Some(Answer::Http(page)) = request.block_response(&Default::default()) else { panic!("nobody is refused") };
//! assert_eq!(page.status, 403);
//! assert_eq!(request.finish(&Finish::default()).meta["usr.id"], "u-1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Modules
//!
//! | module | what it holds |
//! |---|---|
//! | [`protect`] | whole requests: the engine of a process, a request from its first header to its report |
//! | [`takeover`] | account takeover and business-logic abuse: events in, signals and blocks out |
//! | [`users`] | collection modes, anonymization, login and business events |
//! | [`http`] | client address, blocking responses, request reports |
//! | [`remote`] | remote-configuration products and paths, and what is answered |
//! | [`report`] | events, actions and attributes: what an evaluation found |
//! | [`value`] | the data that is evaluated; JSON |
//! | [`builtin`] | the embedded rules |
//! | [`log`](mod@log) | where messages go |
//!
//! The other modules have their pages in the source; `ARCHITECTURE.md` lists them in order. They are not part of the public
//! interface. The feature `internals`, which is only for this workspace, opens them to its tests, benchmarks and bindings.

// Bindings, benchmarks and tests use more of the rooms than the public modules do; and all public types must be nameable.
#![cfg_attr(not(feature = "internals"), allow(dead_code, unused_imports), warn(unnameable_types))]

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

mod builder;
pub mod builtin;
mod config;
mod eval;
mod exploit;
mod fields;
pub mod http;
mod injection;
mod legacy;
mod live;
mod matcher;
mod order;
mod pattern;
mod plan;
mod processor;
pub mod protect;
pub mod remote;
pub mod report;
mod scan;
mod sdk;
mod shared;
mod support;
pub mod takeover;
mod transform;
pub mod users;
pub mod value;
mod waf;

pub use builder::{Added, Builder};
pub use config::{Diagnostics, ENGINE_VERSION, Section, Warning, WarningKind};
pub use eval::{Context, RunError};
pub use report::Outcome;
pub use support::{Clock, Deadline, Ids, log};
pub use waf::Waf;

/// The private rooms, for this workspace's bindings, tests, benchmarks and fuzz targets. Anything may change.
#[cfg(feature = "internals")]
#[doc(hidden)]
#[allow(missing_docs)]
pub mod internals {
    macro_rules! rooms {
        ($($room:ident)*) => { $(pub mod $room { pub use crate::$room::*; })* };
    }
    rooms! { config exploit injection legacy live pattern processor scan sdk shared support transform }

    /// The parsers of requests.
    pub mod inbound {
        pub use crate::http::inbound::Reading;
        macro_rules! parts {
            ($($part:ident)*) => { $(pub mod $part { pub use crate::http::inbound::$part::*; })* };
        }
        parts! { charset coding cookies fields form graphql json media multipart xml }
    }

    /// Of the detection of account takeover, what is no part of its public face.
    pub mod takeover {
        macro_rules! parts {
            ($($part:ident)*) => { $(pub mod $part { pub use crate::takeover::$part::*; })* };
        }
        parts! {
            config detector event headers key mining normalization notify rules series source state subject
        }
    }
}
