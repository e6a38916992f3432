//! Rate-limited messages.
//!
//! What happens with every request of an attack must not flood a log. The first occurrence is reported at once; later
//! ones once per period, with their number. There are no locks, so a forked process cannot inherit one that is held.

use std::sync::atomic::{AtomicU64, Ordering};

/// When something was last reported, and how often it has happened since.
#[derive(Debug)]
pub struct Occasional {
    period: u64,
    /// When the next report is due, in the caller's unit of time.
    next: AtomicU64,
    untold: AtomicU64,
}

impl Occasional {
    /// Reports at most once per period, in the caller's unit of time.
    pub fn every(period: u64) -> Self {
        Occasional { period, next: AtomicU64::new(0), untold: AtomicU64::new(0) }
    }

    /// Counts an occurrence. If it is to be reported now, returns how often it happened since the last report, without
    /// this time.
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
    fn the_first_occurrence_is_reported_and_others_are_counted() {
        let occasional = Occasional::every(60);
        let told: Vec<_> = [5, 5, 64, 65, 66, 200].into_iter().map(|now| occasional.happened(now)).collect();
        assert_eq!(told, [Some(0), None, None, Some(2), None, Some(1)]);
    }
}
