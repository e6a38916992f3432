//! The engine: a web application firewall, runtime exploit prevention, user events and account-takeover detection.
//!
//! Rooms, from the bottom up; each knows only those above it in this list:
//!
//! | room | what it decides |
//! |---|---|
//! | [`support`] | clock, random ids, deadline, log sink |
//! | [`value`] | the 16-byte tagged value that callers build and the engine reads in place; JSON |
//! | [`pattern`] | the RE2 dialect rules are written in: parser, automaton, and what any match must contain |
//! | [`transform`] | transformers: decoding and normalising of strings |
//! | [`injection`] | SQL injection and XSS recognition on a single string |
//! | [`matcher`] | one operator each |
//! | [`exploit`] | RASP detectors: a dangerous call seen together with the request's parameters |
//! | [`scan`] | one pass over a string that says which matchers could match at all |
//! | [`processor`] | fingerprints, schemas, tokens, URIs |
//! | [`config`] | a configuration document -> typed specs, and diagnostics |
//! | `plan` | typed specs -> one immutable, shareable plan of evaluation |
//! | [`report`] | events, actions, attributes, obfuscation, the result value |
//! | [`eval`] | contexts: what is new, what is excluded, which rules fire |
//! | `waf` | an instance: a plan, ready to evaluate |
//! | `builder` | configurations under paths -> instances |
//! | [`builtin`] | our own rules, embedded |
//! | [`users`] | who the user is: collection modes, anonymization, login and business events |
//! | [`http`] | client address, blocking responses, denylists, request reports |
//! | [`remote`] | remote-configuration products and paths -> builder calls, and what is answered |
//! | [`protect`] | whole requests: the engine of a process, a request from its first header to its report |
//! | [`sdk`] | the rooms above as functions from a map to a map, for every binding alike |
//! | [`shared`] | what the bindings hold on to: an engine and contexts behind shared references |

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

mod builder;
pub mod builtin;
pub mod config;
pub mod eval;
pub mod exploit;
pub mod http;
pub mod injection;
pub mod matcher;
pub mod pattern;
mod plan;
pub mod processor;
pub mod protect;
pub mod remote;
pub mod report;
pub mod scan;
pub mod sdk;
pub mod shared;
pub mod support;
pub mod transform;
pub mod users;
pub mod value;
mod waf;

pub use builder::{Added, Builder};
pub use config::{Diagnostics, ENGINE_VERSION};
pub use eval::{Context, RunError};
pub use report::Outcome;
pub use support::Deadline;
pub use waf::Waf;
