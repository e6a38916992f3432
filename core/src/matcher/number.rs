//! `equals`, `greater_than` and `lower_than`: scalars against a configured value.
//!
//! Nothing is converted to fit: each type of parameter looks at certain types of data only, and integers compare by
//! their mathematical value whatever their signedness. Only where a float meets an integer in `greater_than` and
//! `lower_than` is the integer rounded to a float.

use std::cmp::Ordering;

/// One element of the data.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)] // one variant a type
pub enum Scalar<'a> {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    String(&'a [u8]),
}

/// The parameter of `greater_than` and `lower_than`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)] // one variant a type
pub enum Number {
    Signed(i64),
    Unsigned(u64),
    Float(f64),
}

/// `equals`, with its parameter.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // one variant a type
pub enum Equals {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float {
        expected: f64,
        /// Values nearer than this are equal.
        delta: f64,
    },
    String(Box<[u8]>),
}

impl Equals {
    /// The `delta` of a float parameter that names none.
    pub const DEFAULT_DELTA: f64 = 0.01;

    /// Whether `value` equals the parameter, or `None` if values of its type are not looked at.
    pub fn test(&self, value: Scalar<'_>) -> Option<bool> {
        Some(match (self, value) {
            (Self::Bool(expected), Scalar::Bool(value)) => *expected == value,
            (Self::String(expected), Scalar::String(value)) => **expected == *value,
            (Self::Float { expected, delta }, Scalar::Float(value)) => (expected - value).abs() < *delta,
            (Self::Signed(expected), Scalar::Signed(value)) => *expected == value,
            (Self::Signed(expected), Scalar::Unsigned(value)) => i128::from(*expected) == i128::from(value),
            (Self::Unsigned(expected), Scalar::Signed(value)) => i128::from(*expected) == i128::from(value),
            (Self::Unsigned(expected), Scalar::Unsigned(value)) => *expected == value,
            _ => return None,
        })
    }
}

/// `greater_than` or `lower_than`, with its parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    wanted: Ordering,
    bound: Number,
}

impl Comparison {
    /// Holds for numbers above `bound`.
    pub fn greater_than(bound: Number) -> Self {
        Self { wanted: Ordering::Greater, bound }
    }

    /// Holds for numbers below `bound`.
    pub fn lower_than(bound: Number) -> Self {
        Self { wanted: Ordering::Less, bound }
    }

    /// Whether `value` is on the wanted side of the bound, or `None` if it is no number.
    pub fn test(&self, value: Scalar<'_>) -> Option<bool> {
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
            Scalar::Bool(_) | Scalar::String(_) => None,
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
    fn equals_looks_at_its_own_types_only() {
        let float = |expected| Equals::Float { expected, delta: Equals::DEFAULT_DELTA };
        for (equals, value, expected) in [
            (Equals::Unsigned(5), Scalar::Unsigned(5), Some(true)),
            (Equals::Unsigned(5), Scalar::Signed(5), Some(true)),
            (Equals::Unsigned(u64::MAX), Scalar::Signed(-1), Some(false)),
            (Equals::Signed(-1), Scalar::Unsigned(u64::MAX), Some(false)),
            (Equals::Signed(-1), Scalar::Signed(-1), Some(true)),
            (Equals::Unsigned(5), Scalar::Float(5.0), None),
            (Equals::Unsigned(5), Scalar::String(b"5"), None),
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
            (Equals::Bool(true), Scalar::String(b"true"), None),
            (Equals::String(Box::from(*b"")), Scalar::String(b""), Some(true)),
            (Equals::String(Box::from(*b"a")), Scalar::String(b"A"), Some(false)),
        ] {
            assert_eq!(equals.test(value), expected, "{equals:?} {value:?}");
        }
    }

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
            (lower(N::Unsigned(3)), Scalar::String(b"2"), None),
            (lower(N::Unsigned(3)), Scalar::Bool(false), None),
        ] {
            assert_eq!(comparison.test(value), expected, "{comparison:?} {value:?}");
        }
    }
}
