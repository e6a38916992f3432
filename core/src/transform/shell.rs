//! What a shell removes or ignores: quotes, escapes, blanks, letter case (on Windows).

use super::step::{Effect, is_blank};
use crate::support::Stride;

/// Removes quoting, folds case and normalises separators, from the first byte on that requires it.
pub(super) fn shell_unescape(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    let kind_after = |index: usize| input.get(index + 1).map(|&next| KINDS[usize::from(next)]);
    let absorbed = |index: usize| kind_after(index).is_some_and(|kind| kind & ABSORBS != 0);
    let is_reason = |index: usize, byte: u8| match KINDS[usize::from(byte)] {
        kind if kind & REASON == 0 => false,
        kind if kind & BLANK != 0 => absorbed(index),
        kind if kind & SEPARATOR != 0 => kind_after(index).is_some(),
        _ => true,
    };
    let stops = |(index, &byte): (usize, &u8)| is_reason(index, byte) || stride.is_over(index);
    let Some(start) = input.iter().enumerate().position(stops) else { return Effect::Kept };

    output.reserve(input.len());
    output.extend_from_slice(&input[..start]);
    for (index, &byte) in input.iter().enumerate().skip(start) {
        if stride.is_over(index) {
            return Effect::Kept;
        }
        let kind = KINDS[usize::from(byte)];
        if kind & (BLANK | SEPARATOR | QUOTING) == 0 {
            output.push(byte.to_ascii_lowercase());
        } else if kind & QUOTING == 0 && !absorbed(index) {
            output.push(b' ');
        }
    }
    Effect::Changed
}

// The meanings of a byte here, as bits.
const UPPER: u8 = 1;
const QUOTING: u8 = 1 << 1;
const BLANK: u8 = 1 << 2;
/// `,` or `;`.
const SEPARATOR: u8 = 1 << 3;
/// A separator or blank just before it is redundant.
const ABSORBS: u8 = 1 << 4;
/// May require a change.
const REASON: u8 = UPPER | QUOTING | BLANK | SEPARATOR;

static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < kinds.len() {
        kinds[byte] = match byte as u8 {
            b'A'..=b'Z' => UPPER,
            b'\\' | b'"' | b'\'' | b'^' => QUOTING,
            b',' | b';' => SEPARATOR | ABSORBS,
            b'(' | b'/' => ABSORBS,
            blank if is_blank(blank) => BLANK | ABSORBS,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};
