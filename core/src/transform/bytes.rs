//! Transformers of single bytes or runs of one byte.

use memchr::{memchr, memmem};

use super::step::Effect;
use crate::support::Stride;

/// The number of bytes handled at once.
const BLOCK: usize = 1024;

/// Converts ASCII letters to lower case; everything else stays, including non-ASCII letters.
pub(super) fn lowercase(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    // The compiler vectorises loops over whole blocks without an early exit.
    let has_upper = |block: &[u8]| block.iter().fold(false, |seen, byte| seen | byte.is_ascii_uppercase());
    if !input.chunks(64).any(has_upper) {
        return Effect::Kept;
    }
    output.reserve(input.len());
    for block in input.chunks(BLOCK) {
        let start = output.len();
        if stride.is_over(start) {
            return Effect::Kept;
        }
        output.extend_from_slice(block);
        output[start..].make_ascii_lowercase();
    }
    Effect::Changed
}

/// Removes every NUL byte.
pub(super) fn remove_nulls(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    let Some(first) = memchr(0, input) else { return Effect::Kept };
    keep(input, first, output, stride, |byte| byte != 0)
}

/// Replaces every run of spaces by one space. Tabs, newlines and other blanks are ordinary bytes here.
pub(super) fn compress_whitespace(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    let Some(first) = memmem::find(input, b"  ") else { return Effect::Kept };
    let mut after_space = false;
    keep(input, first, output, stride, |byte| {
        let repeated = after_space && byte == b' ';
        after_space = byte == b' ';
        !repeated
    })
}

/// Removes, from an offset on, the bytes that `keeps` rejects.
fn keep(
    input: &[u8],
    from: usize,
    output: &mut Vec<u8>,
    stride: &mut Stride<'_>,
    mut is_kept: impl FnMut(u8) -> bool,
) -> Effect {
    let (head, tail) = input.split_at(from);
    output.reserve(input.len());
    output.extend_from_slice(head);
    let mut read = from;
    for block in tail.chunks(BLOCK) {
        if stride.is_over(read) {
            return Effect::Kept;
        }
        read += block.len();
        let mut end = output.len();
        output.extend_from_slice(block);
        // Every byte is written, and overwritten by the next one unless it is kept.
        for &byte in block {
            output[end] = byte;
            end += usize::from(is_kept(byte));
        }
        output.truncate(end);
    }
    Effect::Changed
}
