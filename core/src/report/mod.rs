//! What a call returns: events, actions and attributes, with secrets redacted.
//!
//! Rust callers and the bindings use the typed [`Outcome`]; [`Outcome::take_value_in`] builds the map of the ABI from
//! it, in the caller's memory.

mod actions;
mod findings;
mod incomplete;
mod matches;
mod obfuscate;
mod outcome;
mod write;

pub use crate::plan::EventRule;
pub use actions::ReportedAction;
pub(crate) use findings::{Findings, RuleMatch};
pub use incomplete::Incomplete;
pub use matches::{ArgumentMatch, ConditionMatch, Event, Operator};
pub use outcome::Outcome;
pub(crate) use outcome::report;
