//! One operator per file: what a condition tests on one value, and how the operator's parameters are read.
//!
//! Matchers are pure: they take bytes or a scalar and return whether it matches and what to highlight. Walking the
//! data, transforming it, negation and reporting are the evaluator's task. A matcher reports if it does not test a kind
//! of value at all, because negated conditions hold only if something was tested.
//!
//! A new operator is a file here that implements [`Operator`], and a line in the table of operators.

mod adds_markup;
mod calls_php;
mod comparison;
mod continues_sql;
pub mod data;
mod equals;
mod evaluates_template;
pub mod exact_match;
mod expiry;
mod hidden_ascii_match;
pub mod ip_match;
mod is_sqli;
mod is_xss;
pub mod match_regex;
mod match_regex_with_checksum;
pub mod operator;
mod phrase_match;
mod runs_command;

pub use operator::{Matcher, Operator, ScalarMatcher};

use crate::fields::{Fields, Refusal};
use crate::pattern::PatternCache;

/// Reads the parameters of an operator.
type Reader = fn(&Fields<'_>, &mut PatternCache) -> Result<ScalarMatcher, Refusal>;

/// All operators over scalars.
const OPERATORS: [(&str, Reader); 16] = [
    (match_regex::NAME, match_regex::read),
    (match_regex_with_checksum::NAME, match_regex_with_checksum::read),
    (phrase_match::NAME, phrase_match::read),
    (exact_match::NAME, exact_match::read),
    (ip_match::NAME, ip_match::read),
    (equals::NAME, equals::read),
    (comparison::GREATER_THAN, comparison::read_greater_than),
    (comparison::LOWER_THAN, comparison::read_lower_than),
    (is_sqli::NAME, is_sqli::read),
    (is_xss::NAME, is_xss::read),
    (hidden_ascii_match::NAME, hidden_ascii_match::read),
    // Ours: the reference does not know them.
    (adds_markup::NAME, adds_markup::read),
    (calls_php::NAME, calls_php::read),
    (continues_sql::NAME, continues_sql::read),
    (evaluates_template::NAME, evaluates_template::read),
    (runs_command::NAME, runs_command::read),
];

/// How the parameters of the operator of this name, without its version, are read; `None` if there is no such operator.
pub fn reader(name: &[u8]) -> Option<Reader> {
    OPERATORS.iter().find(|(known, _)| known.as_bytes() == name).map(|&(_, read)| read)
}
