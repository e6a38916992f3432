//! Who the user is, and what became of their login: span tags, retention, engine addresses and telemetry.
//!
//! Two kinds of producer report here: application code through the [`sdk`] functions, and framework integrations through the
//! [`automatic`] hooks. Both get an [`CallOutcome`]: a decision, made without touching anything. The host applies it to its span
//! and its engine context. What a request must remember between calls is a [`RequestScope`] of a few bytes.
//!
//! | file | concept |
//! |---|---|
//! | [`anonymize`] | the pseudonym of an identifier |
//! | [`mode`] | how much automation may collect, and who says so |
//! | [`identity`], [`Who`] | which values are ids, and whose |
//! | [`Call`] | any of the calls, with its arguments |
//! | [`sdk`], [`automatic`] | what each leads to |
//! | [`propagation`] | the id that travels downstream |

pub mod anonymize;
pub mod automatic;
mod call;
pub mod event;
mod flatten;
pub mod identity;
pub mod mode;
mod outcome;
pub mod propagation;
mod scope;
pub mod sdk;
pub mod text;
mod who;

pub use call::Call;
pub use outcome::{CallOutcome, Counter, SESSION_ID, USER_ID, USER_LOGIN};
pub use scope::RequestScope;
pub use who::Who;
