//! Percent-encoding, undone byte by byte.
//!
//! The crates for this return text and replace what is not UTF-8, which would hide bytes from rules.

use std::borrow::Cow;

/// Decodes `%XX`, and `+` to a space if `plus` says so. A percent sign without two digits stays.
pub fn decode(text: &[u8], plus: bool) -> Cow<'_, [u8]> {
    let is_coded = |byte: &u8| *byte == b'%' || plus && *byte == b'+';
    let Some(first) = text.iter().position(is_coded) else { return Cow::Borrowed(text) };
    let mut decoded = Vec::with_capacity(text.len());
    decoded.extend_from_slice(&text[..first]);
    let mut rest = &text[first..];
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'+', _) if plus => decoded.push(b' '),
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(digit(*high) << 4 | digit(*low));
                rest = after;
            }
            _ => decoded.push(byte),
        }
    }
    Cow::Owned(decoded)
}

/// The value of a hexadecimal digit.
fn digit(digit: u8) -> u8 {
    (digit as char).to_digit(16).unwrap_or_default() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_code_stays() {
        for (text, plus, expected) in [
            (&b"a%20b+c"[..], true, &b"a b c"[..]),
            (b"a%20b+c", false, b"a b+c"),
            (b"%", true, b"%"),
            (b"%4", true, b"%4"),
            (b"%zz%41", true, b"%zzA"),
            (b"%%41", true, b"%A"),
            (b"%00%c0%af%ff", true, b"\x00\xc0\xaf\xff"),
            (b"%u0041", true, b"%u0041"),
            (b"%2541", true, b"%41"),
        ] {
            assert_eq!(decode(text, plus), expected, "{}", text.escape_ascii());
        }
    }
}
