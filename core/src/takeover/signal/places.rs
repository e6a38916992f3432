//! Where strings stand in a list, by their hashes.
//!
//! Beyond a few thousand the map is cut into many, so that none of them takes long to grow: somebody waits for it.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// Strings of the first map; with more there are [`MAPS`].
const FEW: usize = 4096;
/// A power of two.
const MAPS: usize = 64;

/// A hash is a key already.
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

/// Places, counted from one, of strings in a list. Of two strings with the same hash one has none.
#[derive(Debug, Default)]
pub struct Places {
    /// One, or [`MAPS`]; none before the first string.
    maps: Vec<Map>,
    hashes: RandomState,
}

impl Places {
    /// The place of a string in a list.
    pub fn get(&self, text: &str, list: &[Box<str>]) -> Option<u32> {
        let hash = self.hashes.hash_one(text);
        let place = *self.maps.get(self.map_of(hash))?.get(&hash)?;
        list.get(place as usize - 1).filter(|known| ***known == *text).map(|_| place)
    }

    /// Gives a string a place.
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

    /// Takes the place of a string from it.
    pub fn remove(&mut self, text: &str) {
        let hash = self.hashes.hash_one(text);
        let map = self.map_of(hash);
        if let Some(map) = self.maps.get_mut(map) {
            map.remove(&hash);
        }
    }

    /// Maps use the lower bits of the hash, and the upper seven.
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
        let list: Vec<Box<str>> = (0..3 * FEW).map(|n| format!("user{n}").into()).collect();
        for (place, text) in (1..).zip(&list) {
            assert_eq!(places.get(text, &list), None);
            places.insert(text, place);
        }
        assert_eq!(places.maps.len(), MAPS);
        assert!((1..).zip(&list).all(|(place, text)| places.get(text, &list) == Some(place)));
        places.remove("user7");
        assert_eq!(places.get("user7", &list), None);
    }
}
