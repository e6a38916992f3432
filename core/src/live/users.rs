//! The set of refused users, by the hash of their ids.
//!
//! Ids are texts of any length. The set keeps 96 bits of a keyed hash, so two ids collide with a probability of
//! 2^-96. The texts are kept only for listing the set, within a fixed amount of memory.

use super::end::Until;
use super::refused::Refused;
use super::room::Room;
use super::sync::{Renewable, SHARDS};
use super::table::Table;
use super::terms::{Base, Entry, Terms};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The memory for texts, in bytes.
const TEXTS: usize = 64 << 20;
/// The memory that a text takes in addition to its bytes.
const OVERHEAD: usize = 64;

/// Maps the hash to the rest of the key and the text.
type Texts = HashMap<u64, (u32, Box<str>)>;

/// See the [module](self).
#[derive(Debug)]
pub struct Users {
    table: Table<1>,
    texts: Box<[Renewable<Texts>]>,
    /// The memory that the texts take, in bytes.
    bytes: AtomicUsize,
    hashes: [RandomState; 2],
    base: Base,
    room: Room,
}

impl Users {
    /// Creates an empty set of at most `limit` entries.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            table: Table::default(),
            texts: (0..SHARDS).map(|_| Renewable::default()).collect(),
            bytes: AtomicUsize::new(0),
            hashes: [RandomState::new(), RandomState::new()],
            base: Base::default(),
            room: Room::new(limit),
        }
    }

    /// Adds an entry. If the user already has one in force, the later end applies, and an entry made by an operator
    /// stays manual.
    pub fn insert(&self, id: &str, entry: Entry, now: u64) -> Result<(), Refused> {
        if id.is_empty() {
            return Err(Refused::Empty);
        }
        let (hash, check) = self.key(id.as_bytes());
        if self.table.find([hash], check).is_none() {
            let make = |part| self.table.make_room(part, |terms| self.is_over(terms, now));
            if !self.room.has_some(self.len(), now, SHARDS, make) {
                return Err(Refused::Full);
            }
        }
        self.table.change([hash], check, |before| {
            let entry = before.map_or(entry, |before| self.base.entry(before).joined(entry, now));
            Some(self.base.terms(entry, now))
        });
        self.keep_text(hash, check, id);
        Ok(())
    }

    /// Changes the end of an entry in force, to an earlier or later time; returns false if there is none.
    pub fn extend(&self, id: &str, until: Until, now: u64) -> bool {
        let (hash, check) = self.key(id.as_bytes());
        let (before, _) = self.table.change([hash], check, |before| {
            let entry = self.base.entry(before?);
            let extended = if entry.until.holds(now) { Entry { until, ..entry } } else { entry };
            Some(self.base.terms(extended, now))
        });
        before.is_some_and(|before| !self.is_over(before, now))
    }

    /// Removes an entry; returns false if there was none.
    pub fn remove(&self, id: &str) -> bool {
        let (hash, check) = self.key(id.as_bytes());
        let (before, _) = self.table.change([hash], check, |_| None);
        self.room.was_made();
        if let Some((_, text)) = self.texts[hash as usize % SHARDS].lock().remove(&hash) {
            self.bytes.fetch_sub(text.len() + OVERHEAD, Ordering::Relaxed);
        }
        before.is_some()
    }

    /// Returns the entry of a user that is in force, whether or not it is enforced.
    pub fn get(&self, id: &str, now: u64) -> Option<Entry> {
        let (hash, check) = self.key(id.as_bytes());
        self.table.find([hash], check).map(|terms| self.base.entry(terms)).filter(|entry| entry.until.holds(now))
    }

    /// Returns the entry that refuses a user.
    pub fn find(&self, id: &[u8], now: u64) -> Option<Entry> {
        if self.base.is_unused() {
            return None;
        }
        let (hash, check) = self.key(id);
        let entry = self.base.entry(self.table.find([hash], check)?);
        (entry.until.holds(now) && (entry.manual || !self.room.is_disarmed())).then_some(entry)
    }

    /// Returns the entries in force, in no particular order. One whose text was not kept is named by its hash.
    pub fn entries(&self, now: u64) -> Vec<(String, Entry)> {
        let mut entries = Vec::new();
        self.table.for_each(|[hash], _, terms| {
            if !self.is_over(terms, now) {
                entries.push((hash, self.base.entry(terms)));
            }
        });
        let named = |(hash, entry): (u64, Entry)| {
            let texts = self.texts[hash as usize % SHARDS].lock();
            (texts.get(&hash).map_or_else(|| format!("hash:{hash:016x}"), |(_, text)| text.to_string()), entry)
        };
        entries.into_iter().map(named).collect()
    }

    /// The number of entries, including expired ones that were not swept yet.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub(super) fn sweep(&self, now: u64) {
        let part = self.room.next(SHARDS);
        self.table.sweep(part, |terms| self.is_over(terms, now));
        let mut freed = 0;
        self.texts[part].lock().retain(|hash, (check, text)| {
            let kept = self.table.find([*hash], *check).is_some();
            freed += if kept { 0 } else { text.len() + OVERHEAD };
            kept
        });
        self.bytes.fetch_sub(freed, Ordering::Relaxed);
    }

    pub(super) fn arm(&self, armed: bool) {
        self.room.arm(armed);
    }

    /// The memory in bytes: that of the table as allocated, that of texts as counted.
    pub fn memory(&self) -> usize {
        self.table.memory() + self.bytes.load(Ordering::Relaxed)
    }

    fn key(&self, id: &[u8]) -> (u64, u32) {
        (self.hashes[0].hash_one(id), self.hashes[1].hash_one(id) as u32)
    }

    fn is_over(&self, terms: Terms, now: u64) -> bool {
        !self.base.entry(terms).until.holds(now)
    }

    fn keep_text(&self, hash: u64, check: u32, id: &str) {
        let bytes = id.len() + OVERHEAD;
        if self.bytes.load(Ordering::Relaxed) + bytes > TEXTS {
            return;
        }
        if self.texts[hash as usize % SHARDS].lock().insert(hash, (check, id.into())).is_none() {
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}
