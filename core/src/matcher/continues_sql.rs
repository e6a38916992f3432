//! `continues_sql`: a value that goes on with the SQL statement it is put into. An operator of this engine alone: rules that use it stand under
//! `bartizan_rules`.

use super::operator::{Highlight, Operator, ScalarMatcher};
use crate::fields::{Fields, Refusal};
use crate::injection;
use crate::pattern::PatternCache;
use crate::support::{Deadline, Expired};
use crate::transform::Triggers;

/// The operator's name.
pub const NAME: &str = "continues_sql";

/// The operator has no parameters.
pub fn read(_parameters: &Fields<'_>, _patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    Ok(ScalarMatcher::fixed(ContinuesSql))
}

/// The operator.
struct ContinuesSql;

impl Operator for ContinuesSql {
    fn name(&self) -> &'static str {
        NAME
    }

    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        Ok(injection::continues_statement(text, deadline).map(Highlight::Part))
    }

    fn can_be_negated(&self) -> bool {
        false
    }

    fn triggers(&self) -> Option<Triggers> {
        Some(Triggers::BEYOND_A_WORD)
    }
}
