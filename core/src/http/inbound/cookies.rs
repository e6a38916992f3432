//! The header `Cookie`: `name=value; ...`.
//!
//! Frameworks disagree on the value: some undo percent-encoding, some the quoting of RFC 2109. Here a quoted value loses
//! its quotes and escapes, and percent-encoding is undone in either case.

use super::fields::Fields;
use super::percent;
use std::borrow::Cow;

/// Adds the cookies of one header. Text without `=` is the value of a cookie without a name, as in browsers.
pub fn read<'a>(header: &'a [u8], cookies: &mut Fields<'a>) {
    for cookie in header.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|cookie| !cookie.is_empty()) {
        let (name, value) = match memchr::memchr(b'=', cookie) {
            Some(at) => (cookie[..at].trim_ascii_end(), cookie[at + 1..].trim_ascii_start()),
            None => (&b""[..], cookie),
        };
        let value = match value {
            [b'"', quoted @ .., b'"'] => unescape(quoted),
            _ => Cow::Borrowed(value),
        };
        cookies.add(name, &*percent::decode(&value, false));
    }
}

/// Undoes `\"`, `\\` and `\073` (octal).
fn unescape(quoted: &[u8]) -> Cow<'_, [u8]> {
    if !quoted.contains(&b'\\') {
        return Cow::Borrowed(quoted);
    }
    let mut text = Vec::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                text.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = after;
            }
            (b'\\', [escaped, after @ ..]) => {
                text.push(*escaped);
                rest = after;
            }
            _ => text.push(byte),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[test]
    fn cookies_of_all_kinds() {
        for (header, expected) in [
            ("a=1; b=2;c=3", r#"{"a":"1","b":"2","c":"3"}"#),
            ("a=1; a=2", r#"{"a":["1","2"]}"#),
            (" a = 1 ;; =x; bare", r#"{"a":"1","":["x","bare"]}"#),
            (r#"q="a\073b\"\\"; r="x"#, r#"{"q":"a;b\"\\","r":"\"x"}"#),
            ("p=%3Cb%3E+; A=B=C", r#"{"p":"<b>+","A":"B=C"}"#),
        ] {
            let mut cookies = Fields::default();
            read(header.as_bytes(), &mut cookies);
            assert_eq!(json::to_string(&cookies.into_value()), expected, "{header}");
        }
    }
}
