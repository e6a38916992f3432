//! The distinct members of a group in 28 bytes: an exact set while they are few, a linear counter beyond.
//!
//! Up to [`EXACT_MEMBERS`] members are stored as 16 bits of their hashes, each with the sub-bucket in which it was
//! last seen, so that members drop out of the window. All thresholds that must be exact lie in this range; the
//! probability that two of ten members collide is 0.0007. The eleventh member turns the set into a linear counter of
//! 192 bits (standard error 5 to 6 % up to 200 members), which is reset only when the whole window is empty.

use super::{EXACT_MEMBERS, RING, linear};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The number of bits of the counter.
pub const COUNTER_BITS: u64 = 192;
/// The value of `len` that marks a counter.
const COUNTER: u8 = u8::MAX;

/// See the [module](self). All zero bytes are the empty set.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Members {
    /// Exact set: hashes of members, then the lower bits of the sub-buckets. Counter: its bits.
    cells: [u16; 12],
    /// Exact set: the upper bits of the sub-buckets.
    more: u16,
    len: u8,
    padding: u8,
}

impl Members {
    /// The number of members.
    pub fn count(&self) -> u32 {
        match self.len {
            COUNTER => {
                let set: u32 = self.cells.iter().map(|cell| cell.count_ones()).sum();
                linear::OF_192[set as usize].into()
            }
            exact => exact.into(),
        }
    }

    /// Adds a member that was seen in sub-bucket `sub`, where `newest` is the ring's newest sub-bucket.
    pub fn enter(&mut self, member: u64, sub: u32, newest: u32) {
        let hash = (member >> 48) as u16;
        if self.len == COUNTER {
            return self.set_bit(hash);
        }
        let len = usize::from(self.len).min(EXACT_MEMBERS);
        if let Some(known) = self.cells[..len].iter().position(|cell| *cell == hash) {
            if age(newest, self.seen(known)) > newest - sub {
                self.set_seen(known, sub);
            }
        } else if len < EXACT_MEMBERS {
            self.cells[len] = hash;
            self.set_seen(len, sub);
            self.len += 1;
        } else {
            let hashes = self.cells;
            *self = Self { len: COUNTER, ..Self::default() };
            hashes[..len].iter().for_each(|hash| self.set_bit(*hash));
            self.set_bit(hash);
        }
    }

    /// Whether a member was added; a counter may return false positives.
    pub fn contains(&self, member: u64) -> bool {
        let hash = (member >> 48) as u16;
        if self.len == COUNTER {
            let bit = u64::from(hash) % COUNTER_BITS;
            return self.cells[(bit / 16) as usize] >> (bit % 16) & 1 == 1;
        }
        self.cells[..usize::from(self.len).min(EXACT_MEMBERS)].contains(&hash)
    }

    /// Advances the ring by `by` sub-buckets from `newest`: an exact set drops the members that leave it.
    pub fn advance(&mut self, newest: u32, by: u32) {
        if self.len == COUNTER || self.len == 0 {
            return;
        }
        let mut kept = 0;
        for member in 0..usize::from(self.len).min(EXACT_MEMBERS) {
            let seen = self.seen(member);
            if age(newest, seen).saturating_add(by) < RING as u32 {
                self.cells[kept] = self.cells[member];
                self.set_seen(kept, seen);
                kept += 1;
            }
        }
        self.len = kept as u8;
    }

    fn set_bit(&mut self, hash: u16) {
        let bit = u64::from(hash) % COUNTER_BITS;
        self.cells[(bit / 16) as usize] |= 1 << (bit % 16);
    }

    /// The lower four bits of the sub-bucket in which a member of an exact set was last seen; they suffice because a
    /// ring is shorter than sixteen.
    fn seen(&self, member: usize) -> u32 {
        (self.all_seen() >> (4 * member)) as u32 & 15
    }

    fn set_seen(&mut self, member: usize, sub: u32) {
        let shift = 4 * member;
        let all = self.all_seen() & !(15 << shift) | u64::from(sub & 15) << shift;
        (self.cells[10], self.cells[11], self.more) = (all as u16, (all >> 16) as u16, (all >> 32) as u16);
    }

    fn all_seen(&self) -> u64 {
        u64::from(self.cells[10]) | u64::from(self.cells[11]) << 16 | u64::from(self.more) << 32
    }
}

/// The age of a member in sub-buckets before `newest`, given the lower four bits of the one in which it was seen.
fn age(newest: u32, seen: u32) -> u32 {
    newest.wrapping_sub(seen) & 15
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(number: u64) -> u64 {
        number << 48 | 0xFFFF
    }

    #[test]
    fn exact_up_to_ten() {
        let mut members = Members::default();
        for number in (0..10).chain(0..10) {
            members.enter(member(number * 7), 100, 100);
        }
        assert_eq!(members.count(), 10);
        members.enter(member(1), 100, 100);
        assert_eq!(members.count(), 11);
        members.enter(member(7), 100, 100);
        assert_eq!(members.count(), 11);
        (0..200).for_each(|number| members.enter(member(number), 100, 100));
        assert!(members.count() > 192, "a full counter says {}", members.count());
        members.advance(100, 1000);
        assert!(members.count() > 192, "counters do not age");
    }

    #[test]
    fn exact_members_leave_with_their_sub_bucket() {
        let mut members = Members::default();
        members.enter(member(1), 50, 50);
        members.enter(member(2), 45, 50); // late
        members.enter(member(1), 44, 50); // late, and seen since
        members.advance(50, 7);
        assert_eq!(members.count(), 2);
        members.advance(57, 1);
        assert_eq!(members.count(), 1);
        members.enter(member(3), 58, 58);
        members.advance(58, 5);
        assert_eq!(members.count(), 1);
        members.advance(63, u32::MAX);
        assert_eq!(members.count(), 0);
    }
}
