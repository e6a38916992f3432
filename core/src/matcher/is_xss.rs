//! `is_xss`: a string that would run a script in a page it is inserted into.

use super::operator::{Highlight, Operator, ScalarMatcher};
use crate::fields::{Fields, Refusal};
use crate::injection;
use crate::pattern::PatternCache;
use crate::support::{Deadline, Expired};
use crate::transform::Triggers;

/// The operator's name.
pub const NAME: &str = "is_xss";

/// The operator has no parameters.
pub fn read(_parameters: &Fields<'_>, _patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    Ok(ScalarMatcher::fixed(IsXss))
}

/// The operator.
struct IsXss;

impl Operator for IsXss {
    fn name(&self) -> &'static str {
        NAME
    }

    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        Ok(injection::is_xss(text, deadline).then_some(Highlight::Nothing))
    }

    fn can_be_negated(&self) -> bool {
        false
    }

    fn triggers(&self) -> Option<Triggers> {
        Some(Triggers::MARKUP)
    }
}
