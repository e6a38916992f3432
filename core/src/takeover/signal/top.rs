//! The most frequent values in bounded memory, by the Space-Saving algorithm (Metwally et al. 2005).

/// The number of values that are tracked.
const WATCHED: usize = 50;

/// The tracked values with their counts, which are exact while there are no more distinct values than are tracked.
#[derive(Clone, Debug)]
pub struct Top<T>(Vec<Watched<T>>);

#[derive(Clone, Debug)]
struct Watched<T> {
    value: T,
    count: u64,
    /// The part of the count that may belong to values which this one replaced.
    inherited: u64,
}

impl<T> Default for Top<T> {
    fn default() -> Self {
        Self(vec![])
    }
}

impl<T> Top<T> {
    /// Counts a value.
    pub fn add<Q: ?Sized + PartialEq>(&mut self, value: &Q, count: u64, own: impl FnOnce(&Q) -> T)
    where
        T: std::borrow::Borrow<Q>,
    {
        if let Some(watched) = self.0.iter_mut().find(|watched| watched.value.borrow() == value) {
            watched.count += count;
            return;
        }
        let fresh = |inherited| Watched { value: own(value), count: inherited + count, inherited };
        if self.0.len() < WATCHED {
            return self.0.push(fresh(0));
        }
        if let Some(least) = self.0.iter_mut().min_by_key(|watched| watched.count) {
            *least = fresh(least.count);
        }
    }

    /// Returns a lower bound of the count of a value.
    pub fn count<Q: ?Sized + PartialEq>(&self, value: &Q) -> u64
    where
        T: std::borrow::Borrow<Q>,
    {
        let found = self.0.iter().find(|watched| watched.value.borrow() == value);
        found.map_or(0, |watched| watched.count - watched.inherited)
    }

    /// Returns the values with lower bounds of their counts, most frequent first, and in order of appearance if
    /// equal.
    pub fn list(&self) -> Vec<(&T, u64)> {
        let mut list: Vec<_> =
            self.0.iter().map(|watched| (&watched.value, watched.count - watched.inherited)).collect();
        list.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        list
    }

    /// Removes a value.
    pub fn forget<Q: ?Sized + PartialEq>(&mut self, value: &Q)
    where
        T: std::borrow::Borrow<Q>,
    {
        self.0.retain(|watched| watched.value.borrow() != value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frequent_stay_and_counts_are_lower_bounds() {
        let mut top: Top<String> = Top::default();
        for n in 0..1000 {
            top.add("often", 1, str::to_owned);
            top.add(format!("once {n}").as_str(), 1, str::to_owned);
        }
        let list = top.list();
        assert_eq!((list.len(), list[0].0.as_str(), list[0].1), (WATCHED, "often", 1000));
        assert!(list[1..].iter().all(|(_, count)| *count == 1));
        top.forget("often");
        assert_eq!(top.count("often"), 0);
    }
}
