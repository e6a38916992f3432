//! `greater_than` and `lower_than`: numbers against a configured bound.
//!
//! Integers compare by their mathematical value whatever their signedness. Where a float meets an integer, the integer is
//! rounded to a float.

use super::operator::{Highlight, Operator, Scalar, ScalarMatcher, Tested, hit};
use crate::fields::read;
use crate::fields::refusal::concat;
use crate::fields::{Fields, Refusal};
use crate::pattern::PatternCache;
use crate::support::{Deadline, Expired};
use std::cmp::Ordering;

/// The names of the operators.
pub const GREATER_THAN: &str = "greater_than";
#[allow(missing_docs)]
pub const LOWER_THAN: &str = "lower_than";

/// Reads the parameters of `greater_than`.
pub fn read_greater_than(parameters: &Fields<'_>, _patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    Ok(ScalarMatcher::fixed(Comparison::greater_than(bound(parameters, GREATER_THAN)?)))
}

/// Reads the parameters of `lower_than`.
pub fn read_lower_than(parameters: &Fields<'_>, _patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    Ok(ScalarMatcher::fixed(Comparison::lower_than(bound(parameters, LOWER_THAN)?)))
}

fn bound(parameters: &Fields<'_>, operator: &str) -> Result<Number, Refusal> {
    let kind = parameters.required("type", read::text)?;
    Ok(match &kind[..] {
        b"unsigned" => Number::Unsigned(parameters.required("value", read::unsigned)?),
        b"signed" => Number::Signed(parameters.required("value", read::signed)?),
        b"float" => Number::Float(parameters.required("value", read::double)?),
        _ => {
            let text = concat(&[b"invalid type for matcher ", operator.as_bytes(), b" ", &kind]);
            return Err(Refusal::error(text));
        }
    })
}

impl Operator for Comparison {
    fn name(&self) -> &'static str {
        if self.wanted == Ordering::Greater { GREATER_THAN } else { LOWER_THAN }
    }

    /// Strings are not tested.
    fn find(&self, _text: &[u8], _deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        Ok(None)
    }

    fn test(&self, value: Scalar<'_>, _deadline: &mut Deadline) -> Result<Tested, Expired> {
        Ok(self.holds(value).map(hit))
    }

    fn can_be_negated(&self) -> bool {
        false
    }
}

/// The parameter of `greater_than` and `lower_than`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Number {
    Signed(i64),
    Unsigned(u64),
    Float(f64),
}

/// `greater_than` or `lower_than`, with its parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Comparison {
    wanted: Ordering,
    bound: Number,
}

impl Comparison {
    /// Holds for numbers above `bound`.
    fn greater_than(bound: Number) -> Self {
        Self { wanted: Ordering::Greater, bound }
    }

    /// Holds for numbers below `bound`.
    fn lower_than(bound: Number) -> Self {
        Self { wanted: Ordering::Less, bound }
    }

    /// Whether `value` is on the required side of the bound; `None` if it is not a number.
    fn holds(&self, value: Scalar<'_>) -> Option<bool> {
        let value = Number::of(value)?;
        let order = match (value.integer(), self.bound.integer()) {
            (Some(value), Some(bound)) => Some(value.cmp(&bound)),
            _ => value.float().partial_cmp(&self.bound.float()),
        };
        Some(order == Some(self.wanted))
    }
}

impl Number {
    fn of(value: Scalar<'_>) -> Option<Self> {
        match value {
            Scalar::Signed(value) => Some(Self::Signed(value)),
            Scalar::Unsigned(value) => Some(Self::Unsigned(value)),
            Scalar::Float(value) => Some(Self::Float(value)),
            Scalar::Bool(_) | Scalar::String { .. } => None,
        }
    }

    fn integer(self) -> Option<i128> {
        match self {
            Self::Signed(value) => Some(value.into()),
            Self::Unsigned(value) => Some(value.into()),
            Self::Float(_) => None,
        }
    }

    /// The nearest float.
    fn float(self) -> f64 {
        match self {
            Self::Signed(value) => value as f64,
            Self::Unsigned(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_53: u64 = 1 << 53;

    #[test]
    fn comparisons_round_only_next_to_floats() {
        use Number as N;
        let (greater, lower) = (Comparison::greater_than, Comparison::lower_than);
        for (comparison, value, expected) in [
            (greater(N::Unsigned(3)), Scalar::Unsigned(4), Some(true)),
            (greater(N::Unsigned(3)), Scalar::Unsigned(3), Some(false)),
            (greater(N::Unsigned(3)), Scalar::Signed(-4), Some(false)),
            (greater(N::Signed(-1)), Scalar::Unsigned(u64::MAX), Some(true)),
            (greater(N::Unsigned(TWO_53 + 1)), Scalar::Float(TWO_53 as f64), Some(false)),
            (greater(N::Unsigned(TWO_53 + 1)), Scalar::Float((TWO_53 + 2) as f64), Some(true)),
            (greater(N::Float(TWO_53 as f64)), Scalar::Unsigned(TWO_53 + 1), Some(false)),
            (lower(N::Unsigned(u64::MAX)), Scalar::Float(18_446_744_073_709_551_616.0), Some(false)),
            (lower(N::Unsigned(u64::MAX)), Scalar::Signed(i64::MIN), Some(true)),
            (lower(N::Float(1.0)), Scalar::Float(f64::NAN), Some(false)),
            (greater(N::Float(f64::NAN)), Scalar::Unsigned(1), Some(false)),
            (lower(N::Float(1.0)), Scalar::Float(0.5), Some(true)),
            (lower(N::Unsigned(3)), Scalar::String { text: b"2", in_block: true }, None),
            (lower(N::Unsigned(3)), Scalar::Bool(false), None),
        ] {
            assert_eq!(comparison.holds(value), expected, "{comparison:?} {value:?}");
        }
    }
}
