//! Addresses by number.

use crate::config::Text;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The number of an address.
pub type AddressId = usize;

/// All addresses a plan refers to; others are dropped when data arrives.
#[derive(Default)]
pub struct Addresses {
    names: Vec<Text>,
    ids: HashMap<Text, AddressId, BuildHasherDefault<NameHasher>>,
}

impl Addresses {
    /// The number of a name, new if need be.
    pub fn intern(&mut self, name: &Text) -> AddressId {
        *self.ids.entry(name.clone()).or_insert_with(|| {
            self.names.push(name.clone());
            self.names.len() - 1
        })
    }

    /// The number of a name, if anything refers to it.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<AddressId> {
        self.ids.get(name).copied()
    }

    /// The name of an address.
    pub fn name(&self, id: AddressId) -> &Text {
        &self.names[id]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }
}

/// Reads eight bytes at a time. Not resistant to chosen collisions, and need not be: the table holds the plan's own
/// names only, what a request brings is merely looked up.
#[derive(Default)]
struct NameHasher(u64);

impl Hasher for NameHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.0 = (self.0.rotate_left(29) ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR);
        }
        let tail = rest.iter().fold(rest.len() as u64, |tail, &byte| tail << 8 | u64::from(byte));
        self.0 = (self.0.rotate_left(29) ^ tail).wrapping_mul(FACTOR);
    }

    #[inline]
    fn write_usize(&mut self, _: usize) {}

    #[inline]
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}
