//! All known kinds of login failures, within bounds.
//!
//! Requests with invented routes must not displace the routes where people log in. So a new kind must have been seen at
//! least as often as the one it replaces, and those with a confirmed page are replaced last. Frequencies are also
//! estimated for kinds that are not kept (the idea of TinyLFU by Einziger, Friedman and Manes, 2017), so a recurring
//! kind is eventually admitted.

use super::failure_kind::FailureKind;
use super::place::Media;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// The number of kinds kept, at 64 kB for each of their two pages.
const MOST_KINDS: usize = 128;
/// The approximate number of latest failures of a route that determine its most common kind.
const MEMORY: u32 = 64;
/// The weight of one failure, as a fixed-point number that can decay.
const ONE: u32 = 1 << 10;

/// Route, status and media type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub route: String,
    pub status: u16,
    pub content_type: String,
}

/// The kinds of all routes.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    kinds: HashMap<Key, Kept>,
    frequency: Frequency,
    hasher: RandomState,
    ticks: u64,
}

#[derive(Debug)]
struct Kept {
    kind: FailureKind,
    first_seen: u64,
    last_seen: u64,
    /// Its share of the latest failures of its route.
    share: u32,
}

impl Kinds {
    /// The kind of a failure that was just seen, unless there is no room for it.
    pub(super) fn seen(&mut self, key: &Key, media: Media) -> Option<&mut FailureKind> {
        self.ticks += 1;
        self.frequency.count(self.hasher.hash_one(key));
        if !self.kinds.contains_key(key) {
            self.make_room(key)?;
            self.kinds.insert(
                key.clone(),
                Kept { kind: FailureKind::new(media), first_seen: self.ticks, last_seen: self.ticks, share: 0 },
            );
        }
        let kept = self.kinds.get_mut(key)?;
        kept.last_seen = self.ticks;
        Some(&mut kept.kind)
    }

    /// Registers that a failure of this kind taught something.
    pub(super) fn taught(&mut self, key: &Key) {
        let of_route = |(other, _): &(&Key, &mut Kept)| other.route == key.route;
        let total: u32 = self.kinds.iter_mut().filter(of_route).map(|(_, kept)| kept.share).sum();
        for (other, kept) in self.kinds.iter_mut().filter(of_route) {
            if total >= MEMORY * ONE {
                kept.share -= kept.share / MEMORY;
            }
            if other == key {
                kept.share += ONE;
            }
        }
    }

    /// The usable kinds of a route, most common first.
    pub(super) fn of_route(&self, route: &str) -> Vec<(&Key, &FailureKind)> {
        let usable = self.kinds.iter().filter(|(key, kept)| key.route == route && kept.kind.page().is_some());
        let mut usable: Vec<_> = usable.collect();
        usable.sort_by_key(|(_, kept)| Reverse((kept.share, Reverse(kept.first_seen))));
        usable.into_iter().map(|(key, kept)| (key, &kept.kind)).collect()
    }

    fn make_room(&mut self, key: &Key) -> Option<()> {
        if self.kinds.len() < MOST_KINDS {
            return Some(());
        }
        let frequency = |key: &Key| self.frequency.of(self.hasher.hash_one(key));
        let value = |(key, kept): &(&Key, &Kept)| (kept.kind.page().is_some(), frequency(key), kept.last_seen);
        let (least, _) = self.kinds.iter().min_by_key(value)?;
        if frequency(least) > frequency(key) {
            return None;
        }
        let least = least.clone();
        self.kinds.remove(&least).map(|_| ())
    }
}

/// Enough to tell a thousand kinds apart: kinds that share counters look too frequent and keep others out.
const COUNTERS: usize = 1 << 14;

/// Approximate frequencies in bounded space (a sketch); overestimates more than it underestimates.
#[derive(Debug)]
struct Frequency {
    counters: Box<[u8; COUNTERS]>,
    counted: usize,
}

impl Default for Frequency {
    fn default() -> Self {
        Self { counters: Box::new([0; COUNTERS]), counted: 0 }
    }
}

impl Frequency {
    fn count(&mut self, hash: u64) {
        for at in Self::places(hash) {
            self.counters[at] = self.counters[at].saturating_add(1);
        }
        self.counted += 1;
        if self.counted >= COUNTERS * 8 {
            self.counted /= 2;
            self.counters.iter_mut().for_each(|counter| *counter /= 2);
        }
    }

    fn of(&self, hash: u64) -> u8 {
        Self::places(hash).map(|at| self.counters[at]).into_iter().min().unwrap_or_default()
    }

    fn places(hash: u64) -> [usize; 4] {
        [0, 14, 28, 42].map(|shift| (hash >> shift) as usize % COUNTERS)
    }
}
