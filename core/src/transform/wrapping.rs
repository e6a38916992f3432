//! `wrapping_decode`: a value that is, as a whole, text in base64 or in hexadecimal digits, up to three times.
//!
//! Applications wrap what they pass through URLs, cookies and tokens, and attackers wrap what they hide. Both alphabets of
//! base64 are read, with and without padding, and with `+`, `/` and `=` still written as percent escapes.
//!
//! Most values of these alphabets are identifiers and keys. They decode to bytes that are no text, which the first few
//! bytes show; such a value is left alone, so that no rule judges noise.

use super::base64::digit_of_either;
use super::hex;
use super::step::Effect;
use crate::support::Stride;

/// How often a value is unwrapped.
const LAYERS: usize = 3;

/// The least length of a wrapped value, in bytes.
const SHORTEST: usize = 8;

/// How many decoded bytes are looked at before the rest is decoded.
const FIRST: usize = 12;

/// Unwraps a value.
pub(super) fn wrapping_decode(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    if !unwrap(input, output, stride) {
        return Effect::Kept;
    }
    let mut inner = Vec::new();
    for _ in 1..LAYERS {
        inner.clear();
        if !unwrap(output, &mut inner, stride) {
            break;
        }
        std::mem::swap(output, &mut inner);
    }
    // What is left of UTF-16 without its empty halves is ASCII.
    output.retain(|&byte| byte != 0);
    Effect::Changed
}

/// Writes what a value wraps; whether it wraps a text.
fn unwrap(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> bool {
    if input.len() < SHORTEST {
        return false;
    }
    let digits = input.strip_prefix(b"0x").unwrap_or(input);
    let is_hex =
        digits.len().is_multiple_of(2) && digits.iter().take(2 * FIRST).all(|&byte| hex::digit(byte).is_some());
    is_hex && hexadecimal(digits, output, stride) || base64(input, output, stride)
}

fn hexadecimal(digits: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> bool {
    output.clear();
    for (at, pair) in digits.chunks(2).enumerate() {
        let Some(byte) = hex::number(pair, 2) else { return false };
        output.push(byte as u8);
        if at + 1 == FIRST && !is_text(output) || stride.is_over(2 * at) {
            return false;
        }
    }
    is_text(output)
}

fn base64(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> bool {
    output.clear();
    let (mut bits, mut held, mut at, mut looked, mut padded) = (0_u32, 0, 0, false, false);
    while at < input.len() {
        if stride.is_over(at) {
            return false;
        }
        let (byte, length) = match input[at] {
            b'%' => match input.get(at + 1..).and_then(|rest| hex::number(rest, 2)) {
                Some(code @ (0x2B | 0x2D | 0x2F | 0x3D | 0x5F)) => (code as u8, 3),
                _ => return false,
            },
            byte => (byte, 1),
        };
        at += length;
        padded |= byte == b'=';
        if padded {
            if byte != b'=' {
                return false;
            }
            continue;
        }
        let Some(value) = digit_of_either(byte) else { return false };
        bits = bits << 6 | value;
        held += 6;
        if held >= 8 {
            held -= 8;
            output.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
        if !looked && output.len() >= FIRST {
            looked = true;
            if !is_text(output) {
                return false;
            }
        }
    }
    // One digit alone is no byte, and the bits behind the last byte are zeros.
    held < 6 && bits == 0 && is_text(output)
}

/// Whether bytes are text: no control characters but blanks, and mostly ASCII.
fn is_text(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(64)];
    let plain = head.iter().filter(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')).count();
    // The other half of UTF-16.
    let nuls = head.iter().filter(|&&byte| byte == 0).count();
    !head.is_empty()
        && (plain + head.len() / 4 >= head.len() && nuls == 0
            || nuls * 2 + 2 >= head.len() && plain + nuls == head.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::Deadline;

    fn decoded(text: &[u8]) -> Option<Vec<u8>> {
        let mut output = vec![];
        let effect = wrapping_decode(text, &mut output, &mut Stride::new(&mut Deadline::unlimited(), 1));
        (effect == Effect::Changed).then_some(output)
    }

    #[test]
    fn unwraps_texts() {
        for (text, expected) in [
            (&b"PHNjcmlwdD4="[..], &b"<script>"[..]),
            (b"PHNjcmlwdD4", b"<script>"),
            (b"PHNjcmlwdD4%3D", b"<script>"),
            (b"UEhOamNtbHdkRDQ9", b"<script>"),
            (b"Pz8/Pj4-_Pw", b"???>>>\xfc\xfc"),
            (b"3c7363726970743e", b"<script>"),
            (b"0x3C7363726970743E", b"<script>"),
            (b"PABzAD4AIAA=", b"<s> "),
        ] {
            assert_eq!(decoded(text).as_deref(), Some(expected), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn leaves_everything_else() {
        for text in [
            &b"d41d8cd98f00b204e9800998ecf8427e"[..],
            b"5f2b7c1e9a3d4e6f8b0a1c2d",
            b"eyJh.eyJi.c2ln",
            b"a sentence, with blanks",
            b"sessionid",
            b"PHNj",
            b"PHNjcmlwdD4=x",
            b"PHNjcmlwdD4%41",
            b"",
        ] {
            assert_eq!(decoded(text), None, "{}", text.escape_ascii());
        }
    }
}
