//! Users, logins and other events: span tags, retention, engine addresses and telemetry.
//!
//! There are two kinds of sources: application code calls the [`sdk`] functions, and framework integrations the
//! [`automatic`] hooks. Both get a [`CallOutcome`], a decision without side effects, which the host applies to its span
//! and its engine context. The state of a request between calls is a [`RequestScope`] of a few bytes.
//!
//! | file | concept |
//! |---|---|
//! | [`anonymize`] | the pseudonym of an identifier |
//! | [`mode`] | how much automation may collect, and what decides it |
//! | [`identity`], [`Who`] | which values are ids, and whose |
//! | [`Call`] | any of the calls, with its arguments |
//! | [`sdk`], [`automatic`] | the outcome of each call |
//! | [`propagation`] | the id that is passed to downstream services |

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
