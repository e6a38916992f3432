//! A table of groups whose size no input can change.
//!
//! An attacker chooses addresses and logins, so the number of different keys in a window is theirs to choose, and a table
//! that simply keeps the latest is emptied by a flood of keys that are used once. Here a key that has no slot is first
//! counted in a [sketch](super::sketch). It takes a slot at once where its [set](super::set) has a free one; where it has
//! none, it must have been seen a few times, and more often than the least of the sixteen that are there. So single-use
//! keys never get in, and the price for others is the delay of a few events.
//!
//! Sets cannot be aimed at, because keys are keyed hashes. A table has shards, each with a lock for the time of one look
//! at one set, and each allocated with its first group: as zeroed memory, of which the system gives pages when they are
//! touched.

use super::set::{MOST_PINNED, Pressure, SET_WORDS, Set, WAYS};
use super::sketch::Sketch;
use super::slot::{Cells, Slot};
use super::{Counted, Key, Moment, Reading, Update};
use crate::support::fork::Renewable;
use std::sync::MutexGuard;
use zerocopy::transmute_mut;

/// Bytes of the processor's unit of memory.
const LINE: usize = 64;

/// How large a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSize {
    /// Groups it holds; a power of two.
    pub slots: usize,
    /// Cells of its sketch; a power of two.
    pub cells: usize,
}

impl TableSize {
    /// Bytes of memory, all of it in use.
    pub fn memory(self) -> usize {
        self.slots / WAYS * size_of::<Set>() + self.cells
    }
}

/// See the [module](self).
#[derive(Debug)]
pub struct HotTable {
    window_s: u32,
    sub_s: u32,
    /// Of one shard.
    sets: usize,
    cells: usize,
    shards: Box<[Renewable<Shard>]>,
}

/// A part of a table.
#[derive(Debug, Default)]
struct Shard {
    words: Vec<u64>,
    /// Words before the first set, so that sets fill lines.
    offset: usize,
    sketch: Sketch,
}

impl HotTable {
    /// A table with a window of so many seconds, cut into sub-buckets, and so many shards, a power of two.
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

    /// Adds to a group, if it has a slot or gets one.
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

    /// What is known of a group at a time.
    pub fn read(&self, key: Key, now_s: u32) -> Option<Reading> {
        let (slot, last) = self.at(key, now_s)?;
        Some(slot.reading(self.sub_s, last))
    }

    /// Whether a group has a member.
    pub fn has_member(&self, key: Key, member: u64, now_s: u32) -> bool {
        self.at(key, now_s).is_some_and(|(slot, _)| slot.has_member(member))
    }

    /// A copy of a group's slot, as it is at a time.
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

    /// Keeps a group from being evicted, or no longer. Half of a set can be kept, others lose their slot as if they were
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

    /// Frees the slots of groups of which nothing is left, in one slice of `slices`.
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

    /// Bytes of memory, as allocated.
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

    /// The shard of a key: by the upper bits of the hash.
    fn shard(&self, key: Key) -> MutexGuard<'_, Shard> {
        let shard = (key.get() >> 48) as usize & (self.shards.len() - 1);
        let mut shard = self.shards[shard].lock();
        if shard.words.is_empty() {
            *shard = Shard::new(self.sets, self.cells);
        }
        shard
    }

    /// The set of a key in its shard: by the lower bits.
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

    /// The slot of a key, if it has one or gets one now.
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

    const SECOND: Update = Update { counted: true, all: true, ..UPDATE };
    const UPDATE: Update = Update {
        counted: false,
        all: false,
        success: false,
        nonexistent: false,
        waf: false,
        flagged: false,
        member: None,
        second: None,
        third: None,
        familiar: None,
    };

    /// One set.
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
            assert_eq!(count(table.add(key(number), at(1000), &SECOND)), Some(1));
            assert_eq!(count(table.add(key(number), at(1000), &SECOND)), Some(2));
        }
        for number in 100..200 {
            assert_eq!(table.add(key(number), at(1001), &SECOND), Counted::NotAdmitted);
        }
        // Not counted: no admission, and no entry into the sketch.
        for _ in 0..10 {
            assert_eq!(table.add(key(300), at(1001), &UPDATE), Counted::NotAdmitted);
        }
    }

    #[test]
    fn a_repeated_key_evicts_the_least() {
        let table = table();
        for number in 0..WAYS as u64 {
            (0..number + 2).for_each(|_| _ = table.add(key(number), at(1000), &SECOND));
        }
        assert_eq!(table.add(key(99), at(1001), &SECOND), Counted::NotAdmitted);
        assert_eq!(table.add(key(99), at(1001), &SECOND), Counted::NotAdmitted);
        let admitted = table.add(key(99), at(1001), &SECOND).reading().unwrap();
        assert_eq!((admitted.window(), admitted.missed), (1, 2), "the estimate admits, it is not counted");
        assert_eq!(table.read(key(0), 1001), None);
        assert!(table.read(key(1), 1001).is_some());
    }

    #[test]
    fn groups_with_signals_stay() {
        let table = table();
        for number in 0..WAYS as u64 {
            table.add(key(number), at(1000), &SECOND);
            table.pin(key(number), true);
        }
        for number in 100..200 {
            (0..20).for_each(|_| _ = table.add(key(number), at(1001), &SECOND));
        }
        let kept = |now| (0..WAYS as u64).filter(|number| table.read(key(*number), now).is_some()).count();
        assert_eq!(kept(1001), MOST_PINNED);
        for number in 200..300 {
            table.add(key(number), at(5000), &SECOND);
        }
        assert_eq!(kept(5000), MOST_PINNED);
        (0..WAYS as u64).for_each(|number| table.pin(key(number), false));
        for number in 300..400 {
            table.add(key(number), at(9000), &SECOND);
        }
        assert_eq!(kept(9000), 0);
    }

    #[test]
    fn slots_are_free_after_the_window() {
        let table = table();
        (0..WAYS as u64).for_each(|number| _ = table.add(key(number), at(1000 + number as u32), &SECOND));
        assert_eq!(table.add(key(99), at(1900), &SECOND), Counted::NotAdmitted, "the window still has all of it");
        assert_eq!(count(table.add(key(98), at(1901), &SECOND)), Some(1));
        assert_eq!(table.read(key(0), 1901), None, "the one not seen for longest");
        assert!(table.read(key(1), 1901).is_some());
    }

    #[test]
    fn nothing_is_allocated_before_it_is_used() {
        let size = TableSize { slots: 1 << 12, cells: 1 << 14 };
        let table = HotTable::new(900, 75, size, 4);
        assert!(table.memory() < 1000);
        (0..100).for_each(|number| _ = table.add(key(number), at(1000), &SECOND));
        let memory = table.memory();
        assert!((size.memory()..size.memory() + 1000).contains(&memory), "{memory}");
        assert_eq!(size.memory(), (1 << 12) * 128 + (1 << 14));
    }

    #[test]
    fn sweeping_forgets_what_the_day_no_longer_has() {
        let table = table();
        table.add(key(1), at(100_000), &SECOND);
        let rings_are_empty = (100_000 / super::super::LONG_SUB_S + 6) * super::super::LONG_SUB_S;
        table.sweep(rings_are_empty - 1, 0, 1);
        assert_eq!(table.read(key(1), rings_are_empty - 1).unwrap().long, 1);
        assert_eq!(table.read(key(1), rings_are_empty), None);
        table.sweep(rings_are_empty, 0, 1);
        assert_eq!(table.shards[0].lock().set(0).find(0), Some(0));
    }
}
