//! `.` and `..` in paths.
//!
//! This follows the reference, not a correct path normaliser: `//` stays, a `..` without a parent directory is a
//! directory like any other until the next `..` removes it, and a text whose only removable segments are `.` at the
//! very end is left unchanged.

use memchr::{memchr, memchr_iter};

use super::step::Effect;
use crate::support::Stride;

/// Removes `.` segments and resolves `..` segments.
pub(super) fn normalize_path(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    if resolve_dots(input, output, stride, |byte| byte) { Effect::Changed } else { Effect::Kept }
}

/// The same, after turning every `\` into `/`.
pub(super) fn normalize_path_win(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    let slash = |byte| if byte == b'\\' { b'/' } else { byte };
    if resolve_dots(input, output, stride, slash) {
        return Effect::Changed;
    }
    if memchr(b'\\', input).is_none() {
        return Effect::Kept;
    }
    output.clear();
    output.extend(input.iter().map(|&byte| slash(byte)));
    Effect::Changed
}

/// Resolves the dots of `input`, read through `map`, into `output`; false if there is nothing to resolve.
fn resolve_dots(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>, map: impl Fn(u8) -> u8) -> bool {
    let at = |index: usize| input.get(index).map(|&byte| map(byte));
    let before = |index: usize, back: usize| index.checked_sub(back).and_then(at);
    // A dot that could be the end of a `.` or `..` segment.
    let ends_segment = |dot: usize| matches!(at(dot + 1), None | Some(b'/'));
    let is_current = |dot: usize| matches!(before(dot, 1), None | Some(b'/'));
    let is_parent = |dot: usize| before(dot, 1) == Some(b'.') && before(dot, 2) == Some(b'/');

    let mut dots = memchr_iter(b'.', input).take_while(|&dot| !stride.is_over(dot));
    let first = dots.find(|&dot| ends_segment(dot) && (is_current(dot) || is_parent(dot)));
    let Some(mut read) = first else { return false };
    output.extend(input.iter().take(read).map(|&byte| map(byte)));

    let mut modified = false;
    while let Some(byte) = at(read).filter(|_| !stride.is_over(read)) {
        if byte == b'.' && ends_segment(read) {
            if is_current(read) {
                read += 2;
                continue;
            }
            if is_parent(read) {
                remove_last_segment(output);
                modified = true;
                read += 2;
                continue;
            }
        }
        modified |= output.len() < read;
        output.push(byte);
        read += 1;
    }
    modified
}

/// `/a/b/.` becomes `/a/`; climbing above the root stops at `/`.
fn remove_last_segment(output: &mut Vec<u8>) {
    let before_dots = output.len().saturating_sub(3);
    let parent = output.iter().take(before_dots + 1).rposition(|&byte| byte == b'/').unwrap_or(0);
    output.truncate(parent);
    output.push(b'/');
}
