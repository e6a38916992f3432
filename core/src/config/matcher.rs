//! The parameters of scalar operators -> matchers.

use super::operator::split_version;
use super::read::{self, Fields, quoted};
use super::refusal::{Refusal, concat};
use crate::matcher::Matcher;
use crate::matcher::checksum::Checksum;
use crate::matcher::exact::ExactSet;
use crate::matcher::ip::IpSet;
use crate::matcher::number::{Comparison, Equals, Number};
use crate::matcher::scalar::{Kind, Regex};
use crate::pattern::{Options, PatternCache, PatternError};
use crate::value::Text;
use std::sync::Arc;

/// The matcher of a condition.
#[derive(Clone)]
pub enum ScalarMatcher {
    /// Given with the rule.
    Fixed(Arc<Matcher>),
    /// Whatever the data list of this name holds when the instance is built.
    Data(Text),
}

impl ScalarMatcher {
    /// Operators that exist with a `!` in front.
    pub fn can_be_negated(&self) -> bool {
        match self {
            ScalarMatcher::Data(_) => true,
            ScalarMatcher::Fixed(matcher) => matcher.can_be_negated(),
        }
    }
}

/// Reads the parameters of the operator of this (plain) name; `None` if there is no such operator.
pub fn parse(
    name: &[u8],
    parameters: &Fields<'_>,
    patterns: &mut PatternCache,
) -> Result<Option<ScalarMatcher>, Refusal> {
    let kind = match name {
        b"match_regex" => Kind::Regex(Expression::read(parameters)?.compile(patterns)?),
        b"match_regex_with_checksum" => {
            let expression = Expression::read(parameters)?;
            let name = parameters.required("checksum", read::strict_string)?;
            let checksum = Checksum::from_name(name)
                .ok_or_else(|| Refusal::error(quoted("unknown checksum algorithm: ", name)))?;
            Kind::RegexWithChecksum(expression.compile(patterns)?, checksum)
        }
        b"phrase_match" => return Ok(Some(ScalarMatcher::Fixed(Arc::new(phrases(parameters)?)))),
        b"exact_match" => match parameters.optional_unkeyed("list", read::texts)? {
            Some(list) => Kind::Exact(ExactSet::new(list.iter().map(|value| (&value[..], 0)))),
            None => return Ok(Some(ScalarMatcher::Data(parameters.required("data", read::text)?))),
        },
        b"ip_match" => match parameters.optional_unkeyed("list", read::strict_strings)? {
            Some(list) => Kind::Ip(IpSet::new(list.into_iter().map(|value| (value, 0)))),
            None => return Ok(Some(ScalarMatcher::Data(parameters.required("data", read::text)?))),
        },
        b"equals" => Kind::Equals(equals(parameters)?),
        b"greater_than" => Kind::GreaterThan(Comparison::greater_than(bound(parameters, "greater_than")?)),
        b"lower_than" => Kind::LowerThan(Comparison::lower_than(bound(parameters, "lower_than")?)),
        b"is_sqli" => Kind::IsSqli,
        b"is_xss" => Kind::IsXss,
        b"hidden_ascii_match" => Kind::HiddenAscii,
        _ => return Ok(None),
    };
    Ok(Some(ScalarMatcher::Fixed(Arc::new(Matcher::new(kind)))))
}

/// One side of a scanner: a positive operator without inputs and without dynamic data. Data of no name is no matcher.
pub fn parse_for_scanner(body: &Fields<'_>, patterns: &mut PatternCache) -> Result<Option<Arc<Matcher>>, Refusal> {
    let (name, _) = split_version(body.required("operator", read::strict_string)?);
    let parameters = body.required("parameters", read::map)?;
    match parse(name, &parameters, patterns)? {
        Some(ScalarMatcher::Fixed(matcher)) => Ok(Some(matcher)),
        Some(ScalarMatcher::Data(id)) if id.is_empty() => Ok(None),
        Some(ScalarMatcher::Data(_)) => Err(Refusal::error("dynamic data on scanner condition")),
        None => Err(Refusal::warning(quoted("unknown operator: ", name))),
    }
}

/// A regular expression before it is compiled, which is the last thing that can go wrong with a matcher.
struct Expression {
    source: Text,
    min_length: usize,
    options: Options,
}

impl Expression {
    fn read(parameters: &Fields<'_>) -> Result<Self, Refusal> {
        let source = parameters.required("regex", read::text)?;
        let options = parameters.optional("options", read::map)?.unwrap_or(Fields::EMPTY);
        let min_length = options.optional("min_length", read::signed)?.unwrap_or(0);
        let min_length = usize::try_from(min_length).map_err(|_| Refusal::error("min_length is a negative number"))?;
        let case_sensitive = options.optional("case_sensitive", read::boolean)?.unwrap_or(false);
        Ok(Expression { source, min_length, options: Options { case_sensitive } })
    }

    fn compile(self, patterns: &mut PatternCache) -> Result<Regex, Refusal> {
        let pattern = patterns
            .get(&self.source, self.options)
            .map_err(|error| Refusal { pattern: Some(error.explain(&self.source)), ..invalid(&error) })?;
        Ok(Regex { pattern, min_length: self.min_length })
    }
}

/// The words of the reference.
fn invalid(error: &PatternError) -> Refusal {
    Refusal::error(concat(&[b"invalid regular expression: ", error.fragment()]))
}

fn phrases(parameters: &Fields<'_>) -> Result<Matcher, Refusal> {
    let list = parameters.required("list", read::array)?;
    let options = parameters.optional("options", read::map)?.unwrap_or(Fields::EMPTY);
    let boundary = options.optional("enforce_word_boundary", read::boolean)?.unwrap_or(false);
    let not_a_phrase = || Refusal::error("phrase_match list item not a string or empty");
    let phrases: Vec<&[u8]> = list
        .iter()
        .map(|item| item.as_bytes().filter(|phrase| !phrase.is_empty()).ok_or_else(not_a_phrase))
        .collect::<Result<_, _>>()?;
    Matcher::phrases(&phrases, boundary).map_err(|error| Refusal::error(error.to_string()))
}

fn equals(parameters: &Fields<'_>) -> Result<Equals, Refusal> {
    let kind = parameters.required("type", read::text)?;
    Ok(match &kind[..] {
        b"string" => Equals::String(parameters.required("value", read::text)?[..].into()),
        b"boolean" => Equals::Bool(parameters.required("value", read::boolean)?),
        b"unsigned" => Equals::Unsigned(parameters.required("value", read::unsigned)?),
        b"signed" => Equals::Signed(parameters.required("value", read::signed)?),
        b"float" => {
            let expected = parameters.required("value", read::double)?;
            let delta = parameters.optional("delta", read::double)?.unwrap_or(Equals::DEFAULT_DELTA);
            Equals::Float { expected, delta }
        }
        _ => return Err(Refusal::error(concat(&[b"invalid type for matcher equals ", &kind]))),
    })
}

fn bound(parameters: &Fields<'_>, operator: &str) -> Result<Number, Refusal> {
    let kind = parameters.required("type", read::text)?;
    Ok(match &kind[..] {
        b"unsigned" => Number::Unsigned(parameters.required("value", read::unsigned)?),
        b"signed" => Number::Signed(parameters.required("value", read::signed)?),
        b"float" => Number::Float(parameters.required("value", read::double)?),
        _ => {
            let text = concat(&[b"invalid type for matcher ", operator.as_bytes(), b" ", &kind]);
            return Err(Refusal::error(text));
        }
    })
}
