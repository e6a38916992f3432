//! A map that is cheap to copy.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

/// The number of shards; a change copies one of them.
const SHARDS: usize = 256;

/// A hash map whose clones share all shards that neither has changed, for [`Versioned`](super::fork::Versioned) sets of
/// any size.
#[derive(Debug, Clone)]
pub struct SharedMap<K, V> {
    shards: Vec<Arc<HashMap<K, V>>>,
    hasher: RandomState,
    len: usize,
}

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> Self {
        SharedMap { shards: vec![Arc::default(); SHARDS], hasher: RandomState::new(), len: 0 }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> SharedMap<K, V> {
    /// Number of entries.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The value under a key.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.shards[self.shard(key)].get(key)
    }

    /// Inserts a value under a key.
    pub fn insert(&mut self, key: K, value: V) {
        let shard = self.shard(&key);
        let replaced = Arc::make_mut(&mut self.shards[shard]).insert(key, value);
        self.len += usize::from(replaced.is_none());
    }

    /// Removes the value under a key.
    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.get(key)?;
        let shard = self.shard(key);
        self.len -= 1;
        Arc::make_mut(&mut self.shards[shard]).remove(key)
    }

    /// All entries, in unspecified order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.shards.iter().flat_map(|shard| shard.iter())
    }

    fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        self.hasher.hash_one(key) as usize % SHARDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_change_apart() {
        let mut map = SharedMap::default();
        (0..1000).for_each(|n| map.insert(n, n));
        let before = map.clone();
        map.insert(7, 70);
        assert_eq!((map.remove(&8), map.remove(&8), map.remove(&1000)), (Some(8), None, None));
        assert_eq!((map.len(), map.get(&7), map.get(&8)), (999, Some(&70), None));
        assert_eq!((before.len(), before.get(&7), before.get(&8)), (1000, Some(&7), Some(&8)));
        let copied = map.shards.iter().zip(&before.shards).filter(|(new, old)| !Arc::ptr_eq(new, old)).count();
        assert!(copied <= 2);
        assert_eq!(map.iter().map(|(key, _)| key).sum::<i32>(), 999 * 500 - 8);
    }
}
