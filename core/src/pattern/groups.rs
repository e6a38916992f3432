//! A match with its capture groups.

use std::ops::Range;

/// A match and the first groups of its pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    whole: Range<usize>,
    groups: [Option<Range<usize>>; Groups::COUNT],
}

impl Groups {
    /// Groups 1 to this number are reported.
    pub const COUNT: usize = 8;

    /// The number of slots: group `n` begins at slot `2 n` and ends at the next. The first two would be the whole
    /// match, and are not written.
    pub(super) const NOTES: usize = 2 * (Groups::COUNT + 1);

    pub(super) fn new(whole: Range<usize>, notes: &[Option<usize>; Groups::NOTES]) -> Self {
        let groups = std::array::from_fn(|at| Some(notes[2 * at + 2]?..notes[2 * at + 3]?));
        Groups { whole, groups }
    }

    /// The whole match.
    pub fn whole(&self) -> Range<usize> {
        self.whole.clone()
    }

    /// The ranges of the groups from number 1 on; `None` for a group that took no part in the match.
    pub fn iter(&self) -> impl Iterator<Item = Option<Range<usize>>> {
        self.groups.iter().cloned()
    }
}
