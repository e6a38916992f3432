//! What a call of a request came to.

use crate::report::{Incomplete, Outcome};

/// What an evaluation of a request came to.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Decision {
    /// The request is to be ended with its [`block_response`](super::Request::block_response).
    pub blocked: bool,
    /// What the engine found; nothing if it is off, failed, or was not asked, as of a client that is refused anyway.
    pub found: Option<Outcome>,
    /// What of the request was not inspected so far.
    pub incomplete: Incomplete,
}

/// What a call about a user came to.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct UserDecision {
    /// The user is refused, and the request to be ended.
    pub blocked: bool,
    /// What the call means: tags, telemetry, warnings. The request has taken its part already.
    pub outcome: crate::users::CallOutcome,
    /// What the engine found, if there was anything to evaluate.
    pub found: Option<Outcome>,
}
