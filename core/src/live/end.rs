//! The time at which an entry expires.

/// The end of an entry: a time in seconds since the Unix epoch, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Until {
    Time(u64),
    Forever,
}

impl Until {
    /// Reads the notation of configurations, in which zero stands for never.
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

    /// The time, unless it is never.
    pub(crate) fn time(self) -> Option<u64> {
        match self {
            Self::Time(seconds) => Some(seconds),
            Self::Forever => None,
        }
    }

    /// Whether the end has not passed at `now`; the last second is included.
    pub fn holds(self, now: u64) -> bool {
        self >= Self::Time(now)
    }
}
