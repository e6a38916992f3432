//! Saying something only now and then.
//!
//! What happens with every request of an attack must not fill a log. The first time is told at once; after that, once per
//! period, with how often it happened meanwhile. Without locks, so that a forked process inherits nothing held.

use std::sync::atomic::{AtomicU64, Ordering};

/// When something was told last, and how often it happened since.
#[derive(Debug)]
pub struct Occasional {
    period: u64,
    /// When it is told next, in the caller's unit of time.
    next: AtomicU64,
    untold: AtomicU64,
}

impl Occasional {
    /// At most once in a period, in the caller's unit of time.
    pub fn every(period: u64) -> Self {
        Occasional { period, next: AtomicU64::new(0), untold: AtomicU64::new(0) }
    }

    /// It happened. If it is to be told now, how often it happened since it was told last, this time left out.
    pub fn happened(&self, now: u64) -> Option<u64> {
        let next = self.next.load(Ordering::Relaxed);
        let later = now.saturating_add(self.period);
        if now < next || self.next.compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            self.untold.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(self.untold.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_and_the_others_are_counted() {
        let occasional = Occasional::every(60);
        let told: Vec<_> = [5, 5, 64, 65, 66, 200].into_iter().map(|now| occasional.happened(now)).collect();
        assert_eq!(told, [Some(0), None, None, Some(2), None, Some(1)]);
    }
}
