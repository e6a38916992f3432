//! `equals`: a scalar against a configured value.
//!
//! Nothing is converted: each type of parameter tests only certain types of data, and integers compare by their
//! mathematical value whatever their signedness.

use super::operator::{Highlight, Operator, Scalar, ScalarMatcher, Tested, hit};
use crate::fields::read;
use crate::fields::refusal::concat;
use crate::fields::{Fields, Refusal};
use crate::pattern::PatternCache;
use crate::support::{Deadline, Expired};

/// The operator's name.
pub const NAME: &str = "equals";

/// Reads the operator's parameters.
pub fn read(parameters: &Fields<'_>, _patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    let kind = parameters.required("type", read::text)?;
    let equals = match &kind[..] {
        b"string" => Equals::String(parameters.required("value", read::text)?[..].into()),
        b"boolean" => Equals::Bool(parameters.required("value", read::boolean)?),
        b"unsigned" => Equals::Unsigned(parameters.required("value", read::unsigned)?),
        b"signed" => Equals::Signed(parameters.required("value", read::signed)?),
        b"float" => {
            let expected = parameters.required("value", read::double)?;
            let delta = parameters.optional("delta", read::double)?.unwrap_or(Equals::DEFAULT_DELTA);
            Equals::Float { expected, delta }
        }
        _ => return Err(Refusal::error(concat(&[b"invalid type for matcher equals ", &kind]))),
    };
    Ok(ScalarMatcher::fixed(equals))
}

impl Operator for Equals {
    fn name(&self) -> &'static str {
        NAME
    }

    fn find(&self, text: &[u8], _deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        let matched = self.holds(Scalar::String { text, in_block: true });
        Ok(matched.is_some_and(|matched| matched).then_some(Highlight::Nothing))
    }

    fn test(&self, value: Scalar<'_>, _deadline: &mut Deadline) -> Result<Tested, Expired> {
        Ok(self.holds(value).map(hit))
    }
}

/// `equals`, with its parameter.
#[derive(Debug, Clone, PartialEq)]
enum Equals {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float {
        expected: f64,
        /// The largest difference between equal values.
        delta: f64,
    },
    String(Box<[u8]>),
}

impl Equals {
    /// The default `delta` of a float parameter.
    const DEFAULT_DELTA: f64 = 0.01;

    /// Whether `value` equals the parameter; `None` if values of its type are not tested.
    fn holds(&self, value: Scalar<'_>) -> Option<bool> {
        Some(match (self, value) {
            (Self::Bool(expected), Scalar::Bool(value)) => *expected == value,
            (Self::String(expected), Scalar::String { text, .. }) => **expected == *text,
            (Self::Float { expected, delta }, Scalar::Float(value)) => (expected - value).abs() < *delta,
            (Self::Signed(expected), Scalar::Signed(value)) => *expected == value,
            (Self::Signed(expected), Scalar::Unsigned(value)) => i128::from(*expected) == i128::from(value),
            (Self::Unsigned(expected), Scalar::Signed(value)) => i128::from(*expected) == i128::from(value),
            (Self::Unsigned(expected), Scalar::Unsigned(value)) => *expected == value,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_looks_at_its_own_types_only() {
        let float = |expected| Equals::Float { expected, delta: Equals::DEFAULT_DELTA };
        for (equals, value, expected) in [
            (Equals::Unsigned(5), Scalar::Unsigned(5), Some(true)),
            (Equals::Unsigned(5), Scalar::Signed(5), Some(true)),
            (Equals::Unsigned(u64::MAX), Scalar::Signed(-1), Some(false)),
            (Equals::Signed(-1), Scalar::Unsigned(u64::MAX), Some(false)),
            (Equals::Signed(-1), Scalar::Signed(-1), Some(true)),
            (Equals::Unsigned(5), Scalar::Float(5.0), None),
            (Equals::Unsigned(5), Scalar::String { text: b"5", in_block: true }, None),
            (Equals::Unsigned(1), Scalar::Bool(true), None),
            (float(5.0), Scalar::Float(5.01), Some(true)),
            (float(5.0), Scalar::Float(4.99), Some(true)),
            (float(5.0), Scalar::Float(5.011), Some(false)),
            (float(0.0), Scalar::Float(0.01), Some(false)),
            (float(0.0), Scalar::Float(-0.0), Some(true)),
            (float(5.0), Scalar::Float(f64::NAN), Some(false)),
            (float(f64::INFINITY), Scalar::Float(f64::INFINITY), Some(false)),
            (Equals::Float { expected: 1.0, delta: 0.0 }, Scalar::Float(1.0), Some(false)),
            (Equals::Float { expected: 1.0, delta: -1.0 }, Scalar::Float(1.0), Some(false)),
            (float(5.0), Scalar::Unsigned(5), None),
            (Equals::Bool(true), Scalar::Bool(true), Some(true)),
            (Equals::Bool(true), Scalar::Bool(false), Some(false)),
            (Equals::Bool(true), Scalar::String { text: b"true", in_block: true }, None),
            (Equals::String(Box::from(*b"")), Scalar::String { text: b"", in_block: true }, Some(true)),
            (Equals::String(Box::from(*b"a")), Scalar::String { text: b"A", in_block: true }, Some(false)),
        ] {
            assert_eq!(equals.holds(value), expected, "{equals:?} {value:?}");
        }
    }
}
