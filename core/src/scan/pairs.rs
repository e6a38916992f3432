//! Required bytes, and literals of two bytes, with a bit for each.
//!
//! A slot stands for a pair of byte sets; a subject has it if a byte of the first is followed by one of the second. Two
//! tables contain the slots that a byte may begin or end, so that a position costs two loads, whatever the number of
//! slots. A required byte is a pair whose second byte is arbitrary. A slot is exact, so nothing remains to be
//! confirmed.
//!
//! The lower bits of the same tables hold the [classes of bytes](ByteClasses), and the upper bits of the first the
//! groups for [literals](super::literals), so one pass computes all three.
//!
//! If there are a few more slots than bits, some share one. Large rulesets have many more: [`Overflow`] searches for
//! the rest in a separate pass.

use super::overflow::Overflow;
use super::{Owner, OwnerList, Owners, literals};
use crate::pattern::ByteSet;
use crate::support::lists::value_of;
use crate::transform::ByteClasses;

/// Slots are the bits above the classes of bytes.
const FIRST_SLOT: usize = ByteClasses::BITS as usize;
/// The upper byte is used for the groups.
const GROUP_SHIFT: usize = 56;
const SLOTS: usize = GROUP_SHIFT - FIRST_SLOT;

#[derive(Debug)]
pub(super) struct Pairs {
    /// The slots that a byte begins, and above them its group.
    first: Box<[u64; 256]>,
    /// The slots that a byte ends.
    second: Box<[u64; 256]>,
    /// The slots of required bytes, which need no second byte.
    single: u64,
    /// The matchers of each slot.
    lists: Vec<OwnerList>,
    /// The slots for which no bit is left.
    overflow: Option<Overflow>,
}

/// The group of a byte, from its entry of the first table.
#[inline(always)]
pub(super) fn group_of(first: u64) -> u8 {
    (first >> GROUP_SHIFT) as u8
}

impl Pairs {
    /// The slots that a byte begins.
    #[inline(always)]
    pub(super) fn first(&self, byte: u8) -> u64 {
        self.first[usize::from(byte)]
    }

    /// The slots that a byte ends.
    #[inline(always)]
    pub(super) fn second(&self, byte: u8) -> u64 {
        self.second[usize::from(byte)]
    }

    /// Calls `offer` with the matchers of the slots found, and of those found with the last byte alone.
    pub(super) fn for_each_list(&self, found: u64, last: u64, mut offer: impl FnMut(OwnerList)) {
        let mut left = (found | last & self.single) & (u64::MAX << FIRST_SLOT);
        while left != 0 {
            if let Some(&list) = self.lists.get((left.trailing_zeros() as usize).wrapping_sub(FIRST_SLOT)) {
                offer(list);
            }
            left &= left - 1;
        }
    }

    /// The slots that [`for_each_list`](Self::for_each_list) does not cover.
    pub(super) fn overflow(&self) -> Option<&Overflow> {
        self.overflow.as_ref()
    }

    pub(super) fn memory(&self) -> usize {
        let overflow = self.overflow.as_ref().map_or(0, Overflow::memory);
        2 * size_of::<[u64; 256]>() + self.lists.capacity() * size_of::<OwnerList>() + overflow
    }
}

/// A pair of byte sets and the matchers that require it.
#[derive(Debug)]
pub(super) struct Slot {
    pub first: ByteSet,
    /// `None` stands for any byte, or none.
    pub second: Option<ByteSet>,
    pub owners: Vec<Owner>,
}

#[derive(Debug, Default)]
pub(super) struct PairsBuilder {
    slots: Vec<Slot>,
}

impl PairsBuilder {
    pub(super) fn add_bytes(&mut self, bytes: &ByteSet, owner: Owner) {
        if !bytes.is_empty() {
            self.add(*bytes, None, owner);
        }
    }

    /// Literals of two bytes, in lower case. Those with the same second bytes share a slot.
    pub(super) fn add_literals(&mut self, literals: impl Iterator<Item = [u8; 2]>, owner: Owner) {
        let mut seconds: Vec<(u8, ByteSet)> = Vec::new();
        for [first, second] in literals {
            insert_both_cases(value_of(&mut seconds, first, ByteSet::default), second);
        }
        let mut pairs: Vec<(ByteSet, ByteSet)> = Vec::new();
        for (first, second) in seconds {
            insert_both_cases(value_of(&mut pairs, second, ByteSet::default), first);
        }
        pairs.into_iter().for_each(|(second, first)| self.add(first, Some(second), owner));
    }

    fn add(&mut self, first: ByteSet, second: Option<ByteSet>, owner: Owner) {
        match self.slots.iter_mut().find(|slot| slot.first == first && slot.second == second) {
            Some(slot) => slot.owners.push(owner),
            None => self.slots.push(Slot { first, second, owners: vec![owner] }),
        }
    }

    pub(super) fn build(mut self, owners: &mut Owners) -> Pairs {
        // If that saves the second pass, two pairs share a bit, which is set hardly more often. A required byte never
        // does, or the pair would be reduced to that byte.
        self.slots.sort_by_key(|slot| slot.second.is_some());
        let singles = self.slots.iter().filter(|slot| slot.second.is_none()).count();
        let room = if self.slots.len() <= 2 * SLOTS - singles.min(SLOTS) { self.slots.len() } else { SLOTS };
        let rest = self.slots.split_off(room);
        let first = |byte: u8| u64::from(literals::group(byte)) << GROUP_SHIFT | ByteClasses::first(byte);
        let mut pairs = Pairs {
            first: Box::new(std::array::from_fn(|byte| first(byte as u8))),
            second: Box::new(std::array::from_fn(|byte| ByteClasses::second(byte as u8))),
            single: 0,
            lists: Vec::new(),
            overflow: (!rest.is_empty()).then(|| Overflow::new(rest, owners)),
        };
        let mut lists: Vec<Vec<Owner>> = Vec::new();
        for (at, slot) in self.slots.into_iter().enumerate() {
            let list = if at < SLOTS { at } else { 2 * SLOTS - 1 - at };
            let bit = FIRST_SLOT + list;
            slot.first.iter().for_each(|byte| pairs.first[usize::from(byte)] |= 1 << bit);
            let second = slot.second.unwrap_or_else(|| {
                pairs.single |= 1 << bit;
                ByteSet::from_ranges(&[(0, u8::MAX)])
            });
            second.iter().for_each(|byte| pairs.second[usize::from(byte)] |= 1 << bit);
            match lists.get_mut(list) {
                Some(sharing) => sharing.extend(slot.owners),
                None => lists.push(slot.owners),
            }
        }
        pairs.lists = lists.into_iter().map(|list| owners.add(list)).collect();
        pairs
    }
}

fn insert_both_cases(set: &mut ByteSet, byte: u8) {
    set.insert(byte);
    set.insert(byte.to_ascii_uppercase());
}
