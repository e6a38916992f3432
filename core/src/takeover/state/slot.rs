//! The counters of one group, in 116 bytes.
//!
//! Counts are kept in two rings: thirteen sub-buckets for the window and six four-hour cells for the day. The number
//! of a sub-bucket determines its cell, so nothing moves as time advances. Late events are counted in the cell of
//! their own time as long as the ring still covers it. Before any other operation a slot is rolled forward to the
//! current time, which empties the cells that are reused.

use super::members::Members;
use super::{LONG_RING, LONG_SUB_S, RING, Reading, Update, linear};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The number of sub-buckets after which the approximate counts are halved.
const HALVING: u32 = 6;

/// See the [module](self). The key and the time last seen, which lookups and eviction need, are in the
/// [set](super::set).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Slot {
    /// The newest sub-bucket of the window and the newest cell of the day.
    newest: u32,
    newest_long: u32,
    /// The time at which the group was first seen, in seconds.
    first: u32,
    ring: [u16; RING],
    /// The counts `all`, `successes`, `nonexistent`, `waf` and `flagged`; see [`Reading::all`].
    approximate: [u16; 5],
    long: [u16; LONG_RING],
    members: Members,
    /// Linear counters.
    second: [u32; 2],
    third: [u32; 2],
    familiar: [u32; 2],
    /// The number of sub-buckets since the last halving.
    advanced: u8,
    /// An estimate of the events missed before admission.
    pub missed: u8,
    /// Whether a signal about the group is open (1) or not (0).
    pinned: u8,
    padding: u8,
}

/// A time in the units of a table's rings.
#[derive(Clone, Copy, Debug)]
pub struct Cells {
    /// The number of the sub-bucket.
    pub sub: u32,
    /// The number of the four-hour cell.
    pub long: u32,
}

impl Cells {
    /// Converts seconds, for a table with sub-buckets of `sub_s` seconds.
    pub fn at(seconds: u32, sub_s: u32) -> Self {
        Self { sub: seconds / sub_s, long: seconds / LONG_SUB_S }
    }
}

impl Slot {
    /// Creates a group that is first seen at this time.
    pub fn new(seconds: u32, cells: Cells, missed: u8) -> Self {
        Self { newest: cells.sub, newest_long: cells.long, first: seconds, missed, ..Self::default() }
    }

    /// Rolls the rings forward to `now`; `last` is the time at which the group was last seen.
    pub fn roll(&mut self, now: Cells, last: Cells) {
        let by = now.sub.saturating_sub(self.newest);
        if by > 0 {
            self.members.advance(self.newest, by);
            for step in 1..=by.min(RING as u32) {
                self.ring[cell(self.newest.wrapping_add(step), RING)] = 0;
            }
            self.newest = now.sub;
            let advanced = u32::from(self.advanced).saturating_add(by);
            self.advanced = (advanced % HALVING) as u8;
            let halvings = (advanced / HALVING).min(15);
            self.approximate.iter_mut().for_each(|count| *count >>= halvings);
            if now.sub - last.sub.min(now.sub) >= RING as u32 {
                self.approximate = [0; 5];
                self.members = Members::default();
            }
        }
        let by = now.long.saturating_sub(self.newest_long);
        for step in 1..=by.min(LONG_RING as u32) {
            self.long[cell(self.newest_long.wrapping_add(step), LONG_RING)] = 0;
        }
        self.newest_long = self.newest_long.max(now.long);
    }

    /// Whether a value was counted as a member; see [`Members::contains`].
    pub fn has_member(&self, member: u64) -> bool {
        self.members.contains(member)
    }

    /// Adds an event to a slot that was rolled forward; returns false if the event is older than the ring.
    pub fn add(&mut self, seconds: u32, at: Cells, update: &Update) -> bool {
        self.first = self.first.min(seconds);
        if update.counted && self.newest_long.saturating_sub(at.long) < LONG_RING as u32 {
            increment(&mut self.long[cell(at.long, LONG_RING)], true);
        }
        if self.newest.saturating_sub(at.sub) >= RING as u32 {
            return false;
        }
        increment(&mut self.ring[cell(at.sub, RING)], update.counted);
        let flags = [update.all, update.success, update.nonexistent, update.waf, update.flagged];
        for (count, flag) in self.approximate.iter_mut().zip(flags) {
            increment(count, flag);
        }
        if let Some(member) = update.member {
            self.members.enter(member, at.sub, self.newest);
        }
        set_bit(&mut self.second, update.second);
        set_bit(&mut self.third, update.third);
        set_bit(&mut self.familiar, update.familiar);
        true
    }

    /// Returns the reading that rules evaluate.
    pub fn reading(&self, sub_s: u32, last: u32) -> Reading {
        let [all, successes, nonexistent, waf, flagged] = self.approximate.map(u32::from);
        let mut ring = [0; RING];
        let newest = cell(self.newest, RING);
        for (age, count) in ring.iter_mut().enumerate() {
            *count = self.ring[(newest + RING - age) % RING];
        }
        Reading {
            ring,
            sub_s,
            long: self.day(),
            distinct: self.members.count(),
            second: linear::of_64(bits(self.second)),
            third: linear::of_64(bits(self.third)),
            familiar: linear::of_64(bits(self.familiar)),
            all,
            successes,
            nonexistent,
            waf,
            flagged,
            first_s: self.first,
            last_s: last,
            missed: self.missed.into(),
        }
    }

    /// Returns the count over the ring at `now`, without rolling it forward.
    pub fn window(&self, now: Cells) -> u32 {
        let by = now.sub.saturating_sub(self.newest);
        let kept = RING.saturating_sub(by as usize);
        let newest = cell(self.newest, RING);
        (0..kept).map(|age| u32::from(self.ring[(newest + RING - age) % RING])).sum()
    }

    fn day(&self) -> u32 {
        self.long.iter().map(|count| u32::from(*count)).sum()
    }

    /// Sets whether the slot is protected from eviction.
    pub fn pin(&mut self, pinned: bool) {
        self.pinned = pinned.into();
    }

    /// Whether a signal about the group is open.
    pub fn is_pinned(&self) -> bool {
        self.pinned != 0
    }
}

/// Whether both rings of a group last seen at `last` are empty at `now`.
pub fn is_forgotten(last: Cells, now: Cells) -> bool {
    now.sub.saturating_sub(last.sub) >= RING as u32 && now.long.saturating_sub(last.long) >= LONG_RING as u32
}

fn cell(number: u32, cells: usize) -> usize {
    number as usize % cells
}

fn increment(count: &mut u16, by_one: bool) {
    *count = count.saturating_add(by_one.into());
}

fn set_bit(counter: &mut [u32; 2], member: Option<u64>) {
    let bit = member.map_or(0, linear::bit_of_64);
    counter[0] |= bit as u32;
    counter[1] |= (bit >> 32) as u32;
}

fn bits(counter: [u32; 2]) -> u64 {
    u64::from(counter[0]) | u64::from(counter[1]) << 32
}
