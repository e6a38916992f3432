//! `adds_markup`: a value that becomes elements of the page that shows it. An operator of this engine alone: rules that use it stand under `bartizan_rules`.

use super::operator::{Highlight, Operator, ScalarMatcher, prefilter};
use crate::fields::{Fields, Refusal, read};
use crate::injection::{self, Elements};
use crate::pattern::{Pattern, PatternCache, Required};
use crate::support::{Deadline, Expired};

/// The operator's name.
pub const NAME: &str = "adds_markup";

/// What every match contains: the beginning of a tag.
const REQUIRED: &[u8] = b"<[a-z!?/]";

/// `any_element`, a boolean, lets elements count that editors of text produce too; by default they do not.
pub fn read(parameters: &Fields<'_>, patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    let required = prefilter(REQUIRED, patterns)?;
    let any = parameters.optional("any_element", read::boolean)?.unwrap_or(false);
    let elements = if any { Elements::Any } else { Elements::Foreign };
    Ok(ScalarMatcher::fixed(AddsMarkup { elements, required }))
}

/// The operator.
struct AddsMarkup {
    elements: Elements,
    required: Pattern,
}

impl Operator for AddsMarkup {
    fn name(&self) -> &'static str {
        NAME
    }

    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        Ok(injection::adds_markup(text, self.elements, deadline).then_some(Highlight::Whole))
    }

    fn can_be_negated(&self) -> bool {
        false
    }

    fn required(&self) -> Option<&Required> {
        Some(self.required.required())
    }
}
