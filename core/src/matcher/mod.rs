//! One operator a file: what a condition asks of one value.
//!
//! Matchers are pure: bytes or a scalar in, an answer and what to highlight out. Walking the data, transforming it,
//! negation and reporting are the evaluator's. A matcher that does not look at a kind of value at all says so, because
//! negated conditions hold only if something was looked at.

pub mod checksum;
pub mod data;
pub mod exact;
mod expiry;
pub mod hidden_ascii;
pub mod ip;
pub mod number;
pub mod phrase;
pub mod scalar;

pub use scalar::Matcher;
