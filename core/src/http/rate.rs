//! How many traces a second the engine may force the tracer to retain.
//!
//! A token bucket: it holds one second's worth and refills continuously, so a burst passes at once and a flood at the
//! configured rate. Events reported by users of the SDK don't ask it: they are few and must not be lost.

use std::sync::{Mutex, PoisonError};

const NANOS: u128 = 1_000_000_000;

/// The limiter of one process.
#[derive(Debug)]
pub struct TraceLimiter {
    /// Traces a second; negative is unlimited, zero refuses all.
    rate: i64,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    /// Billionths of a token.
    level: u128,
    updated: u64,
}

impl TraceLimiter {
    /// The rate when nothing is configured.
    pub const DEFAULT_RATE: i64 = 100;

    /// A full bucket.
    pub fn new(rate: i64) -> Self {
        Self { rate, bucket: Mutex::new(Bucket { level: capacity(rate), updated: 0 }) }
    }

    /// Takes a token for one evaluation that asks for retention; `now` in nanoseconds of a clock that never steps back.
    pub fn allow(&self, now: u64) -> bool {
        if self.rate <= 0 {
            return self.rate < 0;
        }
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = u128::from(now.saturating_sub(bucket.updated));
        bucket.updated = bucket.updated.max(now);
        let refill = elapsed.saturating_mul(u128::from(self.rate.unsigned_abs()));
        bucket.level = bucket.level.saturating_add(refill).min(capacity(self.rate));
        let granted = bucket.level >= NANOS;
        if granted {
            bucket.level -= NANOS;
        }
        granted
    }
}

impl Default for TraceLimiter {
    fn default() -> Self {
        Self::new(Self::DEFAULT_RATE)
    }
}

fn capacity(rate: i64) -> u128 {
    u128::from(rate.max(0).unsigned_abs()) * NANOS
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
