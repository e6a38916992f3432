//! Attribute values that can run script: URLs, styles, and the one frame source that is exempt.

use crate::support::Stride;

/// Whether a URL has a scheme that runs or carries script.
///
/// Browsers ignore controls and white space in and before a scheme and decode character references, so this does too.
pub(super) fn is_bad_url(value: &[u8], stride: &mut Stride<'_>) -> bool {
    const SCHEMES: [&[u8]; 4] = [b"DATA", b"VIEW-SOURCE", b"JAVA", b"VBSCRIPT"];
    const LONGEST: usize = 11;
    let start = stride.run(value, 0, |byte| !(33..127).contains(&byte));
    let mut rest = &value[start..];
    let (mut scheme, mut length) = ([0; LONGEST], 0);
    while length < LONGEST && !rest.is_empty() && !stride.is_over(value.len() - rest.len()) {
        let (character, width) = decode(rest);
        rest = &rest[width..];
        if character == 0 || character == 10 || length == 0 && character <= 32 {
            continue;
        }
        let upper = if (97..=122).contains(&character) { character - 32 } else { character };
        // Only the low eight bits are compared, as in the reference.
        scheme[length] = upper as u8;
        length += 1;
    }
    SCHEMES.iter().any(|wanted| scheme[..length].starts_with(wanted))
}

/// The first character of a text and the number of bytes it takes. An invalid reference is a plain ampersand.
fn decode(text: &[u8]) -> (u32, usize) {
    const LARGEST: u32 = 0x10_00FF;
    let (base, start) = match text {
        [b'&', b'#', b'x' | b'X', ..] => (16, 3),
        [b'&', b'#', ..] => (10, 2),
        _ => return (u32::from(text[0]), 1),
    };
    let (mut character, mut end) = (0, start);
    while let Some(digit) = text.get(end).and_then(|&byte| char::from(byte).to_digit(base)) {
        character = character * base + digit;
        end += 1;
        if character > LARGEST {
            return (u32::from(b'&'), 1);
        }
    }
    if end == start {
        return (u32::from(b'&'), 1);
    }
    (character, end + usize::from(text.get(end) == Some(&b';')))
}

/// Whether a style runs script or loads something, ignoring comments.
pub(super) fn is_bad_style(value: &[u8], stride: &mut Stride<'_>) -> bool {
    let mut words = WordSearch::default();
    let mut in_comment = false;
    let mut at = 0;
    while at < value.len() && !stride.is_over(at) {
        in_comment |= value[at..].starts_with(b"/*");
        at += usize::from(value[at..].starts_with(b"/*"));
        let closes = value[at..].starts_with(b"*/");
        if closes {
            in_comment = false;
            at += 1;
        }
        // A comment around the value of a property would hide it from this check, but not from a browser.
        in_comment &= value[at] != b':';
        if !in_comment && !closes {
            match value[at] {
                0 => return false,
                byte if words.push(byte) => return true,
                _ => {}
            }
        }
        at += 1;
    }
    false
}

/// Finds `javascript`, `expression` and `url` in a stream of bytes (Shift-And): bit `i` means that the bytes so far end
/// with the first letters of a word up to letter `i` of the three words in a row.
#[derive(Default)]
struct WordSearch(u32);

impl WordSearch {
    const LETTERS: &'static [u8; 23] = b"javascriptexpressionurl";
    const FIRST: u32 = 1 | 1 << 10 | 1 << 20;
    const LAST: u32 = 1 << 9 | 1 << 19 | 1 << 22;

    /// Whether a word ends with this byte.
    fn push(&mut self, byte: u8) -> bool {
        let mut matching = 0;
        for (i, letter) in Self::LETTERS.iter().enumerate() {
            matching |= u32::from(*letter == byte) << i;
        }
        self.0 = (self.0 << 1 | Self::FIRST) & matching;
        self.0 & Self::LAST != 0
    }
}

/// Whether an `iframe` shows a page of the one video host that is exempt.
///
/// `tag` starts with the name of the tag. Attributes before `src` are skipped a few bytes at a time after each blank,
/// as in the reference, so that little more than the usual spelling is exempt.
pub(super) fn is_exempt_iframe(tag: &[u8], stride: &mut Stride<'_>) -> bool {
    const HOST: &[u8] = b"https://www.youtube.com/";
    let Some(end) = memchr::memchr(b'>', tag) else { return false };
    let tag = &tag[..end];
    let mut at = 1;
    while let Some(&byte) = tag.get(at).filter(|_| !stride.is_over(at)) {
        match byte {
            b'\\' => at += 2,
            b'"' | b'\'' => at += 1 + quoted(&tag[at + 1..], byte, &mut stride.anew()),
            b' ' => {
                at += stride.run(&tag[at..], at, |byte| byte == b' ');
                let attribute = &tag[at..];
                if !attribute.get(..3).is_some_and(|name| name.eq_ignore_ascii_case(b"src")) {
                    at += 4;
                    continue;
                }
                match &attribute[3..] {
                    [b'=', b'"', url @ ..] => return url.len() > HOST.len() && url.starts_with(HOST),
                    [b'=', ..] => at += 6,
                    _ => at += 5,
                }
            }
            _ => at += 1,
        }
    }
    false
}

/// The length of a quoted text up to and including its closing quote.
fn quoted(text: &[u8], quote: u8, stride: &mut Stride<'_>) -> usize {
    let mut at = 0;
    while let Some(&byte) = text.get(at).filter(|_| !stride.is_over(at)) {
        at += if byte == b'\\' { 2 } else { 1 };
        if byte == quote {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::Deadline;

    fn answer(of: fn(&[u8], &mut Stride<'_>) -> bool, text: &str) -> bool {
        of(text.as_bytes(), &mut Stride::new(&mut Deadline::unlimited(), 1))
    }

    #[test]
    fn urls() {
        for bad in [
            "javascript:x",
            " \tdata:1",
            "d\nata:1",
            "&#x144;ATA:",
            "&#106;ava",
            "\x01view-source:x",
            "JaVa",
            "&#0;vbscript",
        ] {
            assert!(answer(is_bad_url, bad), "{bad}");
        }
        for good in ["", "/x", "d\tata:1", "https://javascript", "&#x;java", "&#99999999;", "dat", "&java"] {
            assert!(!answer(is_bad_url, good), "{good}");
        }
    }

    #[test]
    fn styles() {
        for bad in ["url(x)", "u/**/rl", "expexpression(", "a:javascript", "/*:url"] {
            assert!(answer(is_bad_style, bad), "{bad}");
        }
        for good in ["", "x", "URL(x)", "/*url*/", "u\0rl", "ur l", "*/", "/*"] {
            assert!(!answer(is_bad_style, good), "{good}");
        }
    }

    #[test]
    fn exempt_frames() {
        let cases: &[(&str, bool)] = &[
            ("iframe src=\"https://www.youtube.com/x\">", true),
            ("iframe  SRC=\"https://www.youtube.com/x\">", true),
            ("iframe src=\"https://www.youtube.com/\">", true),
            ("iframe abcd src=\"https://www.youtube.com/x\">", true),
            ("iframe abc src=\"https://www.youtube.com/x\">", false),
            ("iframe src src=\"https://www.youtube.com/x\">", false),
            ("iframe src='https://www.youtube.com/x'>", false),
            ("iframe src=\"https://example.com/x\">", false),
            ("iframe a src=\"https://www.youtube.com/x\">", false),
            ("iframe src=\"https://www.youtube.com/x\"", false),
            ("i \\\" '\\'>", false),
        ];
        for (tag, exempt) in cases {
            assert_eq!(answer(is_exempt_iframe, tag), *exempt, "{tag}");
        }
    }
}
