//! How likely ordinary traffic is to contain a requirement.

use super::byte_set::ByteSet;
use super::strings::{Strings, Text};

/// Minus the binary logarithm of each byte's share of ordinary requests (paths, headers, parameters, bodies), letters in
/// lower case; rounded, at most 15.
#[rustfmt::skip]
const RARITY: [u8; 256] = [
    15, 15, 15, 15, 15, 15, 15, 15, 15, 12, 9, 15, 15, 12, 15, 15,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
    4, 11, 8, 11, 12, 9, 10, 10, 9, 9, 9, 8, 7, 6, 5, 6, // space ! " # $ % & ' ( ) * + , - . /
    6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 8, 8, 10, 8, 10, 10, // 0 ... 9 : ; < = > ?
    11, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 10, 13, 10, 13, 7, // [ \ ] ^ _
    11, 4, 6, 5, 5, 4, 6, 6, 6, 4, 7, 7, 5, 5, 5, 5, // ` a ... o
    5, 8, 4, 4, 4, 5, 6, 6, 7, 7, 7, 9, 12, 9, 13, 15, // p ... z { | } ~
    11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11,
    11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11,
    11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11,
    11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11,
    15, 15, 10, 9, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11,
    11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11,
    11, 11, 10, 9, 10, 10, 10, 10, 10, 10, 11, 11, 11, 11, 11, 11,
    11, 11, 11, 11, 11, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
];

/// A share that every string of a set adds, so that a smaller set of about the same use is preferred.
const PER_STRING: f32 = 1.0 / (1u32 << 20) as f32;

/// Minus the binary logarithm of a byte's share of ordinary traffic.
pub(crate) fn rarity(byte: u8) -> u32 {
    u32::from(RARITY[usize::from(byte)])
}

/// 2 to the power of `-bits`.
fn share(bits: u32) -> f32 {
    f32::from_bits((127 - bits.min(126)) << 23)
}

/// About how often one of the strings begins at a given place of ordinary traffic.
pub(super) fn share_of_strings(strings: &Strings) -> f32 {
    let share_of = |string: &Text| share(string.as_bytes().iter().map(|&byte| rarity(byte)).sum()) + PER_STRING;
    strings.iter().map(share_of).sum()
}

/// About how often one of the bytes stands at a given place.
pub(super) fn share_of_bytes(bytes: &ByteSet) -> f32 {
    bytes.iter().filter(|byte| !byte.is_ascii_uppercase()).map(|byte| share(rarity(byte))).sum()
}
