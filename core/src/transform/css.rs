//! Escapes in CSS: `\41`, `\000041`, `\g`.

use memchr::memchr;

use super::step::{Effect, is_blank};
use super::{hex, utf8};
use crate::support::Stride;

/// An escape is up to six hexadecimal digits, followed by at most one blank, or one other byte.
const MAX_DIGITS: usize = 6;

/// Decodes `\` escapes. Any backslash is reported as a change.
pub(super) fn css_decode(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    let mut read = 0;
    while let Some(plain) = memchr(b'\\', &input[read..]) {
        if stride.is_over(read) {
            return Effect::Kept;
        }
        output.extend_from_slice(&input[read..read + plain]);
        read += plain + 1;
        let digits = input[read..].iter().take(MAX_DIGITS).map_while(|&byte| hex::digit(byte));
        let (count, code) = digits.fold((0, 0), |(count, code), digit| (count + 1, code << 4 | digit));
        if count > 0 {
            read += count;
            utf8::push_checked(output, code, read - output.len());
            read += usize::from(input.get(read).is_some_and(|&byte| is_blank(byte)));
        } else if let Some(&escaped) = input.get(read) {
            // An escaped newline continues the line.
            output.extend((escaped != b'\n').then_some(escaped));
            read += 1;
        }
    }
    if read == 0 {
        return Effect::Kept;
    }
    output.extend_from_slice(&input[read..]);
    Effect::Changed
}
