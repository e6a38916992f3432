//! Lenient UTF-8: attackers send text that is not quite UTF-8, which has to be decoded rather than refused.

/// Decodes the code point at the start of `bytes`: its value and its length.
///
/// Only the structure is checked, a lead byte and the right number of continuation bytes; overlong forms, surrogates
/// and values up to 1FFFFF are decoded. `None` means that the first byte begins no sequence and is to be skipped.
#[inline]
pub(super) fn decode(bytes: &[u8]) -> Option<(u32, usize)> {
    let tail = |byte: u8| (byte & 0xC0 == 0x80).then_some(u32::from(byte & 0x3F));
    match *bytes {
        [a @ 0x00..=0x7F, ..] => Some((u32::from(a), 1)),
        [a @ 0xC0..=0xDF, b, ..] => Some((u32::from(a & 0x1F) << 6 | tail(b)?, 2)),
        [a @ 0xE0..=0xEF, b, c, ..] => Some((u32::from(a & 0x0F) << 12 | tail(b)? << 6 | tail(c)?, 3)),
        [a @ 0xF0..=0xF7, b, c, d, ..] => {
            Some((u32::from(a & 0x07) << 18 | tail(b)? << 12 | tail(c)? << 6 | tail(d)?, 4))
        }
        _ => None,
    }
}

/// Appends the UTF-8 form of a code point that was written as an escape.
///
/// The reference decodes in place, so the replacement character for what is not a character (NUL, surrogates, values
/// beyond Unicode) is written only if there is `room` for it: bytes read so far minus bytes written so far.
pub(super) fn push_checked(output: &mut Vec<u8>, code: u32, room: usize) {
    match char::from_u32(code).filter(|&char| char != '\0') {
        Some(char) => push_char(output, char),
        None if room > 2 => push_char(output, char::REPLACEMENT_CHARACTER),
        None => {}
    }
}

/// Appends the UTF-8 form of a value up to 10FFFF, including surrogates.
pub(super) fn push_any(output: &mut Vec<u8>, code: u32) {
    match char::from_u32(code) {
        Some(char) => push_char(output, char),
        None => {
            let continuation = |shift: u32| (code >> shift & 0x3F) as u8 | 0x80;
            output.extend([0xE0 | (code >> 12 & 0x0F) as u8, continuation(6), continuation(0)]);
        }
    }
}

fn push_char(output: &mut Vec<u8>, char: char) {
    output.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_only_the_structure_of_sequences() {
        for (bytes, expected) in [
            (&b"a"[..], Some((0x61, 1))),
            (b"\0", Some((0, 1))),
            (b"\xC3\xA9!", Some((0xE9, 2))),
            (b"\xC1\x81", Some((0x41, 2))),
            (b"\xED\xA0\x80", Some((0xD800, 3))),
            (b"\xF4\x90\x80\x80", Some((0x11_0000, 4))),
            (b"\xF7\xBF\xBF\xBF", Some((0x1F_FFFF, 4))),
            (b"\x80", None),
            (b"\xC3", None),
            (b"\xC3a", None),
            (b"\xE0\x80", None),
            (b"\xF8\x80\x80\x80\x80", None),
            (b"", None),
        ] {
            assert_eq!(decode(bytes), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn writes_the_replacement_only_where_there_is_room() {
        let written = |code, room| {
            let mut output = Vec::new();
            push_checked(&mut output, code, room);
            output
        };
        assert_eq!(written(0xE9, 0), "é".as_bytes());
        for code in [0, 0xD800, 0xDFFF, 0x11_0000, u32::MAX] {
            assert_eq!(written(code, 3), "\u{FFFD}".as_bytes());
            assert_eq!(written(code, 2), b"");
        }
    }
}
