//! Percent-decoding, once or until nothing is left to decode.

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

/// The same plus `%uXXXX`, over and over until the text stays as it is.
///
/// Repeated passes would be quadratic for `%2525...`. One pass with a look back finds the same text: an escape has its
/// only `%` in front, so no two escapes overlap, and the order in which they are decoded does not matter. `output` never
/// holds a complete escape; a byte added to it can complete only one at the very end, and decoding that makes the
/// output shorter.
pub(super) fn url_decode_iis(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    let Some(start) = memchr2(b'%', b'+', input) else { return Effect::Kept };
    let mut changed = false;
    output.extend_from_slice(&input[..start]);
    // So many bytes at the end of the output cannot begin an escape; where none can, plain text is copied as a whole.
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
            // Neither does this end an escape, nor what comes after it one that begins before.
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
                // A lone byte may complete an escape in turn.
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

/// The value and length of the escape that ends here.
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
