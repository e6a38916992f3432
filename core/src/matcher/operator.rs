//! The interface of operators over scalars, and the matcher of a condition: an operator with its parameters.

use crate::fields::Refusal;
use crate::pattern::{Haystack, Opening, Options, Pattern, PatternCache, Required};
use crate::support::{Deadline, Expired};
use crate::transform::Triggers;
use crate::value::Text;
use std::ops::Range;
use std::sync::Arc;

/// A pattern whose requirements every match of an operator meets, so that the scan leaves out strings that do not meet
/// them; in any case.
pub(super) fn prefilter(pattern: &[u8], patterns: &mut PatternCache) -> Result<Pattern, Refusal> {
    let pattern = patterns.get(&Text::from(pattern), Options { case_sensitive: false });
    pattern.map_err(|error| Refusal::error(error.to_string()))
}

/// An operator with its parameters.
///
/// It must have a name and search a string. The other methods let the scan rule it out where it cannot match; without
/// them it runs on every string.
pub trait Operator: Send + Sync {
    /// The name in rules and events.
    fn name(&self) -> &'static str;

    /// The first match in a non-empty string, in the form to be shown. A result after the deadline does not count.
    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired>;

    /// Tests a value: `None` if values of its kind are not tested. By default only strings are.
    fn test(&self, value: Scalar<'_>, deadline: &mut Deadline) -> Result<Tested, Expired> {
        let Scalar::String { text, .. } = value else { return Ok(None) };
        search(self, text, deadline).map(Some)
    }

    /// Whether a string matches, for callers that need no highlight; `places` are the only ones that fit the
    /// [opening](Self::opening) of a match, if they are known.
    fn accepts_in(
        &self,
        haystack: &mut Haystack<'_>,
        _places: Option<&[u32]>,
        deadline: &mut Deadline,
    ) -> Result<bool, Expired> {
        let value = Scalar::String { text: haystack.bytes, in_block: true };
        Ok(matches!(self.test(value, deadline)?, Some(Ok(_))))
    }

    /// The operator's value in events.
    fn shown_value(&self) -> Text {
        Text::default()
    }

    /// Whether the operator can be negated with `!`.
    fn can_be_negated(&self) -> bool {
        true
    }

    /// The pattern it searches for.
    fn pattern(&self) -> Option<&Pattern> {
        None
    }

    /// What a matching string must contain, if that is known.
    fn required(&self) -> Option<&Required> {
        None
    }

    /// The least number of bytes, and of ASCII digits among them, in a matching string.
    fn least(&self) -> (usize, usize) {
        (0, 0)
    }

    /// When it may match a string, for operators that need no scan because they are about as cheap.
    fn triggers(&self) -> Option<Triggers> {
        None
    }

    /// The bytes with which every match begins, if they are rare in any text.
    fn opening(&self) -> Option<&Opening> {
        None
    }
}

/// One element of the data.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)] // one variant a type
pub enum Scalar<'a> {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    String {
        text: &'a [u8],
        /// Whether it has a block of its own, or is a key.
        in_block: bool,
    },
}

/// What an event shows of a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Highlight {
    /// One empty string.
    Nothing,
    /// The whole text.
    Whole,
    /// A part of the text.
    Part(Range<usize>),
    /// Something that is not part of the text.
    Text(Vec<u8>),
}

/// What to show of a matching value; `None` for one that is not tested.
pub type Tested = Option<Result<Highlight, NoMatch>>;

/// The value was tested, without a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoMatch;

/// Searches a string; an empty one never matches.
pub(super) fn search<O: Operator + ?Sized>(
    operator: &O,
    text: &[u8],
    deadline: &mut Deadline,
) -> Result<Result<Highlight, NoMatch>, Expired> {
    if text.is_empty() {
        return Ok(Err(NoMatch));
    }
    let found = operator.find(text, deadline)?;
    deadline.in_time()?;
    Ok(found.ok_or(NoMatch))
}

/// The result of an operator that has nothing to highlight.
pub(super) fn hit(matched: bool) -> Result<Highlight, NoMatch> {
    if matched { Ok(Highlight::Nothing) } else { Err(NoMatch) }
}

/// The matcher of a condition.
pub struct Matcher(Box<dyn Operator>);

impl Matcher {
    /// The matcher that applies this operator.
    pub fn new(operator: impl Operator + 'static) -> Self {
        Matcher(Box::new(operator))
    }

    /// What a matching string must contain, unless nothing is required.
    pub fn required(&self) -> Option<&Required> {
        self.0.required().filter(|required| !required.is_open())
    }

    /// Whether a string matches, for callers that need no highlight.
    pub fn accepts(&self, text: &[u8], deadline: &mut Deadline) -> Result<bool, Expired> {
        self.0.accepts_in(&mut Haystack::new(text), None, deadline)
    }

    /// Whether a string that was not scanned matches.
    pub(crate) fn accepts_unscanned(
        &self,
        haystack: &mut Haystack<'_>,
        deadline: &mut Deadline,
    ) -> Result<bool, Expired> {
        let look = self.0.pattern().and_then(|pattern| pattern.required().quick_look());
        let may_match = look.map_or(Ok(true), |look| look(haystack.bytes, deadline))?;
        Ok(may_match && self.0.accepts_in(haystack, None, deadline)?)
    }
}

impl std::ops::Deref for Matcher {
    type Target = dyn Operator;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// The result of reading an operator's parameters.
#[derive(Clone)]
pub enum ScalarMatcher {
    /// Everything to search for is given within the rule.
    Fixed(Arc<Matcher>),
    /// The content of the data list of this name when the instance is built.
    Data(Text),
}

impl ScalarMatcher {
    /// A matcher given within the rule.
    pub(super) fn fixed(operator: impl Operator + 'static) -> Self {
        ScalarMatcher::Fixed(Arc::new(Matcher::new(operator)))
    }

    /// Whether the operator can be negated with `!`.
    pub fn can_be_negated(&self) -> bool {
        match self {
            ScalarMatcher::Data(_) => true,
            ScalarMatcher::Fixed(matcher) => matcher.can_be_negated(),
        }
    }
}
