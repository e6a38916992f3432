//! Sixteen slots that keys of one hash range share: two kilobytes, of which what decides about hit, miss and eviction
//! comes first and fills three cache lines.

use super::slot::{Cells, Slot, is_forgotten};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Slots in a set.
pub const WAYS: usize = 16;
/// How many of them may be pinned: there is always room for others.
pub const MOST_PINNED: usize = WAYS / 2;

/// See the [module](self). All zero is the empty set.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Set {
    /// The keys; zero where there is none.
    keys: [u64; WAYS],
    /// When each group was last seen, in seconds.
    last: [u32; WAYS],
    slots: [Slot; WAYS],
}

/// Words in a set.
pub const SET_WORDS: usize = size_of::<Set>() / size_of::<u64>();
const _: () = assert!(size_of::<Set>() == 128 * WAYS);

/// What eviction has to know of a table and the time.
#[derive(Clone, Copy, Debug)]
pub struct Pressure {
    /// The time, in seconds and in cells.
    pub now_s: u32,
    /// See `now_s`.
    pub now: Cells,
    /// The length of the window and of a sub-bucket, in seconds.
    pub window_s: u32,
    /// See `window_s`.
    pub sub_s: u32,
}

impl Set {
    /// The way of a key.
    pub fn find(&self, key: u64) -> Option<usize> {
        self.keys.iter().position(|known| *known == key)
    }

    /// The way of a key of which something is left; one of which nothing is left is cleared.
    pub fn find_live(&mut self, key: u64, pressure: &Pressure) -> Option<usize> {
        let way = self.find(key)?;
        let last = Cells::at(self.last[way], pressure.sub_s);
        if is_forgotten(last, pressure.now) && !self.slots[way].is_pinned() {
            self.clear(way);
            return None;
        }
        Some(way)
    }

    /// A slot and when it was last seen.
    pub fn at(&self, way: usize) -> (&Slot, u32) {
        (&self.slots[way], self.last[way])
    }

    /// A slot and when it was last seen, to be changed.
    pub fn at_mut(&mut self, way: usize) -> (&mut Slot, &mut u32) {
        (&mut self.slots[way], &mut self.last[way])
    }

    /// Gives a way to a key.
    pub fn put(&mut self, way: usize, key: u64, seconds: u32, slot: Slot) {
        (self.keys[way], self.last[way], self.slots[way]) = (key, seconds, slot);
    }

    /// Takes a way from its key.
    pub fn clear(&mut self, way: usize) {
        self.put(way, 0, 0, Slot::default());
    }

    /// A way that is to be had at once: one without a key, or else, of those not seen within the window, the one not seen
    /// for longest.
    pub fn free(&self, pressure: &Pressure) -> Option<usize> {
        let empty = self.find(0);
        empty.or_else(|| {
            let expired = |way: &usize| {
                self.last[*way].saturating_add(pressure.window_s) < pressure.now_s && !self.slots[*way].is_pinned()
            };
            (0..WAYS).filter(expired).min_by_key(|way| self.last[*way])
        })
    }

    /// The way whose group counts least in the window, and how much. Groups with open signals are not evicted; those
    /// that count much need no protection beside, for the least of sixteen is never one of the eight greatest.
    pub fn victim(&self, pressure: &Pressure) -> Option<(usize, u32)> {
        let open = (0..WAYS).filter(|way| !self.slots[*way].is_pinned());
        open.map(|way| (way, self.slots[way].window(pressure.now))).min_by_key(|(_, count)| *count)
    }

    /// How many groups have open signals.
    pub fn pinned(&self) -> usize {
        self.slots.iter().filter(|slot| slot.is_pinned()).count()
    }

    /// Frees the ways of groups of which nothing is left.
    pub fn sweep(&mut self, pressure: &Pressure) {
        for way in 0..WAYS {
            let last = Cells::at(self.last[way], pressure.sub_s);
            if self.keys[way] != 0 && !self.slots[way].is_pinned() && is_forgotten(last, pressure.now) {
                self.clear(way);
            }
        }
    }
}
