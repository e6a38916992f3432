//! Literals of three and more bytes: a hash filter, and the comparison after it.
//!
//! Each literal is found by one *window* of its bytes, the rarest four in a row (or all three). The filter is a table
//! indexed by the hash of a window's first three bytes; each entry holds one bit for each group of possible fourth
//! bytes. It fits the first-level cache, and on ordinary text lets one position in some tens through. There, the
//! literals with that hash are compared, eight bytes at a time, in both cases of letters.
//!
//! Bytes are hashed with bit 5 set, which folds the case of letters and some other bytes together; the comparison is
//! exact.

use super::{Owner, OwnerList, Owners};
use crate::pattern::{Required, rarity};

/// The number of entries of the filter, a power of two.
const BUCKETS: usize = 1 << 14;
/// The number of groups of fourth bytes; one more bit stands for any byte.
const GROUPS: u8 = 7;
/// The bit of windows of three bytes.
pub(super) const ANY: u8 = 1 << GROUPS;
/// A literal fits a word.
const WORD: usize = 8;
const _: () = assert!(Required::MAX_LITERAL <= WORD);

/// Sets bit 5 of a window's bytes.
const CASE: u32 = 0x0020_2020;

#[derive(Debug)]
pub(super) struct Literals {
    /// The groups of the fourth bytes of windows, by the hash of the first three.
    filter: Box<[u8; BUCKETS]>,
    /// The range of a bucket's literals is from its own entry to the next.
    starts: Box<[u32]>,
    literals: Box<[Literal]>,
}

/// A literal in the form to be compared: `word & mask`, with `case` set, must equal `value`.
#[derive(Clone, Copy, Debug)]
struct Literal {
    value: u64,
    case: u64,
    mask: u64,
    owners: OwnerList,
    length: u8,
    /// The offset of the window in the literal.
    window: u8,
}

impl Literals {
    /// The groups of the fourth bytes of a bucket's windows.
    #[inline(always)]
    pub(super) fn continuing(&self, bucket: usize) -> u8 {
        self.filter[bucket]
    }

    /// Compares the literals of a bucket with the subject, as if their windows were at a position.
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
        BUCKETS + size_of_val(&*self.starts) + size_of_val(&*self.literals)
    }
}

/// The first eight bytes of a text, or as many as it has.
#[inline]
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

/// The bucket of the first three bytes, in any case, of a window read as a little-endian number.
#[inline(always)]
pub(super) fn bucket(window: u32) -> usize {
    let folded = (window | CASE) << 8;
    (folded.wrapping_mul(0x9E37_79B1) >> (32 - BUCKETS.trailing_zeros())) as usize
}

/// The group of a fourth byte, in any case, together with the bit for any byte.
pub(super) fn group(byte: u8) -> u8 {
    ANY | 1 << ((byte | 0x20) % GROUPS)
}

#[derive(Debug, Default)]
pub(super) struct LiteralsBuilder {
    /// Each literal, padded with zeros, its length, and the matcher that requires it.
    literals: Vec<([u8; WORD], usize, Owner)>,
}

impl LiteralsBuilder {
    /// Adds a literal of three to [`WORD`] bytes, in lower case.
    pub(super) fn add(&mut self, literal: &[u8], owner: Owner) {
        let mut word = [0; WORD];
        word[..literal.len()].copy_from_slice(literal);
        self.literals.push((word, literal.len(), owner));
    }

    pub(super) fn build(mut self, owners: &mut Owners) -> Literals {
        let mut filter = Box::new([0; BUCKETS]);
        let mut placed: Vec<(usize, Literal)> = Vec::with_capacity(self.literals.len());
        self.literals.sort_unstable();
        for same in self.literals.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let [(word, length, _), ..] = *same else { continue };
            let bytes = &word[..length];
            let (window, offset) = rarest_window(bytes);
            let at = bucket(u32::from_le_bytes(window.unwrap_or([word[0], word[1], word[2], 0])));
            filter[at] |= window.map_or(ANY, |window| group(window[3]) & !ANY);
            let literal = Literal {
                value: u64::from_le_bytes(word),
                case: u64::from_le_bytes(word.map(|byte| if byte.is_ascii_lowercase() { 0x20 } else { 0 })),
                mask: u64::MAX >> (8 * (WORD - length)),
                owners: owners.add(same.iter().map(|&(_, _, owner)| owner).collect()),
                length: length as u8,
                window: offset as u8,
            };
            placed.push((at, literal));
        }
        placed.sort_by_key(|&(bucket, _)| bucket);
        let mut starts = vec![0; BUCKETS + 1];
        placed.iter().for_each(|&(bucket, _)| starts[bucket + 1] += 1);
        (0..BUCKETS).for_each(|bucket| starts[bucket + 1] += starts[bucket]);
        let literals = placed.into_iter().map(|(_, literal)| literal).collect();
        Literals { filter, starts: starts.into(), literals }
    }
}

/// The rarest four adjacent bytes of a literal and their offset; `None` for a literal of three bytes.
fn rarest_window(literal: &[u8]) -> (Option<[u8; 4]>, usize) {
    let weight = |window: &[u8]| window.iter().map(|&byte| rarity(byte)).sum::<u32>();
    let windows = literal.windows(4).enumerate().max_by_key(|(_, window)| weight(window));
    windows.map_or((None, 0), |(at, window)| (window.try_into().ok(), at))
}
