//! A match with its capture groups.
//!
//! Hardly any pattern is asked for these, so they are left to the regex crate as it is: the expression over bytes is
//! printed in its syntax, with the groups in it.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use super::{encode, parse};

/// How deep the printed expression may nest, which the parser has bounded.
const NEST_LIMIT: u32 = 4 * parse::MAX_HEIGHT;

/// A match and the first groups of its pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    whole: Range<usize>,
    groups: [Option<Range<usize>>; Groups::COUNT],
}

impl Groups {
    /// The groups that are told: numbers 1 to this.
    pub const COUNT: usize = 8;

    /// Compiles a pattern with its groups.
    pub(super) fn compile(source: &[u8], fold: bool) -> Option<Regex> {
        let expression = encode::encode(&parse::parse(source, fold).ok()?, Groups::COUNT as u32);
        RegexBuilder::new(&expression.to_string()).nest_limit(NEST_LIMIT).build().ok()
    }

    pub(super) fn find(regex: &Regex, subject: &[u8], start: usize) -> Option<Groups> {
        let captures = regex.captures_at(subject, start)?;
        let group = |number: usize| captures.get(number).map(|found| found.range());
        Some(Groups { whole: group(0)?, groups: std::array::from_fn(|at| group(at + 1)) })
    }

    /// The whole match.
    pub fn whole(&self) -> Range<usize> {
        self.whole.clone()
    }

    /// What the groups from number 1 on have matched; `None` for a group that took no part in the match.
    pub fn iter(&self) -> impl Iterator<Item = Option<Range<usize>>> {
        self.groups.iter().cloned()
    }
}
