//! Percent-decoding, once or repeatedly.

use memchr::memchr2;

use super::step::Effect;
use super::{hex, utf8};
use crate::support::Stride;

/// `+` to space and `%XX` to a byte, once; malformed `%` stays.
pub(super) fn url_decode(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    let Some(mut read) = memchr2(b'%', b'+', input) else { return Effect::Kept };
    let mut changed = false;
    output.extend_from_slice(&input[..read]);
    while let Some(&byte) = input.get(read) {
        if stride.is_over(read) {
            return Effect::Kept;
        }
        let (decoded, length) = match byte {
            b'+' => (b' ', 1),
            b'%' => match hex::number(&input[read + 1..], 2) {
                Some(value) => (value as u8, 3),
                None => (b'%', 1),
            },
            _ => (byte, 1),
        };
        changed |= length > 1 || decoded != byte;
        output.push(decoded);
        read += length;
    }
    if changed { Effect::Changed } else { Effect::Kept }
}

/// The same plus `%uXXXX`, repeated until the text no longer changes.
///
/// Repeated passes would be quadratic for `%2525...`. One pass that looks back yields the same text: the only `%` of an
/// escape is its first byte, so no two escapes overlap, and the order in which they are decoded does not matter.
/// `output` never contains a complete escape; a byte appended to it can complete only one at the very end, and decoding
/// that shortens the output.
pub(super) fn url_decode_iis(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    let Some(start) = memchr2(b'%', b'+', input) else { return Effect::Kept };
    let mut changed = false;
    output.extend_from_slice(&input[..start]);
    // The number of bytes at the end of the output that cannot begin an escape; from `LONG` on, plain text is copied in
    // bulk.
    let mut plain = LONG;
    let mut read = start;
    while read < input.len() {
        if plain >= LONG {
            let rest = &input[read..];
            let run = memchr2(b'%', b'+', rest).unwrap_or(rest.len());
            output.extend_from_slice(&rest[..run]);
            read += run;
        } else if let Some(&byte) = input.get(read)
            && hex::digit(byte).is_none()
            && byte != b'%'
            && byte != b'+'
        {
            // This byte does not end an escape, nor can the next one end an escape that begins before it.
            plain = if matches!(byte, b'u' | b'U') { plain + 1 } else { LONG };
            output.push(byte);
            read += 1;
            continue;
        }
        if stride.is_over(read) {
            return Effect::Kept;
        }
        let Some(&next) = input.get(read) else { break };
        read += 1;
        let mut byte = next;
        loop {
            if byte == b'+' {
                byte = b' ';
                changed = true;
            }
            output.push(byte);
            plain = if byte == b'%' { 0 } else { plain + 1 };
            let Some((code, length)) = escape_at_end(output) else { break };
            (changed, plain) = (true, 0);
            output.truncate(output.len() - length);
            match u8::try_from(code) {
                // A single byte may complete an escape in turn.
                Ok(decoded) if length == SHORT || decoded < 0x80 => byte = decoded,
                _ => {
                    utf8::push_checked(output, code, LONG);
                    break;
                }
            }
        }
    }
    if changed { Effect::Changed } else { Effect::Kept }
}

/// Lengths of `%XX` and `%uXXXX`.
const SHORT: usize = 3;
const LONG: usize = 6;

/// The value and length of the escape that ends with the text.
fn escape_at_end(text: &[u8]) -> Option<(u32, usize)> {
    hex::digit(*text.last()?)?;
    if let Some((b"%", digits)) = text.last_chunk::<SHORT>().map(|escape| escape.split_at(1)) {
        return Some((hex::number(digits, 2)?, SHORT));
    }
    match text.last_chunk::<LONG>()?.split_at(2) {
        (b"%u" | b"%U", digits) => Some((hex::number(digits, 4)?, LONG)),
        _ => None,
    }
}
