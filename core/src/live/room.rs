//! The size limit of a set, and when entries are evicted.
//!
//! When the set is full, its parts are searched in turn until one has entries to remove: expired ones or, if it has
//! none, a small share of its automatic ones, those with the earliest end first. This frees many entries at once, so
//! the cost per insertion is small. If all entries were made by operators, nothing is evicted, and the search is not
//! repeated within the same second.

use super::sync::{AtomicU64, AtomicUsize, Ordering};
use std::sync::atomic::AtomicBool;

/// See the [module](self).
#[derive(Debug)]
pub struct Room {
    limit: usize,
    /// The next part to be searched or swept.
    hand: AtomicUsize,
    /// The last second in which a search freed nothing.
    full_at: AtomicU64,
    disarmed: AtomicBool,
}

impl Room {
    /// Creates a limit of `limit` entries.
    pub fn new(limit: usize) -> Self {
        Self { limit, hand: AtomicUsize::new(0), full_at: AtomicU64::new(u64::MAX), disarmed: AtomicBool::new(false) }
    }

    /// Whether an entry can be added, after evicting some if the set is full. `make` evicts from one of `parts` parts
    /// and returns the number of evicted entries.
    pub fn has_some(&self, entries: usize, now: u64, parts: usize, make: impl Fn(usize) -> usize) -> bool {
        if entries < self.limit {
            return true;
        }
        if self.full_at.load(Ordering::Relaxed) == now {
            return false;
        }
        let made = (0..parts).any(|_| make(self.next(parts)) > 0);
        if !made {
            self.full_at.store(now, Ordering::Relaxed);
        }
        made
    }

    /// Reports that an entry was removed, so that the next insertion searches again.
    pub fn was_made(&self) {
        self.full_at.store(u64::MAX, Ordering::Relaxed);
    }

    /// Selects the next of `parts` parts in turn.
    pub fn next(&self, parts: usize) -> usize {
        self.hand.fetch_add(1, Ordering::Relaxed) % parts
    }

    /// See [`LiveSets::arm`](super::LiveSets::arm).
    pub fn arm(&self, armed: bool) {
        self.disarmed.store(!armed, Ordering::Relaxed);
    }

    /// Whether only entries made by operators are enforced.
    pub fn is_disarmed(&self) -> bool {
        self.disarmed.load(Ordering::Relaxed)
    }
}
