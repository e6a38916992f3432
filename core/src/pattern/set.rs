//! Sets of code points, surrogates included.

use super::unicode;

/// Inclusive ranges.
type Ranges<T> = Vec<(T, T)>;

/// A set of code points as inclusive ranges, sorted and with gaps of at least one code point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct CodeSet(Vec<(u32, u32)>);

impl CodeSet {
    /// The union of ranges in any order.
    pub(super) fn new(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(previous) if first <= previous.1.saturating_add(1) => previous.1 = previous.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        CodeSet(merged)
    }

    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    pub(super) fn negated(&self) -> Self {
        let mut gaps = Vec::with_capacity(self.0.len() + 1);
        let mut next = 0;
        for &(first, last) in &self.0 {
            if next < first {
                gaps.push((next, first - 1));
            }
            next = last + 1;
        }
        if next <= unicode::MAX {
            gaps.push((next, unicode::MAX));
        }
        CodeSet(gaps)
    }

    /// The set with all case variants of its members.
    pub(super) fn folded(self) -> Self {
        let mut ranges = self.0;
        for at in 0..ranges.len() {
            let (first, last) = ranges[at];
            unicode::fold_range(first, last, |other| match ranges.last_mut() {
                // The orbits of neighbours are mostly neighbours, so this extends the newest range rather than adding
                // one.
                Some(newest) if newest.1 + 1 == other => newest.1 = other,
                _ => ranges.push((other, other)),
            });
        }
        CodeSet::new(ranges)
    }

    /// The members below U+0080, and the others.
    pub(super) fn split_ascii(&self) -> (Ranges<u8>, Ranges<u32>) {
        let (mut ascii, mut others) = (Vec::new(), Vec::new());
        for &(first, last) in &self.0 {
            if first < 0x80 {
                ascii.push((first as u8, last.min(0x7F) as u8));
            }
            if last >= 0x80 {
                others.push((first.max(0x80), last));
            }
        }
        (ascii, others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_merged_and_negated() {
        let set = CodeSet::new(vec![(5, 9), (1, 2), (3, 3), (8, 12)]);
        assert_eq!(set.ranges(), [(1, 3), (5, 12)]);
        assert_eq!(set.negated().ranges(), [(0, 0), (4, 4), (13, unicode::MAX)]);
        assert_eq!(set.negated().negated(), set);
        assert_eq!(CodeSet::default().negated().ranges(), [(0, unicode::MAX)]);
    }

    #[test]
    fn letters_fold_with_their_look_alikes() {
        let folded = CodeSet::new(vec![(0x61, 0x7A)]).folded();
        assert_eq!(folded.ranges(), [(0x41, 0x5A), (0x61, 0x7A), (0x17F, 0x17F), (0x212A, 0x212A)]);
    }
}
