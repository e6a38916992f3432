//! The text of host values: what a number, a boolean or a byte string becomes in a tag.
//!
//! Each host language prints floats its own way, and tags must read the same whether the tracer or this crate wrote them, so
//! the style is an argument. The digits are the same everywhere (the shortest that read back to the same number); only the
//! point where the exponent appears and the names of the non-finite values differ.

use std::borrow::Cow;

/// How floats are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FloatStyle {
    /// `1.0`, `1e+16`, `1e-05`, `nan`, `inf`
    #[default]
    Python,
    /// `1`, `10000000000000000`, `0.00001`, `NaN`, `Infinity`
    JavaScript,
}

/// UTF-8 with replacement characters; an unpaired surrogate (three bytes in the encoding hosts use for it) becomes one.
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

/// The shortest text that reads back to the same float.
pub fn float(value: f64, style: FloatStyle) -> String {
    let python = style == FloatStyle::Python;
    if !value.is_finite() {
        let name = match (value.is_nan(), python) {
            (true, true) => "nan",
            (true, false) => "NaN",
            (false, true) => "inf",
            (false, false) => "Infinity",
        };
        return if value < 0.0 { format!("-{name}") } else { name.into() };
    }
    if value == 0.0 {
        return match (python, value.is_sign_negative()) {
            (true, true) => "-0.0".into(),
            (true, false) => "0.0".into(),
            (false, _) => "0".into(),
        };
    }
    let scientific = format!("{value:e}"); // d.ddde[-]x, the shortest digits
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let positional = if python { (-4..16).contains(&exponent) } else { (-6..21).contains(&exponent) };
    if positional {
        let text = format!("{value}"); // never an exponent
        return if python && !text.contains('.') { text + ".0" } else { text };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let width = if python { 2 } else { 1 };
    format!("{mantissa}e{sign}{:0width$}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_each_host_prints_them() {
        for (value, python, javascript) in [
            (12.5, "12.5", "12.5"),
            (1.0, "1.0", "1"),
            (-0.0, "-0.0", "0"),
            (1e16, "1e+16", "10000000000000000"),
            (1e15, "1000000000000000.0", "1000000000000000"),
            (1e21, "1e+21", "1e+21"),
            (1.5e300, "1.5e+300", "1.5e+300"),
            (0.0001, "0.0001", "0.0001"),
            (0.00001, "1e-05", "0.00001"),
            (1e-7, "1e-07", "1e-7"),
            (0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"),
            (f64::NAN, "nan", "NaN"),
            (f64::NEG_INFINITY, "-inf", "-Infinity"),
        ] {
            assert_eq!(float(value, FloatStyle::Python), python);
            assert_eq!(float(value, FloatStyle::JavaScript), javascript);
        }
    }

    #[test]
    fn invalid_bytes_are_replaced() {
        assert_eq!(utf8(b"plain"), "plain");
        assert_eq!(utf8(b"\xed\xa0\x80"), "\u{fffd}");
        assert_eq!(utf8(b"a\xffb\xe2\x82"), "a\u{fffd}b\u{fffd}");
        assert_eq!(utf8(b""), "");
    }
}
