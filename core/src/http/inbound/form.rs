//! Queries and forms: `name=value&...`, percent-encoded (`application/x-www-form-urlencoded`).
//!
//! Every byte string is a form, so this parser cannot fail. Names stay as they are sent: `a[b]` and `a.b` mean nested
//! values to some frameworks only, and the rules on names know both ways of writing them.

use super::fields::Fields;
use super::percent;
use std::borrow::Cow;

/// The fields of a form. A name without `=` has an empty value.
pub fn read(text: &[u8]) -> Fields<'_> {
    read_with(text, |bytes| bytes)
}

/// The same with values and names that have a charset of their own behind the percent-encoding.
pub fn read_with<'a>(text: &'a [u8], decode: impl Fn(Cow<'a, [u8]>) -> Cow<'a, [u8]>) -> Fields<'a> {
    let mut fields = Fields::default();
    for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let (name, value) = split(pair);
        let part = |text| decode(percent::decode(text, true));
        fields.add(part(name), &*part(value));
    }
    fields
}

/// The two sides of the first `=`.
fn split(pair: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'=', pair) {
        Some(at) => (&pair[..at], &pair[at + 1..]),
        None => (pair, b""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[test]
    fn pairs_of_all_kinds() {
        for (form, expected) in [
            ("", "{}"),
            ("&&", "{}"),
            ("a", r#"{"a":""}"#),
            ("a=1&a=2&b=", r#"{"a":["1","2"],"b":""}"#),
            ("=x&a==y", r#"{"":"x","a":"=y"}"#),
            ("a%3D1=b%26c", r#"{"a=1":"b&c"}"#),
            ("a[b][]=1;c=2", r#"{"a[b][]":"1;c=2"}"#),
        ] {
            assert_eq!(json::to_string(&read(form.as_bytes()).into_value()), expected, "{form}");
        }
    }
}
