//! A list that is cheap to copy: of its elements only those that change afterwards are copied.
//!
//! An export of a long campaign must not keep events waiting, so it takes a copy of the list and reads that.

use std::sync::Arc;

/// The number of elements that are copied at once.
const CHUNK: usize = 1024;

/// A list in chunks, which copies share.
#[derive(Clone, Debug)]
pub struct Chunks<T>(Vec<Arc<Vec<T>>>);

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self(vec![])
    }
}

impl<T: Clone> Chunks<T> {
    /// The number of elements.
    pub fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * CHUNK + last.len())
    }

    /// Adds an element.
    pub fn push(&mut self, element: T) {
        match self.0.last_mut().filter(|last| last.len() < CHUNK) {
            Some(last) => Arc::make_mut(last).push(element),
            None => {
                // The first chunk grows as needed, since most lists are short.
                let room = if self.0.is_empty() { 0 } else { CHUNK };
                let mut chunk = Vec::with_capacity(room);
                chunk.push(element);
                self.0.push(Arc::new(chunk));
            }
        }
    }

    /// Removes some of the last elements; returns whether there were any.
    pub fn pop_chunk(&mut self) -> bool {
        self.0.pop().is_some()
    }

    /// Returns an element.
    pub fn get(&self, at: usize) -> Option<&T> {
        self.0.get(at / CHUNK)?.get(at % CHUNK)
    }

    /// Replaces an element.
    pub fn set(&mut self, at: usize, element: T) {
        if let Some(chunk) = self.0.get_mut(at / CHUNK)
            && let Some(place) = Arc::make_mut(chunk).get_mut(at % CHUNK)
        {
            *place = element;
        }
    }

    /// Returns the elements in their order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flat_map(|chunk| chunk.iter())
    }

    /// Removes the elements for which `keeps` is false.
    pub fn retain(&mut self, keeps: impl Fn(&T) -> bool) {
        if self.iter().all(&keeps) {
            return;
        }
        let mut kept = Self::default();
        self.iter().filter(|element| keeps(element)).for_each(|element| kept.push(element.clone()));
        *self = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stays_as_it_is() {
        let mut list = Chunks::default();
        (0..3000).for_each(|n| list.push(n));
        let copy = list.clone();
        assert!(Arc::ptr_eq(&list.0[1], &copy.0[1]), "nothing is copied before it changes");
        list.set(1500, 7);
        list.push(3000);
        list.retain(|n| n % 2 == 0);
        assert!(copy.iter().copied().eq(0..3000) && copy.len() == 3000);
        let even = (0..=3000).filter(|n| n % 2 == 0 && *n != 1500);
        assert!(list.iter().copied().eq(even) && list.len() == 1500);
        assert_eq!((list.get(0), list.get(1499), list.get(1500)), (Some(&0), Some(&3000), None));
    }
}
