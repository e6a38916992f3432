//! A match with its capture groups.

use std::ops::Range;

use regex_automata::meta::Regex;
use regex_automata::{Input, util::captures::Captures};

/// A match and the first groups of its pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    whole: Range<usize>,
    groups: [Option<Range<usize>>; Groups::COUNT],
}

impl Groups {
    /// The groups that are told: numbers 1 to this.
    pub const COUNT: usize = 8;

    pub(super) fn find(regex: &Regex, subject: &[u8], start: usize) -> Option<Groups> {
        let mut captures: Captures = regex.create_captures();
        regex.search_captures(&Input::new(subject).range(start..), &mut captures);
        let whole = captures.get_match()?.range();
        Some(Groups { whole, groups: std::array::from_fn(|at| captures.get_group(at + 1).map(|span| span.range())) })
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
