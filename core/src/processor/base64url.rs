//! The base64url of token segments, as lenient as in the reference.
//!
//! Padding may be missing, or be up to what completes the last group (four characters after a complete group). A last
//! group of one digit still yields a byte, and zero bits beyond the last whole byte yield nothing: the decoded text
//! ends where its leftover bits end.

use crate::support::Stride;

/// Marks bytes that are not digits.
const NONE: u8 = 0xFF;

/// The number of digits decoded together.
const BLOCK: usize = 16;

/// The values of all bytes, for texts shorter than a block.
static VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut byte = 0;
    while byte < values.len() {
        values[byte] = value_of(byte as u8);
        byte += 1;
    }
    values
};

/// The decoded bytes, appended to a reused buffer; `None` if the text is malformed. The result does not matter once the
/// deadline is over.
pub(super) fn decode(text: &[u8], mut decoded: Vec<u8>, stride: &mut Stride<'_>) -> Option<Vec<u8>> {
    decoded.clear();
    decoded.reserve(text.len() / 4 * 3 + BLOCK);
    let (blocks, _) = text.as_chunks::<BLOCK>();
    let mut at = 0;
    for block in blocks {
        let values = block.map(value_of);
        if values.iter().fold(0, |all, value| all | value) & 0x80 != 0 || stride.is_over(at) {
            break;
        }
        let mut bytes = [0; BLOCK / 4 * 3];
        let (eights, _) = values.as_chunks::<8>();
        for (bytes, values) in bytes.as_chunks_mut::<6>().0.iter_mut().zip(eights) {
            *bytes = six_bytes_of(*values);
        }
        decoded.extend_from_slice(&bytes);
        at += BLOCK;
    }
    let (groups, _) = text[at..].as_chunks::<4>();
    for group in groups {
        let values = group.map(digit);
        if values.iter().fold(0, |all, value| all | value) & 0x80 != 0 || stride.is_over(at) {
            break;
        }
        decoded.extend_from_slice(&bytes_of(values));
        at += group.len();
    }

    let rest = &text[at..];
    let (digits, padding) = rest.split_at(rest.iter().take(4).take_while(|&&byte| digit(byte) != NONE).count());
    let allowed = match digits.len() {
        1 => 0,
        length => 4 - length,
    };
    if padding.len() > allowed || padding.iter().any(|&byte| byte != b'=') {
        return None;
    }
    if !digits.is_empty() {
        let mut values = [0; 4];
        values.iter_mut().zip(digits).for_each(|(value, &byte)| *value = digit(byte));
        let [first, second, third] = bytes_of(values);
        decoded.push(first);
        if digits.len() > 1 && (second != 0 || third != 0) {
            decoded.push(second);
        }
        if digits.len() > 2 && third != 0 {
            decoded.push(third);
        }
    }
    Some(decoded)
}

#[inline]
fn digit(byte: u8) -> u8 {
    VALUES[usize::from(byte)]
}

/// The value of a digit. Free of branches and table look-ups, so that the loop over a block is vectorised.
#[inline]
const fn value_of(byte: u8) -> u8 {
    /// One more than the value of a digit in a range, otherwise zero.
    #[inline]
    const fn within(byte: u8, from: u8, count: u8, value: u8) -> u8 {
        let place = byte.wrapping_sub(from);
        if place < count { place + value + 1 } else { 0 }
    }
    let letter = within(byte, b'A', 26, 0) | within(byte, b'a', 26, 26);
    let other = within(byte, b'0', 10, 52) | within(byte, b'-', 1, 62) | within(byte, b'_', 1, 63);
    (letter | other).wrapping_sub(1)
}

/// The six bytes of eight digits.
#[inline]
fn six_bytes_of(values: [u8; 8]) -> [u8; 6] {
    // Joins neighbours: eight times 6 bits to four times 12, to twice 24, to 48.
    let eight = u64::from_be_bytes(values);
    let four = eight & 0x003F_003F_003F_003F | (eight & 0x3F00_3F00_3F00_3F00) >> 2;
    let two = four & 0x0000_0FFF_0000_0FFF | (four & 0x0FFF_0000_0FFF_0000) >> 4;
    let one = two & 0xFF_FFFF | (two >> 32) << 24;
    let [_, _, bytes @ ..] = one.to_be_bytes();
    bytes
}

/// The three bytes of four digits.
#[inline]
fn bytes_of([a, b, c, d]: [u8; 4]) -> [u8; 3] {
    [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::Deadline;

    fn decode(text: &[u8], buffer: Vec<u8>) -> Option<Vec<u8>> {
        super::decode(text, buffer, &mut Stride::new(&mut Deadline::unlimited(), 1))
    }

    #[test]
    fn every_byte_at_every_place() {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for byte in 0..=u8::MAX {
            let expected = ALPHABET.iter().position(|&digit| digit == byte).map_or(NONE, |value| value as u8);
            assert_eq!(value_of(byte), expected, "{byte}");
        }
        let text: Vec<u8> = (0..300).map(|at| ALPHABET[at * at % 61 % 64]).collect();
        for length in 0..text.len() {
            let bits = text[..length].iter().flat_map(|&byte| (0..6).rev().map(move |bit| value_of(byte) >> bit & 1));
            let bits: Vec<u8> = bits.collect();
            let bytes: Vec<u8> =
                bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect();
            let decoded = decode(&text[..length], vec![]).unwrap_or_default();
            assert!(decoded.starts_with(&bytes[..length / 4 * 3]), "{length}");
            let mut broken = text[..length].to_vec();
            if let Some(byte) = broken.get_mut(length / 2) {
                *byte = b'.';
                assert_eq!(decode(&broken, vec![]), None, "{length}");
            }
        }
    }

    #[test]
    fn padding_and_leftover_bits() {
        for (text, expected) in [
            ("", Some(&b""[..])),
            ("e30", Some(b"{}")),
            ("e30=", Some(b"{}")),
            ("e30==", None),
            ("MTIz", Some(b"123")),
            ("MTIz====", Some(b"123")),
            ("MTIz=====", None),
            ("MQ==", Some(b"1")),
            ("MQ===", None),
            ("M", Some(b"0")),
            ("M=", None),
            ("MTIzM", Some(b"1230")),
            ("MR", Some(b"1\x10")),
            ("AAA", Some(b"\0")),
            ("_-8", Some(b"\xff\xef")),
            ("/+8", None),
            ("e3=0", None),
            ("e30\0", None),
        ] {
            assert_eq!(decode(text.as_bytes(), b"old".to_vec()).as_deref(), expected, "{text:?}");
        }
    }
}
