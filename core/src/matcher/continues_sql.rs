//! `continues_sql`: a value that goes on with the SQL statement it is put into. An operator of this engine alone: rules that use it stand under
//! `bartizan_rules`.

use super::operator::{Highlight, Operator, ScalarMatcher, prefilter};
use crate::fields::{Fields, Refusal};
use crate::injection;
use crate::pattern::{Pattern, PatternCache, Required};
use crate::support::{Deadline, Expired};

/// The operator's name.
pub const NAME: &str = "continues_sql";

/// What every match contains: a quote, a bracket, the mark of a comment, or a word that joins. The scan for all rules leaves out strings without it.
const REQUIRED: &[u8] = br#"['"`;(#\\]|--|\|\||&&|\b(?:x?or|and|union|intersect|except|minus|having|order|group|limit|where|procedure|waitfor|update|delete|insert|drop|exec|is|in|like)\b"#;

/// The operator has no parameters.
pub fn read(_parameters: &Fields<'_>, patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    let required = prefilter(REQUIRED, patterns)?;
    Ok(ScalarMatcher::fixed(ContinuesSql { required }))
}

/// The operator.
struct ContinuesSql {
    required: Pattern,
}

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

    fn required(&self) -> Option<&Required> {
        Some(self.required.required())
    }
}
