//! Words of a document: constants, numbers, and what is neither.

use crate::value::Value;

/// The value of a word, and whether it is one that common readers accept.
pub(super) fn meaning(word: &[u8]) -> (Value, bool) {
    match word {
        b"null" => (Value::null(), true),
        b"true" => (true.into(), true),
        b"false" => (false.into(), true),
        b"NaN" | b"Infinity" | b"-Infinity" => (word.into(), true),
        _ if is_number(word) => (number(word).unwrap_or_else(|| word.into()), true),
        _ => (word.into(), false),
    }
}

fn is_number(word: &[u8]) -> bool {
    fn digits(text: &[u8]) -> Option<&[u8]> {
        let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then(|| &text[count..])
    }
    let integer = word.strip_prefix(b"-").unwrap_or(word);
    let rest = match integer {
        [b'0', rest @ ..] => Some(rest),
        _ => digits(integer),
    };
    let rest = rest.and_then(|rest| match rest {
        [b'.', fraction @ ..] => digits(fraction),
        _ => Some(rest),
    });
    let rest = rest.and_then(|rest| match rest {
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => digits(exponent),
        _ => Some(rest),
    });
    rest.is_some_and(<[u8]>::is_empty)
}

/// The most decimal digits that a double tells apart.
const PRECISE: usize = 17;

/// The number, if a type holds it without losing digits.
fn number(word: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(word).ok()?;
    if let Ok(integer) = text.parse::<i64>() {
        return Some(integer.into());
    }
    if let Ok(integer) = text.parse::<u64>() {
        return Some(integer.into());
    }
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let significant = mantissa.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    let float: f64 = text.parse().ok()?;
    let lost = !float.is_finite() || float == 0.0 && significant > 0 || significant > PRECISE;
    (!lost).then(|| float.into())
}
