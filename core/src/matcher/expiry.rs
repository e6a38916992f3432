//! The expiration of list entries.

/// How long an entry of a list is valid; longer ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Life(u64);

impl Life {
    const FOREVER: Self = Self(u64::MAX);

    /// Until `expiration`, in seconds; 0 is forever.
    pub(super) const fn until(expiration: u64) -> Self {
        if expiration == 0 { Self::FOREVER } else { Self(expiration) }
    }

    /// Whether it is still valid, including the very second of its end.
    pub(super) fn lasts(self, now: u64) -> bool {
        now <= self.0
    }
}
