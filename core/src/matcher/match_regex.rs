//! `match_regex`: a string in which a regular expression is found.

use super::operator::{Highlight, Operator, ScalarMatcher};
use crate::fields::read;
use crate::fields::refusal::concat;
use crate::fields::{Fields, Refusal};
use crate::pattern::{Haystack, Opening, Options, Pattern, PatternCache, PatternError, Required};
use crate::support::{Deadline, Expired};
use crate::value::Text;

/// The operator's name.
pub const NAME: &str = "match_regex";

/// Reads the operator's parameters.
pub fn read(parameters: &Fields<'_>, patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    Ok(ScalarMatcher::fixed(Expression::read(parameters)?.compile(patterns)?))
}

/// The operator with its parameters.
pub struct MatchRegex {
    /// The pattern.
    pub pattern: Pattern,
    /// The length in bytes below which a string is not searched.
    pub min_length: usize,
}

impl Operator for MatchRegex {
    fn name(&self) -> &'static str {
        NAME
    }

    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        if text.len() < self.min_length {
            return Ok(None);
        }
        Ok(self.pattern.find_within(text, deadline)?.map(Highlight::Part))
    }

    fn accepts_in(
        &self,
        haystack: &mut Haystack<'_>,
        places: Option<&[u32]>,
        deadline: &mut Deadline,
    ) -> Result<bool, Expired> {
        let length = haystack.bytes.len();
        Ok(length > 0 && length >= self.min_length && self.pattern.is_match_in(haystack, places, deadline)?)
    }

    fn shown_value(&self) -> Text {
        self.pattern.shared_source()
    }

    fn pattern(&self) -> Option<&Pattern> {
        Some(&self.pattern)
    }

    fn required(&self) -> Option<&Required> {
        Some(self.pattern.required())
    }

    fn least(&self) -> (usize, usize) {
        let required = self.pattern.required();
        (self.min_length.max(required.min_length()), required.min_digits())
    }

    fn opening(&self) -> Option<&Opening> {
        self.pattern.opening()
    }
}

/// A regular expression before it is compiled, which is the last step that can fail.
pub(super) struct Expression {
    source: Text,
    min_length: usize,
    options: Options,
}

impl Expression {
    pub(super) fn read(parameters: &Fields<'_>) -> Result<Self, Refusal> {
        let source = parameters.required("regex", read::text)?;
        let options = parameters.optional("options", read::map)?.unwrap_or(Fields::EMPTY);
        let min_length = options.optional("min_length", read::signed)?.unwrap_or(0);
        let min_length = usize::try_from(min_length).map_err(|_| Refusal::error("min_length is a negative number"))?;
        let case_sensitive = options.optional("case_sensitive", read::boolean)?.unwrap_or(false);
        Ok(Expression { source, min_length, options: Options { case_sensitive } })
    }

    pub(super) fn compile(self, patterns: &mut PatternCache) -> Result<MatchRegex, Refusal> {
        let pattern = patterns
            .get(&self.source, self.options)
            .map_err(|error| Refusal { pattern: Some(error.explain(&self.source)), ..invalid(&error) })?;
        Ok(MatchRegex { pattern, min_length: self.min_length })
    }
}

/// The words of the reference.
fn invalid(error: &PatternError) -> Refusal {
    Refusal::error(concat(&[b"invalid regular expression: ", error.fragment()]))
}
