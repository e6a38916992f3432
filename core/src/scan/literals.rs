//! Literals of three and more bytes: a hash filter, and the comparison behind it.
//!
//! Each literal is found by one *window* of its bytes, the rarest four in a row (or all three). The filter is a table indexed by
//! the hash of a window's first three bytes; each entry holds one bit for each group of bytes that may come fourth. It is
//! small enough for the first-level cache, and on ordinary text lets one position in some tens through. For these the
//! literals of that hash are compared, eight bytes at a time, with both cases of letters.
//!
//! Bytes are hashed with bit 5 set, which folds the case of letters and some other bytes together; the comparison is exact.

use std::collections::BTreeMap;

use super::{Owner, OwnerList, Owners};
use crate::pattern::{Required, rarity};

/// Entries of the filter: a power of two.
const BUCKETS: usize = 1 << 13;
/// The groups of fourth bytes; one more bit stands for any.
const GROUPS: u8 = 7;
/// The bit of windows of three bytes.
const ANY: u8 = 1 << GROUPS;
/// A literal's bytes fit a word.
const WORD: usize = 8;
const _: () = assert!(Required::MAX_LITERAL <= WORD);

/// Sets bit 5 of every byte.
const CASE: u32 = 0x2020_2020;

#[derive(Debug)]
pub(super) struct Literals {
    /// By the hash of three bytes: the groups of the bytes that follow them in a window.
    filter: Box<[u8; BUCKETS]>,
    /// By the fourth byte: its group, and the bit for any.
    fourth: Box<[u8; 256]>,
    /// The literals of a bucket begin at its number and end at the next.
    starts: Box<[u32]>,
    literals: Box<[Literal]>,
}

/// A literal as it is compared: `word & mask`, with `case` set, must be `value`.
#[derive(Clone, Copy, Debug)]
struct Literal {
    value: u64,
    case: u64,
    mask: u64,
    owners: OwnerList,
    length: u8,
    /// Where the window begins in the literal.
    window: u8,
}

impl Literals {
    /// The bucket to confirm, if the window at a position passes the filter.
    #[inline(always)]
    pub(super) fn look(&self, window: [u8; 4]) -> Option<usize> {
        let bucket = hash(window);
        (self.filter[bucket] & self.fourth[usize::from(window[3])] != 0).then_some(bucket)
    }

    /// Compares the literals of a bucket with the subject, where their windows would be at a position.
    #[inline(never)]
    pub(super) fn confirm(&self, subject: &[u8], at: usize, bucket: usize, mut found: impl FnMut(OwnerList)) {
        for literal in &self.literals[self.starts[bucket] as usize..self.starts[bucket + 1] as usize] {
            let Some(start) = at.checked_sub(usize::from(literal.window)) else { continue };
            let rest = &subject[start..];
            if rest.len() < usize::from(literal.length) {
                continue;
            }
            if (word_at(rest) | literal.case) & literal.mask == literal.value {
                found(literal.owners);
            }
        }
    }

    pub(super) fn memory(&self) -> usize {
        BUCKETS + 256 + size_of_val(&*self.starts) + size_of_val(&*self.literals)
    }
}

/// The first eight bytes of a text, or as many as it has.
fn word_at(text: &[u8]) -> u64 {
    match text.first_chunk::<WORD>() {
        Some(word) => u64::from_le_bytes(*word),
        None => {
            let mut word = [0; WORD];
            word[..text.len()].copy_from_slice(text);
            u64::from_le_bytes(word)
        }
    }
}

/// The bucket of a window's first three bytes, in any case.
#[inline(always)]
fn hash(window: [u8; 4]) -> usize {
    let folded = (u32::from_le_bytes(window) | CASE) << 8;
    (folded.wrapping_mul(0x9E37_79B1) >> (32 - BUCKETS.trailing_zeros())) as usize
}

fn group(byte: u8) -> u8 {
    1 << ((byte | 0x20) % GROUPS)
}

#[derive(Debug, Default)]
pub(super) struct LiteralsBuilder {
    literals: BTreeMap<Vec<u8>, Vec<Owner>>,
}

impl LiteralsBuilder {
    /// Adds a literal of three bytes or more, in lower case.
    pub(super) fn add(&mut self, literal: &[u8], owner: Owner) {
        self.literals.entry(literal.to_vec()).or_default().push(owner);
    }

    pub(super) fn build(self, owners: &mut Owners) -> Literals {
        let mut filter = Box::new([0; BUCKETS]);
        let mut placed: Vec<(usize, Literal)> = Vec::with_capacity(self.literals.len());
        for (bytes, list) in self.literals {
            let (window, offset) = rarest_window(&bytes);
            let bucket = hash(window.unwrap_or([bytes[0], bytes[1], bytes[2], 0]));
            filter[bucket] |= window.map_or(ANY, |window| group(window[3]));
            let mut word = [0; WORD];
            let mut case = [0; WORD];
            let mut mask = [0; WORD];
            for (at, &byte) in bytes.iter().take(WORD).enumerate() {
                word[at] = byte;
                case[at] = if byte.is_ascii_lowercase() { 0x20 } else { 0 };
                mask[at] = 0xFF;
            }
            let literal = Literal {
                value: u64::from_le_bytes(word),
                case: u64::from_le_bytes(case),
                mask: u64::from_le_bytes(mask),
                owners: owners.add(list),
                length: bytes.len() as u8,
                window: offset as u8,
            };
            placed.push((bucket, literal));
        }
        placed.sort_by_key(|&(bucket, _)| bucket);
        let starts = (0..=BUCKETS).map(|bucket| placed.partition_point(|&(b, _)| b < bucket) as u32).collect();
        let mut fourth = Box::new([0; 256]);
        (0..=u8::MAX).for_each(|byte| fourth[usize::from(byte)] = ANY | group(byte));
        Literals { filter, fourth, starts, literals: placed.into_iter().map(|(_, literal)| literal).collect() }
    }
}

/// The rarest four bytes in a row of a literal and where they begin; none for a literal of three.
fn rarest_window(literal: &[u8]) -> (Option<[u8; 4]>, usize) {
    let weight = |window: &[u8]| window.iter().map(|&byte| rarity(byte)).sum::<u32>();
    let windows = literal.windows(4).enumerate().max_by_key(|(_, window)| weight(window));
    windows.map_or((None, 0), |(at, window)| (window.try_into().ok(), at))
}
