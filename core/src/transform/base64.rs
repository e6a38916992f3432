//! Base64, with the reference's lenient decoder and peculiar encoder.

use super::step::Effect;
use crate::support::Stride;

const NO_DIGIT: u8 = 0xFF;
const STANDARD: [u8; 256] = digits(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const URL_SAFE: [u8; 256] = digits(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
/// The standard alphabet, except that the reference writes 63 as `-`.
const WRITTEN: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";

/// Decodes a text that is base64 as a whole.
pub(super) fn base64_decode(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    decode(input, output, stride, &STANDARD)
}

/// The same with the URL-safe alphabet.
pub(super) fn base64url_decode(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    decode(input, output, stride, &URL_SAFE)
}

/// Encodes any text.
pub(super) fn base64_encode(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    output.reserve(input.len().div_ceil(3) * 4);
    let (groups, rest) = input.as_chunks::<3>();
    for (at, &group) in groups.iter().enumerate() {
        if stride.is_over(at * 3) {
            return Effect::Kept;
        }
        output.extend_from_slice(&encode_group(group));
    }
    if let [first, more @ ..] = rest {
        let digits = encode_group([*first, more.first().copied().unwrap_or(0), 0]);
        output.extend_from_slice(&digits[..=rest.len()]);
        output.extend_from_slice(&b"=="[..3 - rest.len()]);
    }
    Effect::Changed
}

fn encode_group([first, second, third]: [u8; 3]) -> [u8; 4] {
    let bits = u32::from_be_bytes([0, first, second, third]);
    [18, 12, 6, 0].map(|shift| WRITTEN[(bits >> shift & 0x3F) as usize])
}

fn decode(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>, digits: &[u8; 256]) -> Effect {
    let mut length = 0;
    while input.get(length).is_some_and(|&byte| digits[usize::from(byte)] != NO_DIGIT) {
        length += 1;
        if stride.is_over(length) {
            return Effect::Kept;
        }
    }
    let (text, padding) = input.split_at(length);
    if padding.iter().any(|&byte| byte != b'=') || !padding_fits(length % 4, padding.len()) {
        return Effect::Kept;
    }
    output.reserve(length / 4 * 3 + 3);
    for (at, group) in text.chunks(4).enumerate() {
        // The text was read once already.
        if stride.is_over(length + at * 4) {
            return Effect::Kept;
        }
        let digit = |index| group.get(index).map_or(0, |&byte| u32::from(digits[usize::from(byte)]));
        let bits = digit(0) << 18 | digit(1) << 12 | digit(2) << 6 | digit(3);
        let [_, first, second, third] = bits.to_be_bytes();
        // A short last group keeps the bits that a strict decoder drops, and loses trailing zero bytes.
        let written = match group.len() {
            4 => 3,
            3 if third != 0 => 3,
            2.. if (second, third) != (0, 0) => 2,
            _ => 1,
        };
        output.extend_from_slice(&[first, second, third][..written]);
    }
    Effect::Changed
}

/// Whether the padding is allowed: at most what completes the last group, or a whole group; none after a group of one
/// digit.
fn padding_fits(last_group: usize, padding: usize) -> bool {
    padding == 0 || (last_group != 1 && padding <= 4 - last_group)
}

/// The value of a digit of the standard alphabet.
pub(super) fn digit(byte: u8) -> Option<u32> {
    value_in(&STANDARD, byte)
}

/// The value of a digit of either alphabet.
pub(super) fn digit_of_either(byte: u8) -> Option<u32> {
    digit(byte).or_else(|| value_in(&URL_SAFE, byte))
}

fn value_in(digits: &[u8; 256], byte: u8) -> Option<u32> {
    let value = digits[usize::from(byte)];
    (value != NO_DIGIT).then_some(value.into())
}

/// The value of each byte as a digit of `alphabet`.
const fn digits(alphabet: &[u8; 64]) -> [u8; 256] {
    let mut table = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 64 {
        table[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    table
}
