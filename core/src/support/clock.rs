//! Time, through a source that tests replace.

use once_cell::race::OnceBox;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A source of wall-clock time.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn unix_millis(&self) -> u64;

    /// Whole seconds since the Unix epoch.
    fn unix_seconds(&self) -> u64 {
        self.unix_millis() / 1000
    }

    /// Milliseconds since some start, which no setting of the clock moves. A source without such a thing answers with the
    /// time of day.
    fn monotonic_millis(&self) -> u64 {
        self.unix_millis()
    }
}

/// The system clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_millis(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
    }

    fn monotonic_millis(&self) -> u64 {
        static START: OnceBox<Instant> = OnceBox::new();
        START.get_or_init(|| Box::new(Instant::now())).elapsed().as_millis() as u64
    }
}

/// A clock that stands still until it is set.
#[derive(Debug, Default)]
pub struct FixedClock(AtomicU64);

impl FixedClock {
    /// A clock at this many milliseconds since the epoch.
    pub fn at_millis(millis: u64) -> Self {
        FixedClock(AtomicU64::new(millis))
    }

    /// Moves the clock.
    pub fn set_millis(&self, millis: u64) {
        self.0.store(millis, Ordering::Relaxed);
    }
}

impl Clock for FixedClock {
    fn unix_millis(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
