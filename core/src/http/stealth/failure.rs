//! A failed login, as the application responded to it.

use super::answer::{DROPPED_HEADERS, StealthAnswer};

/// A failed login as the application responded to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginFailure {
    /// The status code.
    pub status: u16,
    /// The media type.
    pub content_type: String,
    /// The other headers.
    pub headers: Vec<(String, String)>,
    /// The body, decoded.
    pub body: String,
    /// The time the application took, in microseconds.
    pub latency: u64,
}

impl LoginFailure {
    /// An operator's own response, unchanged, for routes where nothing has been learned.
    pub fn answer(&self) -> StealthAnswer {
        let kept =
            |(name, _): &&(String, String)| !DROPPED_HEADERS.iter().any(|dropped| name.eq_ignore_ascii_case(dropped));
        let headers = self.headers.iter().filter(kept).cloned().collect();
        StealthAnswer::new(self.status, &self.content_type, headers, self.body.clone(), self.latency)
    }

    /// Whether this can be an application's response to a wrong password: the form again, a redirection to it, or the
    /// usual statuses of APIs. Rate limits, server errors and missing pages are something else, and so are blocking
    /// responses, which carry an id.
    pub(super) fn is_genuine(&self) -> bool {
        let is_block = ["security_response_id", "security-response-id"].iter().any(|id| self.body.contains(id));
        matches!(self.status, 200 | 301..=303 | 307 | 308 | 400 | 401 | 403 | 422) && !is_block
    }
}
