//! `unicode_normalize`: replaces look-alikes, ligatures, accented and invisible characters by what they look like.
//!
//! The mapping is a table, generated from Unicode 14.0 by `generate.py`: a block index, blocks of 64 code points (so
//! that the last byte of a UTF-8 sequence selects the entry), and one text with all expansions. Hangul syllables are
//! computed; private use and unassigned planes are ranges in the code.
//!
//! A text is rebuilt only if some code point of it changes; then NULs, surrogates and stray bytes are removed, too.

mod table;

use super::step::Effect;
use super::utf8;
use crate::support::Stride;

/// Normalises `input`, if there is anything to normalise.
pub(super) fn unicode_normalize(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    if !needs_normalization(input, stride) {
        return Effect::Kept;
    }
    output.reserve(input.len());
    let mut rest = input;
    loop {
        // The text was read once already.
        let read = 2 * input.len() - rest.len();
        let (kept, changing) = rest.split_at(kept_run(rest, read, stride));
        output.extend_from_slice(kept);
        if changing.is_empty() || stride.is_over(read) {
            return Effect::Changed;
        }
        // A stray byte is dropped.
        let (code, length) = utf8::decode(changing).map_or((None, 1), |(code, length)| (Some(code), length));
        if let Some(code) = code {
            push_normalized(output, code);
        }
        rest = &changing[length..];
    }
}

fn needs_normalization(input: &[u8], stride: &mut Stride<'_>) -> bool {
    let mut rest = input;
    loop {
        rest = &rest[ascii_run(rest)..];
        if rest.is_empty() || stride.is_over(input.len() - rest.len()) {
            return false;
        }
        let (code, length) = utf8::decode(rest).unwrap_or((0, 1));
        if code >= 0x80 && normalized(code) != Normalized::Same {
            return true;
        }
        rest = &rest[length..];
    }
}

/// The length of the ASCII prefix of `text`.
fn ascii_run(text: &[u8]) -> usize {
    const WIDTH: usize = 32;
    // The usual next byte of a text in another script, for which a block is not worthwhile.
    if text.first().is_some_and(|byte| !byte.is_ascii()) {
        return 0;
    }
    let plain_blocks = text.chunks_exact(WIDTH).take_while(|block| block.is_ascii()).count();
    let start = plain_blocks * WIDTH;
    start + text[start..].iter().take_while(|byte| byte.is_ascii()).count()
}

/// The length of the prefix of `text` that a rebuilt text keeps: whole characters that do not change, and no NUL.
/// `read` is the number of bytes read before.
fn kept_run(text: &[u8], read: usize, stride: &mut Stride<'_>) -> usize {
    let mut length = 0;
    while !stride.is_over(read + length) {
        let rest = &text[length..];
        length += match rest.first() {
            Some(0) | None => return length,
            Some(1..=0x7F) => 1,
            Some(_) => match utf8::decode(rest) {
                Some((code, width)) if is_well_formed(code, width) && normalized(code) == Normalized::Same => width,
                _ => return length,
            },
        };
    }
    length
}

/// Whether this is a character in its shortest form.
fn is_well_formed(code: u32, width: usize) -> bool {
    char::from_u32(code).is_some_and(|char| char.len_utf8() == width)
}

fn push_normalized(output: &mut Vec<u8>, code: u32) {
    match normalized(code) {
        Normalized::Same => utf8::push_checked(output, code, usize::MAX),
        Normalized::Text(text) => output.extend_from_slice(text),
        Normalized::Ascii(code) => utf8::push_any(output, code),
        Normalized::Hangul(syllable) => push_jamo(output, syllable),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Normalized {
    Same,
    Text(&'static [u8]),
    Ascii(u32),
    /// The index of a Hangul syllable.
    Hangul(u32),
}

#[inline]
fn normalized(code: u32) -> Normalized {
    match code {
        0xAC00..=0xD7A3 => Normalized::Hangul(code - 0xAC00),
        ..table::END => from_table(code),
        // Tags, which are invisible copies of ASCII.
        0xE_0001 | 0xE_0020..=0xE_007F => Normalized::Ascii(code - 0xE_0000),
        // Private use.
        0xF_0000..=0xF_FFFD | 0x10_0000..=0x10_FFFD => Normalized::Same,
        // Unassigned in Unicode 14.0, or beyond Unicode.
        _ => Normalized::Text(b""),
    }
}

#[inline]
fn from_table(code: u32) -> Normalized {
    let block = usize::from(table::INDEX[(code / 64) as usize]);
    match table::BLOCKS[block][(code % 64) as usize] {
        0 => Normalized::Same,
        entry => {
            let span = table::EXPANSIONS[usize::from(entry) - 1];
            let (start, length) = ((span >> 8) as usize, (span & 0xFF) as usize);
            Normalized::Text(&table::TEXT.as_bytes()[start..start + length])
        }
    }
}

/// Splits a syllable into its two or three letters with the arithmetic of the Unicode standard.
fn push_jamo(output: &mut Vec<u8>, syllable: u32) {
    const VOWELS: u32 = 21;
    const FINALS: u32 = 28;
    let leading = syllable / (VOWELS * FINALS);
    let vowel = syllable / FINALS % VOWELS;
    let last = syllable % FINALS;
    utf8::push_any(output, 0x1100 + leading);
    utf8::push_any(output, 0x1161 + vowel);
    if last > 0 {
        utf8::push_any(output, 0x11A7 + last);
    }
}
