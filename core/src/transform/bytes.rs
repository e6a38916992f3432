//! Transformers that look at single bytes or runs of one byte.

use memchr::memmem;

use super::Outcome;

/// ASCII upper case to lower case; everything else, non-ASCII letters too, stays.
pub(super) fn lowercase(input: &[u8], output: &mut Vec<u8>) -> Outcome {
    // Whole blocks without an early exit are what the compiler turns into vector code.
    let has_upper = |block: &[u8]| block.iter().fold(false, |seen, byte| seen | byte.is_ascii_uppercase());
    if !input.chunks(64).any(has_upper) {
        return Outcome::Kept;
    }
    output.extend_from_slice(input);
    output.make_ascii_lowercase();
    Outcome::Changed
}

/// Drops every NUL byte.
pub(super) fn remove_nulls(input: &[u8], output: &mut Vec<u8>) -> Outcome {
    if memchr::memchr(0, input).is_none() {
        return Outcome::Kept;
    }
    output.extend_from_slice(input);
    output.retain(|&byte| byte != 0);
    Outcome::Changed
}

/// Makes one of every run of spaces. Tabs, newlines and other blanks are ordinary bytes here.
pub(super) fn compress_whitespace(input: &[u8], output: &mut Vec<u8>) -> Outcome {
    if memmem::find(input, b"  ").is_none() {
        return Outcome::Kept;
    }
    output.extend_from_slice(input);
    let mut after_space = false;
    output.retain(|&byte| {
        let repeated = after_space && byte == b' ';
        after_space = byte == b' ';
        !repeated
    });
    Outcome::Changed
}
