//! The matchers of conditions and scanners.

use super::operator::split_version;
use crate::fields::read::{self, quoted};
use crate::fields::{Fields, Refusal};
use crate::matcher::{self, Matcher, ScalarMatcher};
use crate::pattern::PatternCache;
use std::sync::Arc;

/// Reads the parameters of the operator of this (plain) name; `None` if there is no such operator.
pub fn parse(
    name: &[u8],
    parameters: &Fields<'_>,
    patterns: &mut PatternCache,
) -> Result<Option<ScalarMatcher>, Refusal> {
    matcher::reader(name).map(|read| read(parameters, patterns)).transpose()
}

/// One part of a scanner: a positive operator without inputs and without dynamic data. Data of no name is not a
/// matcher.
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
