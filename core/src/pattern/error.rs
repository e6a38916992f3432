//! Why a pattern was refused.

use std::fmt;

/// A pattern that cannot be used. Its text is what the reference reports: the offending part of the pattern after
/// `invalid regular expression: `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    fragment: Box<[u8]>,
}

impl PatternError {
    /// A mistake in a part of the pattern. Like the reference's, the report ends at a NUL.
    pub(super) fn new(fragment: &[u8]) -> Self {
        let fragment = fragment.split(|&byte| byte == 0).next().unwrap_or_default();
        PatternError { fragment: fragment.into() }
    }

    /// A mistake that points at nothing: a pattern too large, ending in a backslash, or not UTF-8.
    pub(super) fn unspecified() -> Self {
        PatternError::new(b"")
    }

    /// The part of the pattern that is wrong; empty where no part is to blame.
    pub fn fragment(&self) -> &[u8] {
        &self.fragment
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid regular expression: {}", String::from_utf8_lossy(&self.fragment))
    }
}

impl std::error::Error for PatternError {}
