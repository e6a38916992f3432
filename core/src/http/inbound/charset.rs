//! Charsets: text of requests as UTF-8.
//!
//! A charset that the application ignores hides an attack from whoever honours it, and the reverse. So a decoding is
//! trusted alone only where ASCII stays ASCII; otherwise the undecoded text is judged as well, which [`Decoded::fault`]
//! asks for. Bytes that are not valid in UTF-8 stay as they are, as values are byte strings.

use encoding_rs::{Encoding, UTF_8};
use std::borrow::Cow;

/// A text, decoded as far as possible.
pub struct Decoded<'a> {
    /// The text; in UTF-8, unless it claimed to be and is not.
    pub text: Cow<'a, [u8]>,
    /// Why the undecoded text must be judged, too.
    pub fault: Option<&'static str>,
}

impl<'a> Decoded<'a> {
    fn as_it_is(text: &'a [u8]) -> Self {
        Self { text: Cow::Borrowed(text), fault: None }
    }
}

const AMBIGUOUS: &str = "a charset that can be read in two ways";

/// Decodes by a byte order mark, or else by the label of a charset.
pub fn decode<'a>(bytes: &'a [u8], label: Option<&[u8]>) -> Decoded<'a> {
    if let Some((wide, rest)) = Wide::by_mark(bytes) {
        return wide.map_or(Decoded::as_it_is(rest), |wide| wide.decode(rest));
    }
    let Some(label) = label.map(<[u8]>::to_ascii_lowercase).filter(|label| !label.is_empty()) else {
        return Decoded::as_it_is(bytes);
    };
    if let Some(wide) = Wide::by_label(&label) {
        let by_pattern = Wide::by_pattern(bytes).filter(|seen| seen.bytes == wide.bytes && !label.ends_with(b"e"));
        let wide = by_pattern.unwrap_or(wide);
        // ASCII in such an encoding has zero bytes. What has none and is UTF-8 has a wrong label.
        return match !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok() {
            true => Decoded { fault: Some("it is not in its charset"), ..Decoded::as_it_is(bytes) },
            false => wide.decode(bytes),
        };
    }
    if label == b"utf-7" || label == b"unicode-1-1-utf-7" {
        return Decoded { text: utf7(bytes), fault: Some("UTF-7") };
    }
    match Encoding::for_label_no_replacement(&label) {
        Some(encoding) if encoding == UTF_8 => Decoded::as_it_is(bytes),
        Some(encoding) => {
            let (text, malformed) = encoding.decode_without_bom_handling(bytes);
            let ambiguous = malformed || !encoding.is_single_byte() && text.as_bytes() != bytes;
            let text = match text {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            };
            Decoded { text, fault: ambiguous.then_some(AMBIGUOUS) }
        }
        None => Decoded { fault: Some("an unknown charset"), ..Decoded::as_it_is(bytes) },
    }
}

/// Decodes a format that begins with ASCII and therefore tells its encoding by where the first zero bytes are, as JSON
/// (RFC 4627, section 3) and XML.
pub fn decode_by_pattern<'a>(bytes: &'a [u8], label: Option<&[u8]>) -> Decoded<'a> {
    match Wide::by_pattern(bytes) {
        Some(wide) if Wide::by_mark(bytes).is_none() => wide.decode(bytes),
        _ => decode(bytes, label),
    }
}

/// The encodings with two or four bytes a unit.
#[derive(Clone, Copy)]
struct Wide {
    bytes: usize,
    big_endian: bool,
}

impl Wide {
    /// The encoding by its byte order mark (none for UTF-8), and the text behind that.
    fn by_mark(bytes: &[u8]) -> Option<(Option<Self>, &[u8])> {
        let marks: [(&[u8], Option<Self>); 5] = [
            (b"\xef\xbb\xbf", None),
            (b"\xff\xfe\0\0", Some(Wide { bytes: 4, big_endian: false })),
            (b"\0\0\xfe\xff", Some(Wide { bytes: 4, big_endian: true })),
            (b"\xff\xfe", Some(Wide { bytes: 2, big_endian: false })),
            (b"\xfe\xff", Some(Wide { bytes: 2, big_endian: true })),
        ];
        marks.into_iter().find_map(|(mark, wide)| Some((wide, bytes.strip_prefix(mark)?)))
    }

    fn by_pattern(bytes: &[u8]) -> Option<Self> {
        let is_zero = |at: usize| bytes.get(at).map(|byte| *byte == 0);
        let (bytes, big_endian) = match [is_zero(0), is_zero(1), is_zero(2), is_zero(3)] {
            [Some(true), Some(true), Some(true), Some(false)] => (4, true),
            [Some(false), Some(true), Some(true), Some(true)] => (4, false),
            [Some(true), Some(false), ..] => (2, true),
            [Some(false), Some(true), ..] => (2, false),
            _ => return None,
        };
        Some(Wide { bytes, big_endian })
    }

    fn by_label(label: &[u8]) -> Option<Self> {
        let name: Vec<u8> = label.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
        let (bytes, big_endian) = match &name[..] {
            b"utf16" | b"utf16le" | b"ucs2" | b"iso10646ucs2" => (2, false),
            b"utf16be" => (2, true),
            b"utf32" | b"utf32le" | b"ucs4" => (4, false),
            b"utf32be" => (4, true),
            _ => return None,
        };
        Some(Wide { bytes, big_endian })
    }

    fn decode(self, text: &[u8]) -> Decoded<'static> {
        let units = text.chunks_exact(self.bytes);
        // Two letters of ASCII are a character of Chinese, too.
        let is_printable = |byte: &u8| (b' '..=b'~').contains(byte);
        let ambiguous = self.bytes == 2 && units.clone().any(|unit| unit.iter().all(is_printable));
        let mut malformed = !units.remainder().is_empty();
        let number = |unit: &[u8]| {
            let shift = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
            if self.big_endian { unit.iter().fold(0, shift) } else { unit.iter().rev().fold(0, shift) }
        };
        let mut replaced = |character: Option<char>| {
            malformed |= character.is_none();
            character.unwrap_or(char::REPLACEMENT_CHARACTER)
        };
        let decoded: String = match self.bytes {
            2 => char::decode_utf16(units.map(|unit| number(unit) as u16)).map(|unit| replaced(unit.ok())).collect(),
            _ => units.map(|unit| replaced(char::from_u32(number(unit)))).collect(),
        };
        let fault = match (malformed, ambiguous) {
            (true, _) => Some("it is not in its charset"),
            (_, true) => Some(AMBIGUOUS),
            _ => None,
        };
        Decoded { text: Cow::Owned(decoded.into_bytes()), fault }
    }
}

/// Decodes UTF-7 (RFC 2152), which no crate for the charsets of the web knows, on purpose; frameworks do.
fn utf7(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'+') {
        return Cow::Borrowed(bytes);
    }
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'+', rest) {
        text.extend_from_slice(&rest[..at]);
        let shifted = &rest[at + 1..];
        let length = shifted.iter().take_while(|byte| sextet(**byte).is_some()).count();
        rest = &shifted[length..];
        let closed = rest.first() == Some(&b'-');
        match length {
            0 => text.push(b'+'),
            _ => shift(&shifted[..length], &mut text),
        }
        rest = &rest[usize::from(closed)..];
    }
    text.extend_from_slice(rest);
    Cow::Owned(text)
}

/// Adds the text of a shifted sequence: UTF-16 in Base64.
fn shift(sequence: &[u8], text: &mut Vec<u8>) {
    let (mut bits, mut held, mut units) = (0u32, 0, Vec::new());
    for sextet in sequence.iter().filter_map(|byte| sextet(*byte)) {
        bits = bits << 6 | u32::from(sextet);
        held += 6;
        if held >= 16 {
            held -= 16;
            units.push((bits >> held) as u16);
            bits &= (1 << held) - 1;
        }
    }
    text.extend_from_slice(String::from_utf16_lossy(&units).as_bytes());
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_marks() {
        for (bytes, label, expected, trusted) in [
            (&b"a\xff"[..], "", &b"a\xff"[..], true),
            (b"\xef\xbb\xbfa", "", b"a", true),
            (b"\xff\xfea\0", "utf-8", b"a", true),
            (b"\xfe\xff\0a", "", b"a", true),
            (b"\xff\xfe\0\0a\0\0\0", "", b"a", true),
            (b"\0\0\xfe\xff\0\0\0a", "", b"a", true),
            (b"a\0b\0", "UTF-16", b"ab", true),
            (b"\0a\0b", "utf-16be", b"ab", true),
            (b"\0a\0b", "utf-16", b"ab", true),
            (b"a\0\0\0", "utf-32", b"a", true),
            (b"ab", "utf-16", b"ab", false),
            (b"a\0bc", "utf-16", "a\u{6362}".as_bytes(), false),
            (b"a\0b", "utf-16le", b"a", false),
            (b"\0\xd8", "utf-16le", "\u{fffd}".as_bytes(), false),
            (b"\xe9", "latin1", "é".as_bytes(), true),
            (b"\x82\xa0<", "Shift_JIS", "あ<".as_bytes(), false),
            (b"\x1b$B$\"", "iso-2022-jp", "あ".as_bytes(), false),
            (b"x+ADw-script+AD4-+-", "utf-7", b"x<script>+", false),
            (b"+ADw", "UTF-7", b"<", false),
            (b"\x4c", "ibm037", b"\x4c", false),
        ] {
            let Decoded { text, fault } = decode(bytes, Some(label.as_bytes()));
            assert_eq!((&*text, fault.is_none()), (expected, trusted), "{} in {label}", bytes.escape_ascii());
        }
    }

    #[test]
    fn patterns_of_zero_bytes() {
        for (bytes, expected) in [
            (&b"{\0}\0"[..], &b"{}"[..]),
            (b"\0{\0}", b"{}"),
            (b"{\0\0\0}\0\0\0", b"{}"),
            (b"\0\0\0{\0\0\0}", b"{}"),
            (b"{}", b"{}"),
            (b"\xff\xfe{\0}\0", b"{}"),
        ] {
            assert_eq!(&*decode_by_pattern(bytes, None).text, expected, "{}", bytes.escape_ascii());
        }
    }
}
