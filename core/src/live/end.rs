//! The end of an entry.

/// The end of a block: seconds since the epoch, or never. A time that is over blocks nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Until {
    Time(u64),
    Forever,
}

impl Until {
    /// As configurations write it: zero is never.
    pub fn from_seconds(seconds: u64) -> Self {
        if seconds == 0 { Self::Forever } else { Self::Time(seconds) }
    }

    /// The inverse of [`Until::from_seconds`].
    pub fn seconds(self) -> u64 {
        match self {
            Self::Time(seconds) => seconds,
            Self::Forever => 0,
        }
    }

    /// Whether it is not over yet: the last second belongs to it.
    pub fn holds(self, now: u64) -> bool {
        self >= Self::Time(now)
    }
}
