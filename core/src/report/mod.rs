//! What a call returns: events, actions, attributes; and what of it must not be shown.
//!
//! The typed [`Outcome`] is what Rust callers and the bindings look at; [`Outcome::take_value_in`] lays it out as the map
//! of the ABI, in the caller's memory.

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
