//! Numbers and booleans as text, the way events, ids and tags show them.

use super::{Object, View};
use std::borrow::Cow;

/// A scalar as text: strings as they are, booleans `true`/`false`, integers in decimal, floats by [`float_text`].
/// `None` for null, invalid objects and containers.
pub fn scalar_text(object: &Object) -> Option<Cow<'_, [u8]>> {
    Some(match object.view() {
        View::String(bytes) => Cow::Borrowed(bytes),
        View::Bool(true) => Cow::Borrowed(b"true"),
        View::Bool(false) => Cow::Borrowed(b"false"),
        View::Signed(value) => Cow::Owned(value.to_string().into_bytes()),
        View::Unsigned(value) => Cow::Owned(value.to_string().into_bytes()),
        View::Float(value) => Cow::Owned(float_text(value).into_bytes()),
        View::Null | View::Invalid | View::Array(_) | View::Map(_) => return None,
    })
}

/// The shortest digits that read back to the same double: plain when the decimal exponent is in -4..=15, otherwise
/// scientific with a sign and at least two exponent digits; never a trailing `.0`.
///
/// ```
/// use bartizan::value::float_text;
/// assert_eq!(float_text(5.0), "5");
/// assert_eq!(float_text(1e16), "1e+16");
/// assert_eq!(float_text(0.00001), "1e-05");
/// ```
pub fn float_text(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.into();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..=15).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::float_text;

    #[test]
    fn floats_print_as_the_reference_prints_them() {
        let table = [
            (5.0, "5"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (0.1, "0.1"),
            (1e15, "1000000000000000"),
            (9999999999999998.0, "9999999999999998"),
            (1e16, "1e+16"),
            (1.5e16, "1.5e+16"),
            (2f64.powi(63), "9.223372036854776e+18"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ];
        for (value, text) in table {
            assert_eq!(float_text(value), text);
        }
    }
}
