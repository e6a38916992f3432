//! `is_sqli`: a string that would change an SQL statement it is inserted into.

use super::operator::{Highlight, Operator, ScalarMatcher};
use crate::fields::{Fields, Refusal};
use crate::injection;
use crate::pattern::PatternCache;
use crate::support::{Deadline, Expired};
use crate::transform::Triggers;

/// The operator's name.
pub const NAME: &str = "is_sqli";

/// The operator has no parameters.
pub fn read(_parameters: &Fields<'_>, _patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    Ok(ScalarMatcher::fixed(IsSqli))
}

/// The operator.
struct IsSqli;

impl Operator for IsSqli {
    fn name(&self) -> &'static str {
        NAME
    }

    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        let fingerprint = injection::is_sqli(text, deadline);
        Ok(fingerprint.map(|fingerprint| Highlight::Text(fingerprint.as_bytes().to_vec())))
    }

    fn can_be_negated(&self) -> bool {
        false
    }

    fn triggers(&self) -> Option<Triggers> {
        Some(Triggers::BEYOND_A_WORD)
    }
}
