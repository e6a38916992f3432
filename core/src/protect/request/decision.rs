//! The results of a request's calls.

use crate::report::{Incomplete, Outcome};

/// The result of an evaluation of a request.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Decision {
    /// Whether to end the request with its [`block_response`](super::Request::block_response).
    pub blocked: bool,
    /// What the engine found; `None` if it is off, failed, or did not run, as for a client that is refused anyway.
    pub found: Option<Outcome>,
    /// What was not inspected of the request so far.
    pub incomplete: Incomplete,
}

/// The result of a call about a user.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct UserDecision {
    /// Whether the user is refused, so that the request must end.
    pub blocked: bool,
    /// The outcome of the call: tags, telemetry, warnings. The request has applied its part already.
    pub outcome: crate::users::CallOutcome,
    /// What the engine found, if there was anything to evaluate.
    pub found: Option<Outcome>,
}
