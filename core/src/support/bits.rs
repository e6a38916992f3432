//! Sets of small numbers.

/// A set of numbers below a fixed bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits(Vec<u64>);

impl Bits {
    /// An empty set for numbers below `bound`.
    pub fn new(bound: usize) -> Self {
        Bits(vec![0; bound.div_ceil(64)])
    }

    /// Adds a number; numbers at or above the bound are ignored.
    #[inline]
    pub fn insert(&mut self, n: usize) {
        if let Some(word) = self.0.get_mut(n / 64) {
            *word |= 1 << (n % 64);
        }
    }

    /// Removes a number.
    #[inline]
    pub fn remove(&mut self, n: usize) {
        if let Some(word) = self.0.get_mut(n / 64) {
            *word &= !(1 << (n % 64));
        }
    }

    /// Whether the set contains a number.
    #[inline]
    pub fn contains(&self, n: usize) -> bool {
        self.0.get(n / 64).is_some_and(|word| word >> (n % 64) & 1 == 1)
    }

    /// Adds all numbers of another set.
    #[inline]
    pub fn union(&mut self, other: &Bits) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, more)| *word |= more);
    }

    /// Removes all numbers of another set.
    #[inline]
    pub fn subtract(&mut self, other: &Bits) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, gone)| *word &= !gone);
    }

    /// Empties the set. Most sets are empty already, and checking is cheaper than writing.
    pub fn clear(&mut self) {
        if !self.is_empty() {
            self.0.fill(0);
        }
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The least number in the set that is at least `from`.
    #[inline]
    pub fn next(&self, from: usize) -> Option<usize> {
        let mut at = from / 64;
        let mut word = self.0.get(at)? & (u64::MAX << (from % 64));
        while word == 0 {
            at += 1;
            word = *self.0.get(at)?;
        }
        Some(at * 64 + word.trailing_zeros() as usize)
    }

    /// Whether the sets have a number in common.
    #[inline]
    pub fn intersects(&self, other: &Bits) -> bool {
        self.0.iter().zip(&other.0).any(|(word, others)| word & others != 0)
    }

    /// The numbers in both sets, ascending.
    #[inline]
    pub fn common(&self, other: &Bits) -> impl Iterator<Item = usize> {
        let words = self.0.iter().zip(&other.0).enumerate();
        words.flat_map(|(at, (word, others))| bits_of(word & others).map(move |bit| at * 64 + bit))
    }

    /// The numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let found = self.next(from)?;
            from = found + 1;
            Some(found)
        })
    }
}

/// The places of the bits that are set in a word, ascending.
#[inline]
pub fn bits_of(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
        word &= word - 1;
        Some(bit)
    })
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn behaves_as_a_set() {
        let mut bits = Bits::new(200);
        for n in [0, 63, 64, 199] {
            bits.insert(n);
        }
        bits.insert(5000);
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 63, 64, 199]);
        bits.remove(63);
        assert_eq!((bits.next(1), bits.next(200)), (Some(64), None));
        assert!(!bits.contains(63) && bits.contains(64) && !bits.contains(9999));
    }
}
