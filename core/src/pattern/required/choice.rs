//! How likely ordinary traffic is to contain a requirement.

use super::byte_set::ByteSet;
use super::rarity::rarity;
use super::strings::{Strings, Text};
use memchr::memmem;

/// A share added for every string of a set, so that the smaller of two similar sets is preferred.
const PER_STRING: f32 = 1.0 / (1u32 << 20) as f32;

/// Text that nearly every request contains, in lower case: parts of it are no rarer than the whole, however rare their
/// bytes are.
const COMMON: &[u8] = b"mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko) chrome/ safari/537.36\n\
    mozilla/5.0 (macintosh; intel mac os x 10_15_7) version/ mozilla/5.0 (x11; linux x86_64; rv:109.0) gecko/20100101 firefox/\n\
    mozilla/5.0 (iphone; cpu iphone os 17_0 like mac os x) mobile/15e148 mozilla/5.0 (linux; android 10; k)\n\
    text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8 application/json\n\
    gzip, deflate, br en-us,en;q=0.5 https://www. http:// .com/ .html .php";

/// The pairs of adjacent bytes in [`COMMON`], a bit each; most other strings have a pair that is not among them.
static COMMON_PAIRS: [u64; 1 << 10] = {
    let mut pairs = [0; 1 << 10];
    let mut at = 1;
    while at < COMMON.len() {
        let pair = (COMMON[at - 1] as usize) << 8 | COMMON[at] as usize;
        pairs[pair / 64] |= 1 << (pair % 64);
        at += 1;
    }
    pairs
};

/// Minus the binary logarithm of the share of substrings of [`COMMON`].
const COMMON_RARITY: u32 = 10;

/// 2 to the power of `-bits`.
fn share(bits: u32) -> f32 {
    f32::from_bits((127 - bits.min(126)) << 23)
}

/// Roughly how often one of the strings begins at a given place of ordinary traffic.
pub(super) fn share_of_strings(strings: &Strings) -> f32 {
    let share_of = |string: &Text| share(rarity_of_string(string.as_bytes())) + PER_STRING;
    strings.iter().map(share_of).sum()
}

/// Minus the binary logarithm of a string's share of the places of ordinary traffic.
fn rarity_of_string(string: &[u8]) -> u32 {
    let bytes = string.iter().map(|&byte| rarity(byte)).sum();
    let is_common_pair = |pair: &[u8]| {
        let pair = usize::from(pair[0]) << 8 | usize::from(pair[1]);
        COMMON_PAIRS[pair / 64] >> (pair % 64) & 1 == 1
    };
    let may_be_common = string.len() > 1 && bytes > COMMON_RARITY && string.windows(2).all(is_common_pair);
    let is_common = may_be_common && memmem::find(COMMON, string).is_some();
    if is_common { COMMON_RARITY } else { bytes }
}

/// Roughly how often one of the bytes is at a given place.
pub(super) fn share_of_bytes(bytes: &ByteSet) -> f32 {
    bytes.iter().filter(|byte| !byte.is_ascii_uppercase()).map(|byte| share(rarity(byte))).sum()
}
