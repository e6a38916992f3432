//! `calls_php`: a value that is a call of a function of PHP. An operator of this engine alone: rules that use it stand under `bartizan_rules`.

use super::operator::{Highlight, Operator, ScalarMatcher, prefilter};
use crate::fields::{Fields, Refusal};
use crate::injection;
use crate::pattern::{Pattern, PatternCache, Required};
use crate::support::{Deadline, Expired};

/// The operator's name.
pub const NAME: &str = "calls_php";

/// What every match contains: a bracket behind a name.
const REQUIRED: &[u8] = br"[a-z0-9_/\s]\(";

/// The operator has no parameters.
pub fn read(_parameters: &Fields<'_>, patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    let required = prefilter(REQUIRED, patterns)?;
    Ok(ScalarMatcher::fixed(CallsPhp { required }))
}

/// The operator.
struct CallsPhp {
    required: Pattern,
}

impl Operator for CallsPhp {
    fn name(&self) -> &'static str {
        NAME
    }

    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        Ok(injection::calls_php(text, deadline).then_some(Highlight::Whole))
    }

    fn can_be_negated(&self) -> bool {
        false
    }

    fn required(&self) -> Option<&Required> {
        Some(self.required.required())
    }
}
