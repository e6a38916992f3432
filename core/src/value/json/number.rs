//! Parsing numbers, exact to the last bit of the reference.
//!
//! The reference accumulates digits in a 64-bit integer, switches to double arithmetic when they no longer fit, and
//! scales once by a power of ten. About one long decimal in eight therefore differs from the nearest double in the last
//! bit, and events print those digits, so the same steps are followed here.

use once_cell::race::OnceBox;

/// The value of a number token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

/// The doubles nearest to 10^0 ..= 10^308.
static POWERS: OnceBox<Vec<f64>> = OnceBox::new();

/// Parses the number at the start of `text` and returns its length in bytes; `None` if it is malformed or too large.
pub(super) fn parse(text: &[u8]) -> Option<(Number, usize)> {
    let mut cursor = Cursor { text, at: 0 };
    let negative = cursor.take(b'-');
    let limit = if negative { 1 << 63 } else { u64::MAX };

    let mut integer = u64::from(cursor.digit()?);
    let mut significant = 0;
    let mut double = None;
    if integer != 0 {
        while let Some(digit) = cursor.digit() {
            double = match double {
                Some(d) => Some(d * 10.0 + f64::from(digit)),
                None => match integer.checked_mul(10).and_then(|i| i.checked_add(digit.into())) {
                    Some(i) if i <= limit => {
                        integer = i;
                        significant += 1;
                        None
                    }
                    _ => Some(integer as f64 * 10.0 + f64::from(digit)),
                },
            };
        }
    }

    let mut scale = 0i64;
    if cursor.take(b'.') {
        let start = cursor.at;
        if double.is_none() {
            while integer <= 0x1F_FFFF_FFFF_FFFF {
                let Some(digit) = cursor.digit() else { break };
                integer = integer * 10 + u64::from(digit);
                scale -= 1;
                significant += i32::from(integer != 0);
            }
        }
        let mut d = double.unwrap_or(integer as f64);
        while let Some(digit) = cursor.digit() {
            if significant < 17 {
                d = d * 10.0 + f64::from(digit);
                scale -= 1;
                significant += i32::from(d > 0.0);
            }
        }
        if cursor.at == start {
            return None;
        }
        double = Some(d);
    }

    if cursor.take(b'e') || cursor.take(b'E') {
        double.get_or_insert(integer as f64);
        scale += exponent(&mut cursor, scale)?;
    }

    let number = match double {
        None if negative => Number::Signed((integer as i64).wrapping_neg()),
        None => Number::Unsigned(integer),
        Some(d) => {
            let d = if scale < -308 { power(power(d, -308), scale + 308) } else { power(d, scale) };
            if d > f64::MAX {
                return None;
            }
            Number::Float(if negative { -d } else { d })
        }
    };
    Some((number, cursor.at))
}

/// The signed exponent; refuses positive ones that are out of range, and clamps negative ones that are too small to
/// matter.
fn exponent(cursor: &mut Cursor<'_>, scale: i64) -> Option<i64> {
    let negative = if cursor.take(b'+') { false } else { cursor.take(b'-') };
    let mut exponent = i64::from(cursor.digit()?);
    while let Some(digit) = cursor.digit() {
        if negative && exponent > (scale + 2_147_483_639) / 10 {
            continue;
        }
        exponent = exponent * 10 + i64::from(digit);
        if !negative && exponent > 308 - scale {
            return None;
        }
    }
    Some(if negative { -exponent } else { exponent })
}

fn power(d: f64, exponent: i64) -> f64 {
    let powers = || {
        POWERS.get_or_init(|| Box::new((0..=308).map(|k| format!("1e{k}").parse().unwrap_or(f64::INFINITY)).collect()))
    };
    match exponent {
        ..-308 => 0.0,
        -308..0 => d / powers()[-exponent as usize],
        0..=308 => d * powers()[exponent as usize],
        _ => f64::INFINITY,
    }
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn take(&mut self, byte: u8) -> bool {
        let there = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(there);
        there
    }

    fn digit(&mut self) -> Option<u8> {
        let digit = self.text.get(self.at)?.wrapping_sub(b'0');
        (digit <= 9).then(|| {
            self.at += 1;
            digit
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Number::*, parse};

    #[test]
    fn tokens_are_typed_by_sign_and_range() {
        let table = [
            ("127", Unsigned(127)),
            ("-1", Signed(-1)),
            ("-0", Signed(0)),
            ("1.0", Float(1.0)),
            ("1e2", Float(100.0)),
            ("18446744073709551615", Unsigned(u64::MAX)),
            ("18446744073709551616", Float(18446744073709551616.0)),
            ("-9223372036854775808", Signed(i64::MIN)),
            ("-9223372036854775809", Float(-9223372036854775808.0)),
            ("123456789012345678901234567890", Float(1.2345678901234566e29)),
            ("1.7976931348623157e308", Float(f64::MAX)),
            ("1e-400", Float(0.0)),
            ("0e308", Float(0.0)),
        ];
        for (text, number) in table {
            assert_eq!(parse(text.as_bytes()), Some((number, text.len())), "{text}");
        }
        assert!(matches!(parse(b"-0.0"), Some((Float(z), 4)) if z == 0.0 && z.is_sign_negative()));
    }

    #[test]
    fn malformed_and_huge_tokens_are_refused() {
        for text in ["-", "", ".5", "1.", "1e", "1e+", "1e309", "0e309", "1.7976931348623159e308"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(b"01"), Some((Unsigned(0), 1)));
    }
}
