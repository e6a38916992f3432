//! Texts as words of eight bytes, with which keys and header names are read and folded without a loop over their bytes.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = ONES << 7;

/// The first bytes of a text as a little-endian word, padded with zeros.
#[inline]
pub fn first(text: &[u8]) -> u64 {
    match text.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => rest(text, text),
    }
}

/// The bytes after the last whole word of a text, padded with zeros; read as the end of the last eight bytes if the
/// text has as many.
#[inline]
pub fn rest(text: &[u8], rest: &[u8]) -> u64 {
    let unused = 64 - 8 * rest.len() as u32;
    if let Some(last) = text.last_chunk() {
        return u64::from_le_bytes(*last).checked_shr(unused).unwrap_or(0);
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let (first, last) = (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)));
        return first | last << (32 - unused);
    }
    rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// A word with all but its first bytes cleared.
#[inline]
pub fn cut(word: u64, length: usize) -> u64 {
    word & u64::MAX.checked_shr(64u32.saturating_sub(8 * length.min(8) as u32)).unwrap_or(0)
}

/// Whether `byte`, which is not zero, occurs in a text. For texts that are usually short.
#[inline]
pub fn hold(text: &[u8], byte: u8) -> bool {
    let is = |word: u64| {
        let apart = word ^ (ONES * u64::from(byte));
        apart.wrapping_sub(ONES) & !apart & HIGH != 0
    };
    match text.len() {
        0..=8 => is(first(text)),
        9..=16 => is(first(text)) || text.last_chunk().is_some_and(|word| is(u64::from_le_bytes(*word))),
        _ => memchr::memchr(byte, text).is_some(),
    }
}

/// Converts ASCII letters to lower case.
#[inline]
pub const fn lower(word: u64) -> u64 {
    // High bits mark the bytes that are ASCII and at least `A`, and those beyond `Z`.
    let low = word & !HIGH;
    let from_a = low + (0x80 - b'A' as u64) * ONES;
    let beyond_z = low + (0x7F - b'Z' as u64) * ONES;
    word | (from_a & !beyond_z & !word & HIGH) >> 2
}

/// Normalizes for comparing header names: lower case, with `_` as `-`.
#[inline]
pub const fn header_name(word: u64) -> u64 {
    let apart = word ^ ((b'_' as u64) * ONES);
    let underscore = !(((apart & !HIGH) + !HIGH) | apart) & HIGH;
    lower(word) ^ ((underscore >> 7) * (b'_' ^ b'-') as u64)
}

/// Makes words compare as signed bytes do: those from 0x80 on come first.
#[inline]
pub const fn signed(word: u64) -> u64 {
    word ^ HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(word: u64, map: impl Fn(u8) -> u8) -> u64 {
        u64::from_le_bytes(word.to_le_bytes().map(map))
    }

    #[test]
    fn words_fold_as_bytes_do() {
        for byte in 0..=u8::MAX {
            let word = u64::from_le_bytes(std::array::from_fn(|at| byte.wrapping_add(at as u8 * 29)));
            assert_eq!(lower(word), bytes_of(word, |byte| byte.to_ascii_lowercase()));
            assert_eq!(
                header_name(word),
                bytes_of(word, |byte| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() })
            );
            assert_eq!(signed(word), bytes_of(word, |byte| byte ^ 0x80));
        }
    }

    #[test]
    fn a_byte_is_found_wherever_it_is() {
        for length in 0..40 {
            for filler in [0, b'+', b'-', 0xAC, 0xFF] {
                let mut text = vec![filler; length];
                assert!(!hold(&text, b','));
                for at in 0..length {
                    text[at] = b',';
                    assert!(hold(&text, b','));
                    text[at] = filler;
                }
            }
        }
    }

    #[test]
    fn words_of_texts_of_any_length() {
        let text: Vec<u8> = (1..=40).collect();
        for length in 0..=text.len() {
            let text = &text[..length];
            let word_at =
                |start: usize| u64::from_le_bytes(std::array::from_fn(|at| text.get(start + at).copied().unwrap_or(0)));
            assert_eq!(first(text), word_at(0));
            let (words, tail) = text.as_chunks::<8>();
            assert_eq!(rest(text, tail), word_at(words.len() * 8));
            assert_eq!(cut(u64::MAX, length).count_ones() as usize, 8 * length.min(8));
        }
    }
}
