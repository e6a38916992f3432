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

/// The decoded bytes in a buffer made for another text, or `None` where the text is malformed.
pub(super) fn decode(text: &[u8], mut decoded: Vec<u8>) -> Option<Vec<u8>> {
    let (groups, _) = text.as_chunks::<4>();
    decoded.clear();
    decoded.resize(groups.len() * 3, 0);
    let mut whole = 0;
    for (bytes, group) in decoded.as_chunks_mut::<3>().0.iter_mut().zip(groups) {
        let [a, b, c, d] = group.map(digit);
        // Only what marks no digit has this bit.
        if (a | b | c | d) & 0x80 != 0 {
            break;
        }
        *bytes = bytes_of([a, b, c, d]);
        whole += 1;
    }
    decoded.truncate(whole * 3);

    let rest = &text[whole * 4..];
    let (digits, padding) = rest.split_at(rest.iter().take_while(|&&byte| digit(byte) != NONE).count());
    let allowed = match digits.len() {
        1 => 0,
        length => 4 - length,
    };
    if padding.len() > allowed || padding.iter().any(|&byte| byte != b'=') {
        return None;
    }
    if !digits.is_empty() {
        let mut values = [0; 4];
        values.iter_mut().zip(digits).for_each(|(value, &byte)| *value = digit(byte));
        let [first, second, third] = bytes_of(values);
        decoded.push(first);
        if digits.len() > 1 && (second != 0 || third != 0) {
            decoded.push(second);
        }
        if digits.len() > 2 && third != 0 {
            decoded.push(third);
        }
    }
    Some(decoded)
}

#[inline]
fn digit(byte: u8) -> u8 {
    DIGITS[usize::from(byte)]
}

/// The three bytes of four digits.
#[inline]
fn bytes_of([a, b, c, d]: [u8; 4]) -> [u8; 3] {
    [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]
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
            assert_eq!(decode(text.as_bytes(), b"old".to_vec()).as_deref(), expected, "{text:?}");
        }
    }
}
