//! Sets of samples, which are counted and intersected millions of times.

/// A set of sample numbers below a fixed bound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bitmap(Vec<u64>);

impl Bitmap {
    /// An empty set for numbers below `bound`.
    pub fn new(bound: usize) -> Self {
        Bitmap(vec![0; bound.div_ceil(64)])
    }

    /// Adds a number below the bound.
    pub fn insert(&mut self, n: usize) {
        if let Some(word) = self.0.get_mut(n / 64) {
            *word |= 1 << (n % 64);
        }
    }

    /// Whether the set has a number.
    pub fn contains(&self, n: usize) -> bool {
        self.0.get(n / 64).is_some_and(|word| word >> (n % 64) & 1 == 1)
    }

    /// How many numbers the set has.
    pub fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// How many numbers both sets have.
    pub fn common(&self, other: &Bitmap) -> u32 {
        self.0.iter().zip(&other.0).map(|(one, other)| (one & other).count_ones()).sum()
    }

    /// The numbers that both sets have.
    #[must_use]
    pub fn and(&self, other: &Bitmap) -> Self {
        Bitmap(self.0.iter().zip(&other.0).map(|(one, other)| one & other).collect())
    }

    /// Adds the numbers of another set.
    pub fn add(&mut self, other: &Bitmap) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, more)| *word |= more);
    }

    /// How many numbers of this set another one lacks.
    pub fn beyond(&self, other: &Bitmap) -> u32 {
        self.0.iter().zip(&other.0).map(|(one, other)| (one & !other).count_ones()).sum()
    }
}
