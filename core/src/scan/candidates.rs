//! The matchers that a scan could not rule out.

use super::MatcherId;
use crate::support::Bits;

/// A set of matchers, reused from scan to scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    matchers: Bits,
    /// Whether there is any: most scans find none, and then neither asking nor clearing reads the set.
    any: bool,
}

impl Candidates {
    /// An empty set with room for matchers numbered below `matchers`.
    pub fn new(matchers: usize) -> Self {
        Candidates { matchers: Bits::new(matchers), any: false }
    }

    /// Adds a matcher. One beyond the set's room is ignored.
    #[inline]
    pub fn insert(&mut self, matcher: MatcherId) {
        self.matchers.insert(matcher.0 as usize);
        self.any = true;
    }

    /// Whether a matcher is in the set.
    #[inline]
    pub fn contains(&self, matcher: MatcherId) -> bool {
        self.matchers.contains(matcher.0 as usize)
    }

    /// Adds the matchers of another set.
    #[inline]
    pub fn union(&mut self, other: &Candidates) {
        self.matchers.union(&other.matchers);
        self.any |= other.any;
    }

    /// Empties the set, keeping its room.
    #[inline]
    pub fn clear(&mut self) {
        if self.any {
            self.matchers.clear();
            self.any = false;
        }
    }

    /// Whether no matcher is in the set.
    #[inline]
    pub fn is_empty(&self) -> bool {
        !self.any
    }

    /// The number of matchers in the set.
    pub fn len(&self) -> usize {
        self.matchers.iter().count()
    }

    /// The matchers, in order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = MatcherId> {
        self.matchers.iter().map(|number| MatcherId(number as u32))
    }

    /// The numbers of the matchers.
    #[inline]
    pub(crate) fn numbers(&self) -> &Bits {
        &self.matchers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_inserted() {
        let mut set = Candidates::new(130);
        let members = [0, 5, 63, 64, 129].map(MatcherId);
        members.into_iter().for_each(|matcher| set.insert(matcher));
        set.insert(MatcherId(4000));
        assert_eq!(set.iter().collect::<Vec<_>>(), members);
        assert_eq!(set.len(), 5);
        assert!(set.contains(MatcherId(64)) && !set.contains(MatcherId(65)) && !set.contains(MatcherId(4000)));
        set.clear();
        assert!(set.is_empty());
    }
}
