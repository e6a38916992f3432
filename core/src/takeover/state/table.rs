//! A set-associative table of groups, of a size that no input can change.
//!
//! An attacker chooses addresses and logins, and thus the number of distinct keys in a window. A table that always
//! keeps the latest keys would be emptied by a flood of single-use ones. Here a key without a slot is first counted
//! in a [sketch](super::sketch). If its [set](super::set) has a free slot, the key takes it at once; otherwise it
//! must have been seen a few times, and more often than the key with the smallest of the sixteen counts. Single-use
//! keys are therefore hardly ever admitted to a full set; the price is a delay of a few events for other keys.
//!
//! Nobody can choose keys that fall into one set, because keys are keyed hashes. Each shard of the table has a lock,
//! held for one access to one set, and is allocated with its first group as zeroed memory, whose pages the system
//! provides on first touch.

use super::set::{MOST_PINNED, Pressure, SET_WORDS, Set, WAYS};
use super::sketch::Sketch;
use super::slot::{Cells, Slot};
use super::{Counted, Key, Moment, Reading, Update};
use crate::support::fork::Renewable;
use std::sync::MutexGuard;
use zerocopy::transmute_mut;

/// The size of a cache line in bytes.
const LINE: usize = 64;

/// The size of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSize {
    /// The number of groups; a power of two.
    pub slots: usize,
    /// The number of cells in the sketch; a power of two.
    pub cells: usize,
}

impl TableSize {
    /// The memory in bytes when all of it is in use.
    pub fn memory(self) -> usize {
        self.slots / WAYS * size_of::<Set>() + self.cells
    }
}

/// See the [module](self).
#[derive(Debug)]
pub struct HotTable {
    window_s: u32,
    sub_s: u32,
    /// The number of sets in a shard.
    sets: usize,
    cells: usize,
    shards: Box<[Renewable<Shard>]>,
}

/// A shard of a table.
#[derive(Debug, Default)]
struct Shard {
    words: Vec<u64>,
    /// The number of words before the first set, which aligns sets to cache lines.
    offset: usize,
    sketch: Sketch,
}

impl HotTable {
    /// Creates a table with a window of `window_s` seconds, divided into sub-buckets of `sub_s` seconds, and with
    /// `shards` shards, a power of two.
    pub fn new(window_s: u32, sub_s: u32, size: TableSize, shards: usize) -> Self {
        let sets = (size.slots / WAYS).max(1);
        let shards = shards.clamp(1, sets);
        Self {
            window_s,
            sub_s,
            sets: sets / shards,
            cells: size.cells / shards,
            shards: (0..shards).map(|_| Renewable::default()).collect(),
        }
    }

    /// Adds an event to a group, if it has a slot or is admitted to one.
    pub fn add(&self, key: Key, when: Moment, update: &Update) -> Counted {
        let newest_s = when.now_s.max(when.at_s);
        let (pressure, at) = (self.pressure(newest_s), Cells::at(when.at_s, self.sub_s));
        let mut shard = self.shard(key);
        let Some((set, way)) = shard.admit(self.place(key), key, when.at_s, &pressure, update.counted) else {
            return Counted::NotAdmitted;
        };
        let (slot, last) = set.at_mut(way);
        slot.roll(pressure.now, Cells::at(*last, self.sub_s));
        *last = when.at_s.max(*last);
        match slot.add(when.at_s, at, update) {
            true => Counted::Yes(slot.reading(self.sub_s, *last)),
            false => Counted::Late,
        }
    }

    /// Returns the state of a group at `now_s`.
    pub fn read(&self, key: Key, now_s: u32) -> Option<Reading> {
        let (slot, last) = self.at(key, now_s)?;
        Some(slot.reading(self.sub_s, last))
    }

    /// Whether a group has a member.
    pub fn has_member(&self, key: Key, member: u64, now_s: u32) -> bool {
        self.at(key, now_s).is_some_and(|(slot, _)| slot.has_member(member))
    }

    /// Returns a copy of a group's slot, rolled forward to `now_s`.
    fn at(&self, key: Key, now_s: u32) -> Option<(Slot, u32)> {
        let pressure = self.pressure(now_s);
        let mut shard = self.shard(key);
        let set = shard.set(self.place(key));
        let way = set.find_live(key.get(), &pressure)?;
        let (slot, last) = set.at(way);
        let mut slot = *slot;
        slot.roll(pressure.now, Cells::at(last, self.sub_s));
        Some((slot, last))
    }

    /// Sets whether a group is protected from eviction. At most half of a set can be protected; further groups are
    /// not.
    pub fn pin(&self, key: Key, pinned: bool) {
        let mut shard = self.shard(key);
        let set = shard.set(self.place(key));
        if let Some(way) = set.find(key.get())
            && (!pinned || set.pinned() < MOST_PINNED)
        {
            set.at_mut(way).0.pin(pinned);
        }
    }

    /// Forgets a group.
    pub fn forget(&self, key: Key) {
        let mut shard = self.shard(key);
        let set = shard.set(self.place(key));
        if let Some(way) = set.find(key.get()) {
            set.clear(way);
        }
    }

    /// Frees the slots whose rings are empty, in one of `slices` slices.
    pub fn sweep(&self, now_s: u32, slice: usize, slices: usize) {
        let pressure = self.pressure(now_s);
        let sets = self.sets * self.shards.len();
        for nth in sets * slice / slices..sets * (slice + 1) / slices {
            let mut shard = self.shards[nth / self.sets].lock();
            if !shard.words.is_empty() {
                shard.set(nth % self.sets).sweep(&pressure);
            }
        }
    }

    /// The memory allocated, in bytes.
    pub fn memory(&self) -> usize {
        let of_shard = |shard: &Renewable<Shard>| {
            let shard = shard.lock();
            shard.words.len() * size_of::<u64>() + shard.sketch.memory()
        };
        size_of_val(&*self.shards) + self.shards.iter().map(of_shard).sum::<usize>()
    }

    fn pressure(&self, now_s: u32) -> Pressure {
        Pressure { now_s, now: Cells::at(now_s, self.sub_s), window_s: self.window_s, sub_s: self.sub_s }
    }

    /// The shard of a key, selected by the upper bits of its hash.
    fn shard(&self, key: Key) -> MutexGuard<'_, Shard> {
        let shard = (key.get() >> 48) as usize & (self.shards.len() - 1);
        let mut shard = self.shards[shard].lock();
        if shard.words.is_empty() {
            *shard = Shard::new(self.sets, self.cells);
        }
        shard
    }

    /// The index of a key's set in its shard, selected by the lower bits of its hash.
    fn place(&self, key: Key) -> usize {
        key.get() as usize & (self.sets - 1)
    }
}

impl Shard {
    fn new(sets: usize, cells: usize) -> Self {
        let words = vec![0_u64; sets * SET_WORDS + LINE / size_of::<u64>()];
        let offset = words.as_ptr().align_offset(LINE).min(LINE / size_of::<u64>());
        Self { words, offset, sketch: Sketch::new(cells) }
    }

    fn set(&mut self, nth: usize) -> &mut Set {
        let (sets, _) = self.words[self.offset..].as_chunks_mut::<SET_WORDS>();
        transmute_mut!(&mut sets[nth])
    }

    /// Finds the slot of a key, or admits the key to one.
    fn admit(&mut self, nth: usize, key: Key, at_s: u32, now: &Pressure, counted: bool) -> Option<(&mut Set, usize)> {
        let key = key.get();
        if let Some(way) = self.set(nth).find_live(key, now) {
            return Some((self.set(nth), way));
        }
        let on_time = now.now.sub - Cells::at(at_s, now.sub_s).sub < super::RING as u32;
        let mut estimate = 1;
        if counted && on_time {
            self.sketch.advance(now.now_s / (now.window_s / 2).max(1));
            estimate = self.sketch.add(key);
        }
        let admission = self.sketch.admission();
        let set = self.set(nth);
        let way = set.free(now).or_else(|| {
            let (way, count) = (estimate >= admission).then(|| set.victim(now))??;
            (u32::from(estimate) > count).then_some(way)
        })?;
        set.put(way, key, at_s, Slot::new(at_s, Cells::at(at_s, now.sub_s), estimate - 1));
        Some((set, way))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A counted attempt.
    fn attempt() -> Update {
        Update { counted: true, all: true, ..Update::default() }
    }

    /// A table of a single set.
    fn table() -> HotTable {
        HotTable::new(900, 75, TableSize { slots: WAYS, cells: 1 << 10 }, 4)
    }

    fn key(number: u64) -> Key {
        Key::new(number.wrapping_mul(0xD6E8_FEB8_6659_FD93).rotate_left(29).wrapping_mul(0xA076_1D64_78BD_642F))
    }

    fn at(seconds: u32) -> Moment {
        Moment { at_s: seconds, now_s: seconds }
    }

    fn count(counted: Counted) -> Option<u32> {
        counted.reading().map(|reading| reading.window())
    }

    #[test]
    fn single_use_keys_take_free_slots_only() {
        let table = table();
        for number in 0..WAYS as u64 {
            assert_eq!(count(table.add(key(number), at(1000), &attempt())), Some(1));
            assert_eq!(count(table.add(key(number), at(1000), &attempt())), Some(2));
        }
        for number in 100..200 {
            assert_eq!(table.add(key(number), at(1001), &attempt()), Counted::NotAdmitted);
        }
        // Updates that do not count are neither admitted nor counted in the sketch.
        for _ in 0..10 {
            assert_eq!(table.add(key(300), at(1001), &Update::default()), Counted::NotAdmitted);
        }
    }

    #[test]
    fn a_repeated_key_evicts_the_least() {
        let table = table();
        for number in 0..WAYS as u64 {
            (0..number + 2).for_each(|_| _ = table.add(key(number), at(1000), &attempt()));
        }
        assert_eq!(table.add(key(99), at(1001), &attempt()), Counted::NotAdmitted);
        assert_eq!(table.add(key(99), at(1001), &attempt()), Counted::NotAdmitted);
        let admitted = table.add(key(99), at(1001), &attempt()).reading().unwrap();
        assert_eq!((admitted.window(), admitted.missed), (1, 2), "the estimate admits, it is not counted");
        assert_eq!(table.read(key(0), 1001), None);
        assert!(table.read(key(1), 1001).is_some());
    }

    #[test]
    fn groups_with_signals_stay() {
        let table = table();
        for number in 0..WAYS as u64 {
            table.add(key(number), at(1000), &attempt());
            table.pin(key(number), true);
        }
        for number in 100..200 {
            (0..20).for_each(|_| _ = table.add(key(number), at(1001), &attempt()));
        }
        let kept = |now| (0..WAYS as u64).filter(|number| table.read(key(*number), now).is_some()).count();
        assert_eq!(kept(1001), MOST_PINNED);
        for number in 200..300 {
            table.add(key(number), at(5000), &attempt());
        }
        assert_eq!(kept(5000), MOST_PINNED);
        (0..WAYS as u64).for_each(|number| table.pin(key(number), false));
        for number in 300..400 {
            table.add(key(number), at(9000), &attempt());
        }
        assert_eq!(kept(9000), 0);
    }

    #[test]
    fn slots_are_free_after_the_window() {
        let table = table();
        (0..WAYS as u64).for_each(|number| _ = table.add(key(number), at(1000 + number as u32), &attempt()));
        assert_eq!(table.add(key(99), at(1900), &attempt()), Counted::NotAdmitted, "the window still has all of it");
        assert_eq!(count(table.add(key(98), at(1901), &attempt())), Some(1));
        assert_eq!(table.read(key(0), 1901), None, "the one not seen for longest");
        assert!(table.read(key(1), 1901).is_some());
    }

    #[test]
    fn nothing_is_allocated_before_it_is_used() {
        let size = TableSize { slots: 1 << 12, cells: 1 << 14 };
        let table = HotTable::new(900, 75, size, 4);
        assert!(table.memory() < 1000);
        (0..100).for_each(|number| _ = table.add(key(number), at(1000), &attempt()));
        let memory = table.memory();
        assert!((size.memory()..size.memory() + 1000).contains(&memory), "{memory}");
        assert_eq!(size.memory(), (1 << 12) * 128 + (1 << 14));
    }

    #[test]
    fn sweeping_frees_slots_with_empty_rings() {
        let table = table();
        table.add(key(1), at(100_000), &attempt());
        let rings_are_empty = (100_000 / super::super::LONG_SUB_S + 6) * super::super::LONG_SUB_S;
        table.sweep(rings_are_empty - 1, 0, 1);
        assert_eq!(table.read(key(1), rings_are_empty - 1).unwrap().long, 1);
        assert_eq!(table.read(key(1), rings_are_empty), None);
        table.sweep(rings_are_empty, 0, 1);
        assert_eq!(table.shards[0].lock().set(0).find(0), Some(0));
    }
}
