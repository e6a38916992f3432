//! Escapes in JavaScript strings: `\x41`, `\u0041`, `\n`, `\q`.

use memchr::memchr;

use super::step::Effect;
use super::{hex, utf8};
use crate::support::Stride;

/// Decodes `\` escapes. Any backslash is reported as a change, even one at the end, which stays.
pub(super) fn js_decode(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    if memchr(b'\\', input).is_none() {
        return Effect::Kept;
    }
    let mut rest = input;
    while let Some(plain) = memchr(b'\\', rest) {
        if stride.is_over(input.len() - rest.len()) {
            return Effect::Kept;
        }
        output.extend_from_slice(&rest[..plain]);
        rest = decode_escape(&rest[plain + 1..], output);
    }
    output.extend_from_slice(rest);
    Effect::Changed
}

/// Decodes the escape whose backslash precedes `rest`, and returns what follows it.
fn decode_escape<'t>(rest: &'t [u8], output: &mut Vec<u8>) -> &'t [u8] {
    let Some((&kind, rest)) = rest.split_first() else {
        output.push(b'\\');
        return rest;
    };
    let simple = match kind {
        b'x' => {
            // Without its digits `\x` disappears, as does `\u`.
            let Some(value) = hex::number(rest, 2) else { return rest };
            output.push(value as u8);
            return &rest[2..];
        }
        b'u' => {
            let Some(value) = hex::number(rest, 4) else { return rest };
            return push_unit(value, &rest[4..], output);
        }
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0C,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0B,
        other => other,
    };
    output.push(simple);
    rest
}

/// Writes the UTF-16 unit `value`, together with the escaped low surrogate at the start of `rest`, if there is one.
fn push_unit<'t>(value: u32, rest: &'t [u8], output: &mut Vec<u8>) -> &'t [u8] {
    if !(0xD800..0xDC00).contains(&value) {
        utf8::push_any(output, value);
        return rest;
    }
    match rest.strip_prefix(b"\\u").and_then(|digits| hex::number(digits, 4)) {
        Some(low @ 0xDC00..0xE000) => {
            utf8::push_any(output, 0x1_0000 + ((value - 0xD800) << 10) + (low - 0xDC00));
            &rest[6..]
        }
        // The high surrogate is dropped, and the second escape is decoded by itself.
        Some(_) => rest,
        None => {
            utf8::push_checked(output, value, "\\uD83D".len());
            rest
        }
    }
}
