//! A limit on the number of traces per second that the engine may force the tracer to keep.
//!
//! It is a token bucket that holds one second's worth and refills continuously, so a burst passes at once and a flood
//! at the configured rate. Events reported through the SDK are not limited, as they are few and must not be lost.
//!
//! The whole bucket is one number, the moment at which it will be full again (the generic cell rate algorithm of ITU-T
//! I.371), so threads need no lock for it.

use std::sync::atomic::{AtomicU64, Ordering};

const SECOND: u64 = 1_000_000_000;

/// The limiter of one process.
#[derive(Debug)]
pub struct TraceLimiter {
    /// Traces per second; negative is unlimited, zero allows none.
    rate: i64,
    /// In nanoseconds of the callers' clock.
    full_at: AtomicU64,
}

impl TraceLimiter {
    /// The default rate.
    pub const DEFAULT_RATE: i64 = 100;

    /// A full bucket. Rates above a billion per second count as a billion.
    pub fn new(rate: i64) -> Self {
        Self { rate, full_at: AtomicU64::new(0) }
    }

    /// Takes a token for one evaluation that requests retention; `now` is in nanoseconds of a monotonic clock.
    pub fn allow(&self, now: u64) -> bool {
        if self.rate <= 0 {
            return self.rate < 0;
        }
        let refill = SECOND.div_ceil(self.rate.unsigned_abs());
        let latest = now.saturating_add(SECOND.saturating_sub(refill));
        let take = |full_at: u64| (full_at <= latest).then(|| full_at.max(now).saturating_add(refill));
        self.full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }
}

impl Default for TraceLimiter {
    fn default() -> Self {
        Self::new(Self::DEFAULT_RATE)
    }
}

#[cfg(test)]
mod tests {
    use super::TraceLimiter;

    #[test]
    fn bursts_and_floods() {
        let limiter = TraceLimiter::new(10);
        let in_burst = (0..50).filter(|_| limiter.allow(5)).count();
        let in_next_second = (1..=1000u64).filter(|step| limiter.allow(5 + step * 1_000_000)).count();
        assert_eq!((in_burst, in_next_second), (10, 10));
        assert!(!TraceLimiter::new(0).allow(1));
        assert!((0..1000).all(|_| TraceLimiter::new(-1).allow(0)));
        assert!(TraceLimiter::new(i64::MAX).allow(u64::MAX));
    }
}
