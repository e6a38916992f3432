//! Comments of SQL, C, shells and HTML.

use memchr::memmem;

use super::step::Effect;
use crate::support::Stride;

/// Removes comments without a replacement. An unterminated one ends the text, and so do `--`, `#` and `//`: the rest of
/// the text is removed, not of the line.
pub(super) fn remove_comments(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    let mut rest = input;
    while let Some((start, comment)) = next_comment(rest, input.len() - rest.len(), stride) {
        output.extend_from_slice(&rest[..start]);
        let end = match comment {
            Comment::ToEnd => None,
            Comment::Until { opener, closer } => {
                let body = start + opener;
                memmem::find(&rest[body..], closer).map(|length| body + length + closer.len())
            }
        };
        match end {
            Some(end) => rest = &rest[end..],
            None => return Effect::Changed,
        }
    }
    if rest.len() == input.len() {
        return Effect::Kept;
    }
    output.extend_from_slice(rest);
    Effect::Changed
}

enum Comment {
    ToEnd,
    /// From an opener of this many bytes to a closer.
    Until {
        opener: usize,
        closer: &'static [u8],
    },
}

/// The next comment in a text, of which `before` bytes precede, and its offset.
fn next_comment(text: &[u8], before: usize, stride: &mut Stride<'_>) -> Option<(usize, Comment)> {
    let mut from = 0;
    loop {
        let next =
            |(at, byte): (usize, &u8)| matches!(byte, b'<' | b'-' | b'#' | b'/') || stride.is_over(before + from + at);
        let start = from + text[from..].iter().enumerate().position(next)?;
        match &text[start..] {
            [b'<', b'!', b'-', b'-', ..] => return Some((start, Comment::Until { opener: 4, closer: b"-->" })),
            [b'/', b'*', ..] => return Some((start, Comment::Until { opener: 2, closer: b"*/" })),
            [b'#', ..] | [b'-', b'-', ..] | [b'/', b'/', ..] => return Some((start, Comment::ToEnd)),
            _ if stride.is_over(before + start) => return None,
            _ => from = start + 1,
        }
    }
}
