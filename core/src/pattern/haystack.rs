//! A text that several patterns search.

use super::required::Presence;

/// A text, with properties computed once for all patterns.
pub struct Haystack<'t> {
    pub(crate) bytes: &'t [u8],
    presence: Option<Presence>,
}

impl<'t> Haystack<'t> {
    pub(crate) fn new(bytes: &'t [u8]) -> Self {
        Haystack { bytes, presence: None }
    }

    /// The set of bytes in it.
    pub(super) fn presence(&mut self) -> Presence {
        *self.presence.get_or_insert_with(|| Presence::of(self.bytes))
    }
}
