//! HTML character references: `&#65;`, `&#x41`, `&lt;`.

use memchr::memchr;

use super::step::Effect;
use super::utf8;
use crate::support::Stride;

/// The known named references, in lower case, and the byte each stands for.
const NAMED: [(&[u8], u8); 5] = [(b"lt;", b'<'), (b"gt;", b'>'), (b"amp;", b'&'), (b"quot;", b'"'), (b"nbsp;", 0xA0)];

/// Decodes numeric references, with or without `;`, and a few named ones, once.
///
/// A change that preserves the length (`&#0` becomes the three bytes of U+FFFD) is not reported.
pub(super) fn html_entity_decode(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    if input.len() < 3 {
        return Effect::Kept;
    }
    let mut read = 0;
    // The start of the text that was read but not copied yet.
    let mut plain = 0;
    while let Some(next) = next_reference(input, read, stride) {
        read = next;
        if stride.is_over(read) {
            return Effect::Kept;
        }
        let reference = &input[read..];
        if let Some((code, length)) = numeric(reference, read, stride) {
            output.extend_from_slice(&input[plain..read]);
            read += length;
            utf8::push_checked(output, code, read - output.len());
            read += usize::from(input.get(read) == Some(&b';'));
            plain = read;
        } else if let Some((byte, length)) = named(reference) {
            output.extend_from_slice(&input[plain..read]);
            output.push(byte);
            read += length;
            plain = read;
        } else {
            read += 1;
        }
    }
    if plain == 0 {
        return Effect::Kept;
    }
    output.extend_from_slice(&input[plain..]);
    if output.len() != input.len() {
        Effect::Changed
    } else if output != input {
        Effect::Rewritten
    } else {
        Effect::Kept
    }
}

/// The next reference that may be decoded, searched for by its first byte. The result is arbitrary once the deadline is
/// over.
#[inline]
fn next_reference(text: &[u8], from: usize, stride: &mut Stride<'_>) -> Option<usize> {
    let may_be_known = |first: u8| matches!(first | 0x20, b'#' | b'l' | b'g' | b'a' | b'q' | b'n');
    let mut at = from;
    loop {
        at += memchr(b'&', &text[at..])?;
        // A run of ampersands is not worth a search for each.
        while text.get(at + 1) == Some(&b'&') && !stride.is_over(at) {
            at += 1;
        }
        let is_over = stride.is_over(at);
        at += 1;
        if is_over || may_be_known(*text.get(at)?) {
            return Some(at - 1);
        }
    }
}

/// The value of a numeric reference, which `before` bytes precede, and its length up to the last digit. All values
/// beyond Unicode are the same.
fn numeric(reference: &[u8], before: usize, stride: &mut Stride<'_>) -> Option<(u32, usize)> {
    let (radix, prefix) = match reference {
        [b'&', b'#', b'x' | b'X', digit, ..] if digit.is_ascii_hexdigit() => (16, 3),
        [b'&', b'#', digit, ..] if digit.is_ascii_digit() => (10, 2),
        _ => return None,
    };
    let digits = reference[prefix..].iter().map_while(|&byte| char::from(byte).to_digit(radix));
    let (mut code, mut length) = (0u32, prefix);
    for digit in digits {
        code = code.saturating_mul(radix).saturating_add(digit);
        length += 1;
        if stride.is_over(before + length) {
            break;
        }
    }
    Some((code, length))
}

/// The byte of a named reference and its length.
fn named(reference: &[u8]) -> Option<(u8, usize)> {
    let name = reference.get(1..)?;
    NAMED.iter().find_map(|&(known, byte)| {
        let given = name.get(..known.len())?;
        // Setting bit 5 folds letters, and turns ESC into `;`, as in the reference.
        let same = given.iter().zip(known).all(|(given, known)| given | 0x20 == *known);
        same.then_some((byte, 1 + known.len()))
    })
}
