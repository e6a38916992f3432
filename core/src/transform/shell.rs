//! What a shell drops or does not care about: quotes, escapes, blanks, letter case (for Windows).

use super::{Outcome, is_blank};

/// Drops quoting, folds case and evens out separators, from the first byte on that gives a reason to.
pub(super) fn shell_unescape(input: &[u8], output: &mut Vec<u8>) -> Outcome {
    let next_after = |index: usize| input.get(index + 1).copied();
    let is_reason = |index: usize, byte: u8| match byte {
        b'A'..=b'Z' => true,
        b',' | b';' => next_after(index).is_some(),
        _ if is_blank(byte) => next_after(index).is_some_and(absorbs_separator),
        _ => is_quoting(byte),
    };
    let Some(start) = (0..).zip(input).position(|(index, &byte)| is_reason(index, byte)) else { return Outcome::Kept };

    output.extend_from_slice(&input[..start]);
    for (index, &byte) in input.iter().enumerate().skip(start) {
        if is_quoting(byte) {
            continue;
        }
        if !is_blank(byte) && !matches!(byte, b',' | b';') {
            output.push(byte.to_ascii_lowercase());
        } else if !next_after(index).is_some_and(absorbs_separator) {
            output.push(b' ');
        }
    }
    Outcome::Changed
}

fn is_quoting(byte: u8) -> bool {
    matches!(byte, b'\\' | b'"' | b'\'' | b'^')
}

/// Whether a separator just before `byte` says nothing.
fn absorbs_separator(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b',' | b';' | b'(' | b'/')
}
