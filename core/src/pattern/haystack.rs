//! A text that several patterns are looked for in.

use super::required::Presence;

/// A text, with what is found out about it once for all patterns.
pub struct Haystack<'t> {
    pub(crate) bytes: &'t [u8],
    presence: Option<Presence>,
}

impl<'t> Haystack<'t> {
    pub(crate) fn new(bytes: &'t [u8]) -> Self {
        Haystack { bytes, presence: None }
    }

    /// The bytes that are in it.
    pub(super) fn presence(&mut self) -> Presence {
        *self.presence.get_or_insert_with(|| Presence::of(self.bytes))
    }
}
