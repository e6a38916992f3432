//! The matcher of a condition: one of the operators over scalars, with its parameters.

use super::checksum::Checksum;
use super::exact::ExactSet;
use super::hidden_ascii;
use super::ip::IpSet;
use super::number::{Comparison, Equals, Scalar};
use super::phrase::{PhraseError, PhraseMatcher};
use crate::injection;
use crate::pattern::{Haystack, Opening, Pattern, Required};
use crate::support::{Deadline, Expired};
use crate::transform::Triggers;
use crate::value::Text;
use std::ops::Range;

/// A scalar operator with its parameters.
pub struct Matcher {
    kind: Kind,
    /// What phrases require; a pattern knows that itself.
    phrases: Option<Required>,
}

/// Which operator.
pub enum Kind {
    /// `match_regex`.
    Regex(Regex),
    /// `match_regex_with_checksum`.
    RegexWithChecksum(Regex, Checksum),
    /// `phrase_match`.
    Phrase(PhraseMatcher),
    /// `exact_match` on a fixed list.
    Exact(ExactSet),
    /// `ip_match` on a fixed list.
    Ip(IpSet),
    /// `equals`.
    Equals(Equals),
    /// `greater_than`.
    GreaterThan(Comparison),
    /// `lower_than`.
    LowerThan(Comparison),
    /// `is_sqli`.
    IsSqli,
    /// `is_xss`.
    IsXss,
    /// `hidden_ascii_match`.
    HiddenAscii,
}

/// A pattern and the length below which it is not tried.
pub struct Regex {
    /// What is searched for.
    pub pattern: Pattern,
    /// In bytes.
    pub min_length: usize,
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

impl Matcher {
    /// A matcher, for anything but phrases.
    pub fn new(kind: Kind) -> Self {
        Matcher { kind, phrases: None }
    }

    /// `phrase_match`; any match contains one of the phrases.
    pub fn phrases(phrases: &[&[u8]], whole_words: bool) -> Result<Self, PhraseError> {
        let required = Required::from_literals(1, phrases.iter().copied());
        Ok(Matcher { kind: Kind::Phrase(PhraseMatcher::new(phrases, whole_words)?), phrases: Some(required) })
    }

    /// The operator's name.
    pub fn operator(&self) -> &'static str {
        match &self.kind {
            Kind::Regex(_) => "match_regex",
            Kind::RegexWithChecksum(..) => "match_regex_with_checksum",
            Kind::Phrase(_) => "phrase_match",
            Kind::Exact(_) => "exact_match",
            Kind::Ip(_) => "ip_match",
            Kind::Equals(_) => "equals",
            Kind::GreaterThan(_) => "greater_than",
            Kind::LowerThan(_) => "lower_than",
            Kind::IsSqli => "is_sqli",
            Kind::IsXss => "is_xss",
            Kind::HiddenAscii => "hidden_ascii_match",
        }
    }

    /// What events show as the operator's value: the expression, or nothing.
    pub fn operator_value(&self) -> Text {
        match &self.kind {
            Kind::Regex(regex) | Kind::RegexWithChecksum(regex, _) => regex.pattern.shared_source(),
            _ => Text::default(),
        }
    }

    /// The pattern it searches for.
    pub fn pattern(&self) -> Option<&Pattern> {
        match &self.kind {
            Kind::Regex(regex) | Kind::RegexWithChecksum(regex, _) => Some(&regex.pattern),
            _ => None,
        }
    }

    /// Whether the operator exists with a `!` in front.
    pub fn can_be_negated(&self) -> bool {
        !matches!(self.kind, Kind::GreaterThan(_) | Kind::LowerThan(_) | Kind::IsSqli | Kind::IsXss | Kind::HiddenAscii)
    }

    /// What a string must contain to be worth matching, if that can be said.
    pub fn required(&self) -> Option<&Required> {
        let required = match &self.kind {
            Kind::Regex(regex) | Kind::RegexWithChecksum(regex, _) => Some(regex.pattern.required()),
            _ => self.phrases.as_ref(),
        };
        required.filter(|required| !required.is_open())
    }

    /// The fewest bytes, and ASCII digits among them, that a matching string has.
    pub fn least(&self) -> (usize, usize) {
        match &self.kind {
            Kind::Regex(regex) | Kind::RegexWithChecksum(regex, _) => {
                let required = regex.pattern.required();
                (regex.min_length.max(required.min_length()), required.min_digits())
            }
            _ => (0, 0),
        }
    }

    /// When it may match a string, of matchers that need no scan because asking them is about as cheap.
    pub fn triggers(&self) -> Option<Triggers> {
        match self.kind {
            Kind::IsSqli => Some(Triggers::BEYOND_A_WORD),
            Kind::IsXss => Some(Triggers::MARKUP),
            _ => None,
        }
    }

    /// Tests a value: nothing if values of its type (or, for `hidden_ascii_match`, of its storage) are not looked at.
    /// `in_block` says whether a string is stored in a block of its own, or is a key.
    pub fn test(&self, value: Scalar<'_>, in_block: bool, deadline: &mut Deadline) -> Result<Tested, Expired> {
        Ok(match (&self.kind, value) {
            (Kind::Equals(equals), value) => equals.test(value).map(hit(Highlight::Nothing)),
            (Kind::GreaterThan(comparison) | Kind::LowerThan(comparison), value) => {
                comparison.test(value).map(hit(Highlight::Nothing))
            }
            (Kind::HiddenAscii, Scalar::String(_)) if !in_block => None,
            (_, Scalar::String(text)) => Some(self.find(text, deadline)?.ok_or(NoMatch)),
            _ => None,
        })
    }

    /// Searches a string.
    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        if text.is_empty() {
            return Ok(None);
        }
        let found = match &self.kind {
            Kind::Regex(regex) => {
                if text.len() < regex.min_length {
                    return Ok(None);
                }
                regex.pattern.find_within(text, deadline)?.map(Highlight::Part)
            }
            Kind::RegexWithChecksum(regex, checksum) => find_with_checksum(regex, *checksum, text, deadline)?,
            Kind::Phrase(phrases) => phrases.find(text, deadline).map(|phrase| Highlight::Text(phrase.to_vec())),
            // The lists of rules never expire.
            Kind::Exact(set) => set.matches(text, 0).then_some(Highlight::Whole),
            Kind::Ip(set) => set.matches(text, 0).then_some(Highlight::Whole),
            Kind::IsSqli => {
                injection::is_sqli(text, deadline).map(|fingerprint| Highlight::Text(fingerprint.as_bytes().to_vec()))
            }
            Kind::IsXss => injection::is_xss(text, deadline).then_some(Highlight::Nothing),
            Kind::HiddenAscii => hidden_ascii::find(text, true, deadline).map(Highlight::Text),
            Kind::Equals(_) | Kind::GreaterThan(_) | Kind::LowerThan(_) => None,
        };
        deadline.in_time()?;
        Ok(found)
    }

    /// Whether a string matches, for those who need no highlight.
    pub fn accepts(&self, text: &[u8], deadline: &mut Deadline) -> Result<bool, Expired> {
        self.accepts_in(&mut Haystack::new(text), None, deadline)
    }

    /// The same, of a string that others are asked about, too, and where what is searched for may [begin](Self::opening) in these
    /// places alone, if they are known.
    pub(crate) fn accepts_in(
        &self,
        haystack: &mut Haystack<'_>,
        places: Option<&[u32]>,
        deadline: &mut Deadline,
    ) -> Result<bool, Expired> {
        let text = haystack.bytes;
        if let Kind::Regex(regex) = &self.kind {
            let long_enough = !text.is_empty() && text.len() >= regex.min_length;
            return Ok(long_enough && regex.pattern.is_match_in(haystack, places, deadline)?);
        }
        Ok(matches!(self.test(Scalar::String(text), true, deadline)?, Some(Ok(_))))
    }

    /// How what it searches for begins, if that is rare in any text.
    pub(crate) fn opening(&self) -> Option<&Opening> {
        match &self.kind {
            Kind::Regex(regex) => regex.pattern.opening(),
            _ => None,
        }
    }

    /// Whether a string matches that was not scanned.
    pub(crate) fn accepts_unscanned(
        &self,
        haystack: &mut Haystack<'_>,
        deadline: &mut Deadline,
    ) -> Result<bool, Expired> {
        let look = if let Kind::Regex(regex) = &self.kind { regex.pattern.required().quick_look() } else { None };
        let may_match = look.map_or(Ok(true), |look| look(haystack.bytes, deadline))?;
        Ok(may_match && self.accepts_in(haystack, None, deadline)?)
    }
}

/// What to show of a value that matches; nothing of one that is not looked at.
pub type Tested = Option<Result<Highlight, NoMatch>>;

/// Looked at and refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoMatch;

fn hit(highlight: Highlight) -> impl FnOnce(bool) -> Result<Highlight, NoMatch> {
    |matched| if matched { Ok(highlight) } else { Err(NoMatch) }
}

/// Candidates from left to right; what follows a failing one is searched as a text of its own.
fn find_with_checksum(
    regex: &Regex,
    checksum: Checksum,
    text: &[u8],
    deadline: &mut Deadline,
) -> Result<Option<Highlight>, Expired> {
    let mut start = 0;
    while start < text.len() && text.len() - start >= regex.min_length {
        let found = regex.pattern.find_within(&text[start..], deadline)?;
        let Some(found) = found.filter(|found| !found.is_empty()) else { break };
        let found = start + found.start..start + found.end;
        if checksum.passes(&text[found.clone()]) {
            return Ok(Some(Highlight::Part(found)));
        }
        start = found.end;
    }
    Ok(None)
}
