//! The matchers a scan leaves to be run.

use super::MatcherId;

/// A set of matchers, to be reused from scan to scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    words: Vec<u64>,
}

impl Candidates {
    /// An empty set with room for matchers numbered below `matchers`.
    pub fn new(matchers: usize) -> Self {
        Candidates { words: vec![0; matchers.div_ceil(64)] }
    }

    /// Adds a matcher. One beyond the room made for the set is not added.
    #[inline]
    pub fn insert(&mut self, matcher: MatcherId) {
        if let Some(word) = self.words.get_mut(matcher.0 as usize / 64) {
            *word |= 1 << (matcher.0 % 64);
        }
    }

    /// Whether a matcher is in the set.
    #[inline]
    pub fn contains(&self, matcher: MatcherId) -> bool {
        self.words.get(matcher.0 as usize / 64).is_some_and(|word| word >> (matcher.0 % 64) & 1 == 1)
    }

    /// Empties the set, keeping its room.
    #[inline]
    pub fn clear(&mut self) {
        self.words.fill(0);
    }

    /// Whether no matcher is in the set.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// How many matchers are in the set.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The matchers, in order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = MatcherId> {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(MatcherId(at as u32 * 64 + bit))
            })
        })
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
