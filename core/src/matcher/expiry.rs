//! When entries of lists expire.

/// How long an entry of a list lasts; longer ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Life(u64);

impl Life {
    const FOREVER: Self = Self(u64::MAX);

    /// Until `expiration`, in seconds; 0 is forever.
    pub(super) const fn until(expiration: u64) -> Self {
        if expiration == 0 { Self::FOREVER } else { Self(expiration) }
    }

    /// Whether it still lasts: the very second of its end included.
    pub(super) fn lasts(self, now: u64) -> bool {
        now <= self.0
    }
}
