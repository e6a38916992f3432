//! Scanners recognise the kind of data in a string by its key and its content.

use crate::pattern::Required;
use crate::support::{Deadline, Expired};
use std::sync::Arc;

/// A scalar matcher in the role of a scanner.
pub trait ScannerMatcher: Send + Sync {
    /// Whether it accepts this string. Matchers for other types accept none.
    fn matches(&self, text: &[u8], deadline: &mut Deadline) -> Result<bool, Expired>;

    /// What an accepted string contains, if that is known.
    fn required(&self) -> Option<&Required> {
        None
    }

    /// The least number of bytes, and of ASCII digits among them, in an accepted string.
    fn least(&self) -> (usize, usize) {
        (0, 0)
    }
}

impl<F: Fn(&[u8]) -> bool + Send + Sync> ScannerMatcher for F {
    fn matches(&self, text: &[u8], _: &mut Deadline) -> Result<bool, Expired> {
        Ok(self(text))
    }
}

/// A name and a value.
pub type Tag = (Box<[u8]>, Box<[u8]>);

/// One scanner of a configuration.
pub struct Scanner {
    /// Its id.
    pub id: Box<str>,
    /// The kind of a string if the scanner matches: names and values, each name once. May be empty.
    pub tags: Vec<Tag>,
    /// Accepts the key of a string; never called for an empty key. Scanners with the same pattern should share one
    /// matcher.
    pub key: Option<Arc<dyn ScannerMatcher>>,
    /// Accepts the string.
    pub value: Option<Arc<dyn ScannerMatcher>>,
}

/// A non-empty set of tags; equal exactly when the tags are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label(pub(super) u32);

impl Label {
    /// Differs from the hash of any type code.
    pub(super) fn hash(self) -> u64 {
        u64::from(self.0) + 0x100
    }
}
