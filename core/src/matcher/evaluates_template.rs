//! `evaluates_template`: a value that a template engine would evaluate. An operator of this engine alone: rules that use it stand under `bartizan_rules`.

use super::operator::{Highlight, Operator, ScalarMatcher, prefilter};
use crate::fields::{Fields, Refusal};
use crate::injection;
use crate::pattern::{Pattern, PatternCache, Required};
use crate::support::{Deadline, Expired};

/// The operator's name.
pub const NAME: &str = "evaluates_template";

/// What every match contains: a delimiter of templates.
const REQUIRED: &[u8] = br"\{\{|\{%|[$#*@~%]\{|<[%#]|@\(|#set\(|#if\(";

/// The operator has no parameters.
pub fn read(_parameters: &Fields<'_>, patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    let required = prefilter(REQUIRED, patterns)?;
    Ok(ScalarMatcher::fixed(EvaluatesTemplate { required }))
}

/// The operator.
struct EvaluatesTemplate {
    required: Pattern,
}

impl Operator for EvaluatesTemplate {
    fn name(&self) -> &'static str {
        NAME
    }

    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        Ok(injection::evaluates_template(text, deadline).then_some(Highlight::Whole))
    }

    fn can_be_negated(&self) -> bool {
        false
    }

    fn required(&self) -> Option<&Required> {
        Some(self.required.required())
    }
}
