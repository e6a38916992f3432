//! What a pattern costs, by the reference's reckoning of instructions, which is its limit on a pattern's size.
//!
//! The reckoning follows measured limits: a byte or a range of bytes is one instruction, a branch one more, a capture
//! group two. Common tails of UTF-8 sequences are shared. Large classes are estimated.

use regex_syntax::utf8::Utf8Sequences;

use super::ast::Measure;
use super::encode::LOOSE_FROM;
use super::set::CodeSet;
use super::unicode;

/// A pattern of more instructions is too large.
pub(super) const MAX_COST: u32 = 43_632;

/// Sets of more non-ASCII ranges are estimated rather than encoded.
const EXACT_RANGES: usize = 8;

pub(super) fn of_set(set: &CodeSet) -> u32 {
    let (ascii, others) = set.split_ascii();
    // A range of letters in both cases is one instruction.
    let is_folded = |&(first, last): &(u8, u8)| {
        first.is_ascii_uppercase()
            && last.is_ascii_uppercase()
            && ascii.iter().any(|&(f, l)| f <= (first | 0x20) && (last | 0x20) <= l)
    };
    let ascii_ranges = ascii.iter().filter(|range| !is_folded(range)).count() as u32;
    let (bytes, branches) = match others.as_slice() {
        [] => (0, 0),
        [(LOOSE_FROM, unicode::MAX)] => (6, 3),
        few if few.len() <= EXACT_RANGES => {
            let sequences = few.iter().flat_map(|&(first, last)| {
                let (first, last) = (char::from_u32(first), char::from_u32(last));
                first.zip(last).into_iter().flat_map(|(first, last)| Utf8Sequences::new(first, last))
            });
            sequences.fold((0, 0), |(bytes, branches), sequence| (bytes + sequence.len() as u32, branches + 1))
        }
        many => (many.len() as u32, many.len() as u32),
    };
    ascii_ranges + bytes + (ascii_ranges + branches).saturating_sub(1)
}

pub(super) fn of_char(code_point: u32) -> u32 {
    match code_point {
        0..=0x7F => 1,
        0x80..=0x7FF => 2,
        0x800..=0xFFFF => 3,
        _ => 4,
    }
}

pub(super) fn of_repeat(body: Measure, min: u32, max: Option<u32>) -> Measure {
    let copies = |count: u32, cost: u32| count.saturating_mul(cost);
    let cost = match max {
        None => copies(min.max(1), body.cost).saturating_add(1),
        Some(max) => copies(min, body.cost).saturating_add(copies(max - min, body.cost.saturating_add(1))),
    };
    // A counter multiplies by its larger bound; of an open one that is the smaller.
    let factor = match max {
        None if min < 2 => 1,
        None => min,
        Some(max) => max.max(1),
    };
    Measure { repeats: body.repeats.saturating_mul(factor), cost, height: body.height.saturating_add(1) }
}

/// The measure of parts that stand one after the other, or of alternatives.
pub(super) fn of_parts(parts: impl Iterator<Item = Measure>, per_part: u32) -> Measure {
    let mut sum = Measure { repeats: 1, cost: 0, height: 0 };
    for part in parts {
        sum.repeats = sum.repeats.max(part.repeats);
        sum.cost = sum.cost.saturating_add(part.cost).saturating_add(per_part);
        sum.height = sum.height.max(part.height);
    }
    sum.height = sum.height.saturating_add(1);
    sum
}
