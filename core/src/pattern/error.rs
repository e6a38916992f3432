//! Why a pattern was refused.

use std::fmt;

/// Why a pattern cannot be used. Displays as the reference reports it: the offending part of the pattern after `invalid
/// regular expression: `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    fragment: Box<[u8]>,
    foreign: Option<&'static str>,
}

impl PatternError {
    /// An error in a part of the pattern. Like the reference's, the fragment ends at a NUL.
    pub(super) fn new(fragment: &[u8]) -> Self {
        let fragment = fragment.split(|&byte| byte == 0).next().unwrap_or_default();
        PatternError { fragment: fragment.into(), foreign: None }
    }

    /// An error without a fragment: the pattern is too large, ends in a backslash, or is not UTF-8.
    pub(super) fn unspecified() -> Self {
        PatternError::new(b"")
    }

    /// Adds the name of the construct, if only other dialects have it.
    pub(super) fn with_foreign_construct(self, foreign: Option<&'static str>) -> Self {
        PatternError { foreign, ..self }
    }

    /// The name of the construct of another dialect (a look-ahead, a back-reference) that caused the error, if one did.
    pub fn foreign_construct(&self) -> Option<&'static str> {
        self.foreign
    }

    /// What is wrong, with the whole pattern.
    pub fn explain(&self, pattern: &[u8]) -> String {
        let (fragment, pattern) = (String::from_utf8_lossy(&self.fragment), String::from_utf8_lossy(pattern));
        match self.foreign {
            Some(name) => format!("RE2 has no {name}: `{fragment}` in the pattern `{pattern}`"),
            None if fragment.is_empty() || fragment == pattern => format!("the pattern `{pattern}` cannot be read"),
            None => format!("`{fragment}` cannot be read in the pattern `{pattern}`"),
        }
    }

    /// The offending part of the pattern; empty if the error has no single place.
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
