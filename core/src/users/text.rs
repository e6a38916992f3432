//! The text of byte strings from hosts.

use std::borrow::Cow;

/// UTF-8 with replacement characters; an unpaired surrogate (three bytes in the encoding that hosts use) becomes one.
pub fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    let mut rest = bytes;
    let mut text = String::new();
    loop {
        let (valid, invalid) = match std::str::from_utf8(rest) {
            Ok(all) if text.is_empty() && rest.len() == bytes.len() => return Cow::Borrowed(all),
            Ok(all) => {
                text.push_str(all);
                return Cow::Owned(text);
            }
            Err(error) => {
                let (valid, bad) = rest.split_at(error.valid_up_to());
                let skip = match bad {
                    [0xed, 0xa0..=0xbf, 0x80..=0xbf, ..] => 3,
                    _ => error.error_len().unwrap_or(bad.len()),
                };
                (valid, bad.split_at(skip.min(bad.len())).1)
            }
        };
        text.push_str(&String::from_utf8_lossy(valid));
        text.push('\u{fffd}');
        rest = invalid;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_bytes_are_replaced() {
        assert_eq!(utf8(b"plain"), "plain");
        assert_eq!(utf8(b"\xed\xa0\x80"), "\u{fffd}");
        assert_eq!(utf8(b"a\xffb\xe2\x82"), "a\u{fffd}b\u{fffd}");
        assert_eq!(utf8(b""), "");
    }
}
