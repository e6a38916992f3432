//! The size of a pattern in instructions as the reference counts them, which limits patterns.
//!
//! The rules were derived from measured limits: a byte or a range of bytes is one instruction, a branch one more, a
//! capture group two. The sequences of a class share their tails of unrestricted continuation bytes.

use regex_syntax::utf8::{Utf8Range, Utf8Sequences};

use super::ast::Measure;
use super::set::CodeSet;
use super::unicode;
use super::utf8::{CONTINUATION, LOOSE_FROM};

/// A pattern of more instructions is too large.
pub(super) const MAX_COST: u32 = 43_632;

/// The size of classes with at least this many UTF-8 sequences is estimated.
const MANY_SEQUENCES: u32 = 10;

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
        ranges => {
            let (mut bytes, mut branches, mut longest_tail) = (0, 0, 0);
            let scalars = ranges.iter().filter_map(|&(first, last)| char::from_u32(first).zip(char::from_u32(last)));
            for sequence in scalars.flat_map(|(first, last)| Utf8Sequences::new(first, last)) {
                let is_tail = |range: &&Utf8Range| (range.start, range.end) == CONTINUATION;
                let tail = sequence.as_slice()[1..].iter().rev().take_while(is_tail).count() as u32;
                bytes += sequence.len() as u32 - tail;
                branches += 1;
                longest_tail = longest_tail.max(tail);
            }
            match branches {
                // In large classes about half of the sequences share their beginnings, too.
                MANY_SEQUENCES.. => (branches - branches / 16, branches),
                _ => (bytes + longest_tail, branches),
            }
        }
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
    // A counter multiplies by its larger bound, or by its only one.
    let factor = match max {
        None if min < 2 => 1,
        None => min,
        Some(max) => max.max(1),
    };
    Measure { repeats: body.repeats.saturating_mul(factor), cost, height: body.height.saturating_add(1) }
}

/// The measure of a concatenation or an alternation.
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
