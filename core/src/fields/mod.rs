//! Typed fields of configuration objects, and why an element was refused.
//!
//! Documents of every kind, and the parameters of every operator, are read with the same getters, so that a wrong field
//! is reported in the same words everywhere.

pub mod read;
pub mod refusal;

pub use read::Fields;
pub use refusal::Refusal;
