//! Character references of HTML: `&#65;`, `&#x41`, `&lt;`.

use memchr::memchr;

use super::{Outcome, Stride, utf8};

/// The named references that are known, in lower case, and the byte each stands for.
const NAMED: [(&[u8], u8); 5] = [(b"lt;", b'<'), (b"gt;", b'>'), (b"amp;", b'&'), (b"quot;", b'"'), (b"nbsp;", 0xA0)];

/// Decodes numeric references, with or without `;`, and a few named ones, once.
///
/// A change that leaves the length alone (`&#0` becomes the three bytes of U+FFFD) is not claimed.
pub(super) fn html_entity_decode(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Outcome {
    if input.len() < 3 {
        return Outcome::Kept;
    }
    let mut read = 0;
    while let Some(plain) = memchr(b'&', &input[read..]) {
        if stride.is_over(read) {
            return Outcome::Kept;
        }
        output.extend_from_slice(&input[read..read + plain]);
        read += plain;
        let reference = &input[read..];
        if !may_be_known(reference) {
            output.push(b'&');
            read += 1;
        } else if let Some((code, length)) = numeric(reference, read, stride) {
            read += length;
            utf8::push_checked(output, code, read - output.len());
            read += usize::from(input.get(read) == Some(&b';'));
        } else if let Some((byte, length)) = named(reference) {
            output.push(byte);
            read += length;
        } else {
            output.push(b'&');
            read += 1;
        }
    }
    output.extend_from_slice(&input[read..]);
    if output.len() != input.len() {
        Outcome::Changed
    } else if output != input {
        Outcome::Rewritten
    } else {
        Outcome::Kept
    }
}

/// Whether a reference may be one that is decoded, by its first byte.
#[inline]
fn may_be_known(reference: &[u8]) -> bool {
    reference.get(1).is_some_and(|&first| matches!(first | 0x20, b'#' | b'l' | b'g' | b'a' | b'q' | b'n'))
}

/// The value of a numeric reference, which stands behind so many bytes, and its length up to the last digit. Values beyond
/// Unicode are all alike.
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

/// The byte a named reference stands for and its length.
fn named(reference: &[u8]) -> Option<(u8, usize)> {
    let name = reference.get(1..)?;
    NAMED.iter().find_map(|&(known, byte)| {
        let given = name.get(..known.len())?;
        // Setting bit 5 folds letters, and makes a `;` of ESC as the reference does.
        let same = given.iter().zip(known).all(|(given, known)| given | 0x20 == *known);
        same.then_some((byte, 1 + known.len()))
    })
}
