//! How many traces a second the engine may force the tracer to retain.
//!
//! A token bucket: it holds one second's worth and refills continuously, so a burst passes at once and a flood at the
//! configured rate. Events reported by users of the SDK don't ask it: they are few and must not be lost.
//!
//! The whole bucket is one number, the moment at which it will be full again (the generic cell rate algorithm of ITU-T
//! I.371), so that threads need no lock for it.

use std::sync::atomic::{AtomicU64, Ordering};

const SECOND: u64 = 1_000_000_000;

/// The limiter of one process.
#[derive(Debug)]
pub struct TraceLimiter {
    /// Traces a second; negative is unlimited, zero refuses all.
    rate: i64,
    /// In nanoseconds of the clock that callers have.
    full_at: AtomicU64,
}

impl TraceLimiter {
    /// The rate when nothing is configured.
    pub const DEFAULT_RATE: i64 = 100;

    /// A full bucket. More than a billion a second count as a billion.
    pub fn new(rate: i64) -> Self {
        Self { rate, full_at: AtomicU64::new(0) }
    }

    /// Takes a token for one evaluation that asks for retention; `now` in nanoseconds of a clock that never steps back.
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
