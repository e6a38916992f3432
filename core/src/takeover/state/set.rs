//! A set of sixteen slots, which keys of one hash range share. It takes two kilobytes; the fields that decide hits,
//! misses and eviction come first and fill three cache lines.

use super::slot::{Cells, Slot, is_forgotten};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The number of slots in a set.
pub const WAYS: usize = 16;
/// The number of slots that may be pinned, so that there is always room for others.
pub const MOST_PINNED: usize = WAYS / 2;

/// See the [module](self). All zero bytes are the empty set.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Set {
    /// The keys, or zero for free slots.
    keys: [u64; WAYS],
    /// The time at which each group was last seen, in seconds.
    last: [u32; WAYS],
    slots: [Slot; WAYS],
}

/// The size of a set in words.
pub const SET_WORDS: usize = size_of::<Set>() / size_of::<u64>();
const _: () = assert!(size_of::<Set>() == 128 * WAYS);

/// The parameters of eviction: the time and the windows of the table.
#[derive(Clone, Copy, Debug)]
pub struct Pressure {
    /// The time in seconds.
    pub now_s: u32,
    /// The time in cells of the rings.
    pub now: Cells,
    /// The length of the window in seconds.
    pub window_s: u32,
    /// The length of a sub-bucket in seconds.
    pub sub_s: u32,
}

impl Set {
    /// Returns the index of a key's slot. All keys are compared, because a loop that may end early has a branch per key.
    pub fn find(&self, key: u64) -> Option<usize> {
        let equal = |at: usize| u32::from(self.keys[at] == key) << at;
        let found = (0..WAYS).fold(0, |found, at| found | equal(at));
        (found != 0).then(|| found.trailing_zeros() as usize)
    }

    /// Returns the index of a key's slot if its rings are not empty; a slot whose rings are empty is cleared.
    pub fn find_live(&mut self, key: u64, pressure: &Pressure) -> Option<usize> {
        let way = self.find(key)?;
        let last = Cells::at(self.last[way], pressure.sub_s);
        if is_forgotten(last, pressure.now) && !self.slots[way].is_pinned() {
            self.clear(way);
            return None;
        }
        Some(way)
    }

    /// Returns a slot and the time at which it was last seen.
    pub fn at(&self, way: usize) -> (&Slot, u32) {
        (&self.slots[way], self.last[way])
    }

    /// Returns mutable references to a slot and the time at which it was last seen.
    pub fn at_mut(&mut self, way: usize) -> (&mut Slot, &mut u32) {
        (&mut self.slots[way], &mut self.last[way])
    }

    /// Assigns a slot to a key.
    pub fn put(&mut self, way: usize, key: u64, seconds: u32, slot: Slot) {
        (self.keys[way], self.last[way], self.slots[way]) = (key, seconds, slot);
    }

    /// Frees a slot.
    pub fn clear(&mut self, way: usize) {
        self.put(way, 0, 0, Slot::default());
    }

    /// Returns a slot that can be used without eviction: a free one or else, of those not seen within the window, the
    /// one not seen for longest.
    pub fn free(&self, pressure: &Pressure) -> Option<usize> {
        let empty = self.find(0);
        empty.or_else(|| {
            let is_expired = |way: usize| self.last[way].saturating_add(pressure.window_s) < pressure.now_s;
            let mut oldest: Option<usize> = None;
            for way in 0..WAYS {
                let is_older = oldest.is_none_or(|known| self.last[way] < self.last[known]);
                // Whether a slot is pinned comes last, as it is in a cache line of its own.
                if is_older && is_expired(way) && !self.slots[way].is_pinned() {
                    oldest = Some(way);
                }
            }
            oldest
        })
    }

    /// Returns the slot whose group has the smallest count in the window, and that count. Groups with open signals
    /// are not evicted. Groups with large counts need no further protection, because the smallest of sixteen is never
    /// among the eight largest.
    pub fn victim(&self, pressure: &Pressure) -> Option<(usize, u32)> {
        let open = (0..WAYS).filter(|way| !self.slots[*way].is_pinned());
        open.map(|way| (way, self.slots[way].window(pressure.now))).min_by_key(|(_, count)| *count)
    }

    /// The number of groups with open signals.
    pub fn pinned(&self) -> usize {
        self.slots.iter().filter(|slot| slot.is_pinned()).count()
    }

    /// Frees the slots whose rings are empty.
    pub fn sweep(&mut self, pressure: &Pressure) {
        for way in 0..WAYS {
            let last = Cells::at(self.last[way], pressure.sub_s);
            if self.keys[way] != 0 && !self.slots[way].is_pinned() && is_forgotten(last, pressure.now) {
                self.clear(way);
            }
        }
    }
}
