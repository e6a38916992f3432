//! A response that looks like a failed login.

/// Headers that belong to one message, or that would give the client a session. An entity tag is that of the page if all
/// failures have the same page, and otherwise differs and is left out.
pub(super) const DROPPED_HEADERS: [&str; 9] = [
    "set-cookie",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "date",
    "last-modified",
];

/// A response to write after a delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StealthAnswer {
    /// The status code.
    pub status: u16,
    /// All headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// How long the whole request should take, in microseconds.
    pub delay: u64,
}

impl StealthAnswer {
    pub(super) fn new(
        status: u16,
        content_type: &str,
        mut headers: Vec<(String, String)>,
        body: String,
        delay: u64,
    ) -> Self {
        if !content_type.is_empty() {
            headers.push(("content-type".into(), content_type.into()));
        }
        headers.push(("content-length".into(), body.len().to_string()));
        Self { status, headers, body, delay }
    }
}
