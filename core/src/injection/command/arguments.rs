//! What follows the name of a program, and what it says about the text.

use super::word::is_blank_expansion;

/// What follows the name of a program, up to the next separator.
pub(super) struct Arguments {
    pub(super) none: bool,
    /// An option, a path, an address or the like, which no prose has after a word.
    pub(super) strange: bool,
    /// One or two words of letters.
    pub(super) few: bool,
    /// A blank written as an expansion.
    pub(super) expanded: bool,
    /// Whether they are separated from the name.
    pub(super) separate: bool,
}

impl Arguments {
    pub(super) fn read(after: &[u8]) -> Self {
        let line = &after[..after.len().min(300)];
        // The rest is another segment's: to read all of it for each segment would be quadratic in their number.
        let end = line.iter().position(|&byte| matches!(byte, b';' | b'\n' | b'\r' | b'`' | b'|' | b'&' | b')'));
        let expanded = line.starts_with(b"$") && is_blank_expansion(line);
        let arguments = line[..end.unwrap_or(line.len())].trim_ascii();
        // The quote that the value broke out of.
        let arguments = if matches!(arguments, [b'\'' | b'"']) { &[] } else { arguments };
        let first = arguments.split(u8::is_ascii_whitespace).find(|part| !part.is_empty());
        let directly = line.first().is_some_and(|&byte| matches!(byte, b'<' | b'>'));
        let blank_before = line.first().is_none_or(|&byte| byte.is_ascii_whitespace() || matches!(byte, b';' | b'`'))
            || expanded
            || directly;
        let strange = blank_before && first.is_some_and(is_strange);
        let few = blank_before && arguments.split(u8::is_ascii_whitespace).filter(|part| !part.is_empty()).count() <= 2;
        Self { none: arguments.is_empty(), few, strange, expanded, separate: blank_before }
    }
}

fn is_strange(argument: &[u8]) -> bool {
    match argument {
        [b'-', next, ..] => next.is_ascii_alphanumeric() || *next == b'-',
        [b'/', next, ..] => next.is_ascii_alphanumeric() || matches!(next, b'*' | b'?' | b'.' | b'\''),
        [b'.' | b'~' | b'$' | b'<' | b'>' | b'*' | b'%' | b'\\', _, ..] | [b'/' | b'*'] => true,
        [b'2', b'>', ..] => true,
        [b'0'..=b'9', ..] => true,
        [b'"' | b'\'', ..] => true,
        [letter, b':'] | [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic() => true,
        _ => {
            memchr::memmem::find(argument, b"://").is_some()
                || memchr::memchr2(b'=', b'$', argument).is_some()
                || argument
                    .iter()
                    .skip(1)
                    .take(argument.len().saturating_sub(2))
                    .any(|&byte| matches!(byte, b'.' | b'/' | b'@' | b'\'' | b'"'))
        }
    }
}
