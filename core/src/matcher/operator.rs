//! What an operator over scalars is, and the matcher of a condition: an operator with its parameters.

use crate::pattern::{Haystack, Opening, Pattern, Required};
use crate::support::{Deadline, Expired};
use crate::transform::Triggers;
use crate::value::Text;
use std::ops::Range;
use std::sync::Arc;

/// An operator with its parameters.
///
/// It must say what it is called and how it searches a string. The rest lets the scan leave it out where it cannot match; an
/// operator that says nothing there is asked about every string.
pub trait Operator: Send + Sync {
    /// The name in rules and events.
    fn name(&self) -> &'static str;

    /// The first match in a string that is not empty, as it is to be shown. What is found after the deadline does not count.
    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired>;

    /// Tests a value: `None` if values of its kind are not looked at. Only strings are unless an operator says otherwise.
    fn test(&self, value: Scalar<'_>, deadline: &mut Deadline) -> Result<Tested, Expired> {
        let Scalar::String { text, .. } = value else { return Ok(None) };
        search(self, text, deadline).map(Some)
    }

    /// Whether a string matches, for those who need no highlight. It may be known where alone the [opening](Self::opening) of a
    /// match fits.
    fn accepts_in(
        &self,
        haystack: &mut Haystack<'_>,
        _places: Option<&[u32]>,
        deadline: &mut Deadline,
    ) -> Result<bool, Expired> {
        let value = Scalar::String { text: haystack.bytes, in_block: true };
        Ok(matches!(self.test(value, deadline)?, Some(Ok(_))))
    }

    /// What events show as the operator's value.
    fn shown_value(&self) -> Text {
        Text::default()
    }

    /// Whether the operator exists with a `!` in front.
    fn can_be_negated(&self) -> bool {
        true
    }

    /// The pattern it searches for.
    fn pattern(&self) -> Option<&Pattern> {
        None
    }

    /// What a string must contain to be worth matching, if that can be said.
    fn required(&self) -> Option<&Required> {
        None
    }

    /// The fewest bytes, and ASCII digits among them, that a matching string has.
    fn least(&self) -> (usize, usize) {
        (0, 0)
    }

    /// When it may match a string, of operators that need no scan because asking them is about as cheap.
    fn triggers(&self) -> Option<Triggers> {
        None
    }

    /// How every match begins, if that is rare in any text.
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
        /// Whether it is stored in a block of its own, or is a key.
        in_block: bool,
    },
}

/// What an event shows of a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Highlight {
    /// One empty string.
    Nothing,
    /// All of the text.
    Whole,
    /// A part of the text.
    Part(Range<usize>),
    /// Something that is not part of the text.
    Text(Vec<u8>),
}

/// What to show of a value that matches; `None` of one that is not looked at.
pub type Tested = Option<Result<Highlight, NoMatch>>;

/// Looked at, without a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoMatch;

/// Searches a string, which never matches if it is empty.
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

/// What an operator shows that has nothing to show but that it matched.
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

    /// What a string must contain to be worth matching, unless that says nothing.
    pub fn required(&self) -> Option<&Required> {
        self.0.required().filter(|required| !required.is_open())
    }

    /// Whether a string matches, for those who need no highlight.
    pub fn accepts(&self, text: &[u8], deadline: &mut Deadline) -> Result<bool, Expired> {
        self.0.accepts_in(&mut Haystack::new(text), None, deadline)
    }

    /// Whether a string matches that was not scanned.
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

/// What the parameters of an operator come to.
#[derive(Clone)]
pub enum ScalarMatcher {
    /// All that is searched for is given with the rule.
    Fixed(Arc<Matcher>),
    /// Whatever the data list of this name holds when the instance is built.
    Data(Text),
}

impl ScalarMatcher {
    /// A matcher that is given with the rule.
    pub(super) fn fixed(operator: impl Operator + 'static) -> Self {
        ScalarMatcher::Fixed(Arc::new(Matcher::new(operator)))
    }

    /// Whether the operator exists with a `!` in front.
    pub fn can_be_negated(&self) -> bool {
        match self {
            ScalarMatcher::Data(_) => true,
            ScalarMatcher::Fixed(matcher) => matcher.can_be_negated(),
        }
    }
}
