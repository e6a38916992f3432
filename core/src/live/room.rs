//! How full a set is, and who gives way.
//!
//! Where there is no room, one part of the set is looked through: what has expired there goes, or else a small share of
//! what no person made, those entries first that end first. So room is made for many at once and costs each little. Where
//! all are made by persons nobody gives way, and nobody looks again before the next second.

use super::sync::{AtomicU64, AtomicUsize, Ordering};
use std::sync::atomic::AtomicBool;

/// See the [module](self).
#[derive(Debug)]
pub struct Room {
    limit: usize,
    /// The part that is next to be looked through or swept.
    hand: AtomicUsize,
    /// The last second in which no room was found.
    full_at: AtomicU64,
    disarmed: AtomicBool,
}

impl Room {
    /// Room for so many entries.
    pub fn new(limit: usize) -> Self {
        Self { limit, hand: AtomicUsize::new(0), full_at: AtomicU64::new(u64::MAX), disarmed: AtomicBool::new(false) }
    }

    /// Whether one more entry has room, or gets some: `make` makes some in one of `parts` and says for how many.
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

    /// An entry went, so there is room after all.
    pub fn was_made(&self) {
        self.full_at.store(u64::MAX, Ordering::Relaxed);
    }

    /// The next of so many parts.
    pub fn next(&self, parts: usize) -> usize {
        self.hand.fetch_add(1, Ordering::Relaxed) % parts
    }

    /// See [`LiveSets::arm`](super::LiveSets::arm).
    pub fn arm(&self, armed: bool) {
        self.disarmed.store(!armed, Ordering::Relaxed);
    }

    /// Whether only what persons made is enforced.
    pub fn is_disarmed(&self) -> bool {
        self.disarmed.load(Ordering::Relaxed)
    }
}
