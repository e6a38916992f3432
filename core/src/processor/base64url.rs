//! The base64url of token segments, with the leniency of the reference.
//!
//! Padding may be missing, or be up to what completes the last group (four characters after a complete group). A last
//! group of one digit still yields a byte, and zero bits beyond the last whole byte yield nothing: the decoded text ends
//! where its leftover bits end.

/// Marks bytes that are not digits.
const NONE: u8 = 0xFF;

static DIGITS: [u8; 256] = {
    let mut table = [NONE; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut value = 0;
    while value < alphabet.len() {
        table[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    table
};

/// The decoded bytes, or `None` where the text is malformed.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let length = text.iter().position(|&byte| digit(byte) == NONE).unwrap_or(text.len());
    let (digits, padding) = text.split_at(length);
    let allowed = match length % 4 {
        1 => 0,
        rest => 4 - rest,
    };
    if padding.len() > allowed || padding.iter().any(|&byte| byte != b'=') {
        return None;
    }

    let (groups, rest) = digits.as_chunks::<4>();
    let mut decoded = Vec::with_capacity(groups.len() * 3 + 3);
    decoded.resize(groups.len() * 3, 0);
    for (bytes, group) in decoded.as_chunks_mut::<3>().0.iter_mut().zip(groups) {
        *bytes = bytes_of(group);
    }
    if !rest.is_empty() {
        let [first, second, third] = bytes_of(rest);
        decoded.push(first);
        if rest.len() > 1 && (second != 0 || third != 0) {
            decoded.push(second);
        }
        if rest.len() > 2 && third != 0 {
            decoded.push(third);
        }
    }
    Some(decoded)
}

#[inline]
fn digit(byte: u8) -> u8 {
    DIGITS[usize::from(byte)]
}

/// The three bytes of up to four digits, filled up with zero bits.
#[inline]
fn bytes_of(digits: &[u8]) -> [u8; 3] {
    let bits = (0..4).fold(0, |bits, place| bits << 6 | digits.get(place).map_or(0, |&byte| u32::from(digit(byte))));
    [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn padding_and_leftover_bits() {
        for (text, expected) in [
            ("", Some(&b""[..])),
            ("e30", Some(b"{}")),
            ("e30=", Some(b"{}")),
            ("e30==", None),
            ("MTIz", Some(b"123")),
            ("MTIz====", Some(b"123")),
            ("MTIz=====", None),
            ("MQ==", Some(b"1")),
            ("MQ===", None),
            ("M", Some(b"0")),
            ("M=", None),
            ("MTIzM", Some(b"1230")),
            ("MR", Some(b"1\x10")),
            ("AAA", Some(b"\0")),
            ("_-8", Some(b"\xff\xef")),
            ("/+8", None),
            ("e3=0", None),
            ("e30\0", None),
        ] {
            assert_eq!(decode(text.as_bytes()).as_deref(), expected, "{text:?}");
        }
    }
}
