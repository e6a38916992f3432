//! The positions of strings in a list, by hash.
//!
//! Beyond a few thousand strings the map is split into many, because an event waits while a map grows, and growing a
//! small one is quick.

use super::chunks::Chunks;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::Arc;

/// The number of strings up to which there is a single map; beyond, there are [`MAPS`].
const FEW: usize = 4096;
/// The number of maps after the split; a power of two.
const MAPS: usize = 64;

/// The identity as a hash function, because the keys are hashes.
#[derive(Clone, Copy, Debug, Default)]
struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

type Map = HashMap<u64, u32, BuildHasherDefault<Same>>;

/// The positions of strings in a list, counted from one. If the hashes of two strings collide, only the later one is
/// found.
#[derive(Debug, Default)]
pub struct Places {
    /// No map before the first string, then one, then [`MAPS`].
    maps: Vec<Map>,
    hashes: RandomState,
}

impl Places {
    /// Returns the position of a string in a list.
    pub fn get(&self, text: &str, list: &Chunks<Arc<str>>) -> Option<u32> {
        let hash = self.hashes.hash_one(text);
        let place = *self.maps.get(self.map_of(hash))?.get(&hash)?;
        list.get(place as usize - 1).filter(|known| ***known == *text).map(|_| place)
    }

    /// Stores the position of a string.
    pub fn insert(&mut self, text: &str, place: u32) {
        let hash = self.hashes.hash_one(text);
        if self.maps.is_empty() {
            self.maps.push(Map::default());
        }
        if let [only] = &mut self.maps[..]
            && only.len() >= FEW
        {
            let all = std::mem::take(only);
            self.maps = (0..MAPS).map(|_| Map::default()).collect();
            for (hash, place) in all {
                let map = self.map_of(hash);
                self.maps[map].insert(hash, place);
            }
        }
        let map = self.map_of(hash);
        self.maps[map].insert(hash, place);
    }

    /// Removes the position of a string.
    pub fn remove(&mut self, text: &str) {
        let hash = self.hashes.hash_one(text);
        let map = self.map_of(hash);
        if let Some(map) = self.maps.get_mut(map) {
            map.remove(&hash);
        }
    }

    /// Removes some of the positions; returns whether there were any. The others are no longer found.
    pub fn pop_map(&mut self) -> bool {
        self.maps.pop().is_some()
    }

    /// The index of the map for a hash. The bits are from the middle, because the maps themselves use the lower bits
    /// and the upper seven.
    fn map_of(&self, hash: u64) -> usize {
        (hash >> 40) as usize & self.maps.len().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_however_many_there_are() {
        let mut places = Places::default();
        let mut list = Chunks::default();
        (0..3 * FEW).for_each(|n| list.push(Arc::from(format!("user{n}"))));
        for (place, text) in (1..).zip(list.iter()) {
            assert_eq!(places.get(text, &list), None);
            places.insert(text, place);
        }
        assert_eq!(places.maps.len(), MAPS);
        assert!((1..).zip(list.iter()).all(|(place, text)| places.get(text, &list) == Some(place)));
        places.remove("user7");
        assert_eq!(places.get("user7", &list), None);
    }
}
