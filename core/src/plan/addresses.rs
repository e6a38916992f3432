//! Addresses by number.

use crate::support::words;
use crate::value::Text;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The number of an address.
pub type AddressId = usize;

/// All addresses a plan refers to; others are dropped when data arrives.
#[derive(Default)]
pub struct Addresses {
    names: Vec<Text>,
    /// A bit for each length that a name has, modulo 64.
    lengths: u64,
    ids: HashMap<Text, AddressId, BuildHasherDefault<NameHasher>>,
}

impl Addresses {
    /// The number of a name, new if need be.
    pub fn intern(&mut self, name: &Text) -> AddressId {
        *self.ids.entry(name.clone()).or_insert_with(|| {
            self.names.push(name.clone());
            self.lengths |= 1 << (name.len() % 64);
            self.names.len() - 1
        })
    }

    /// The number of a name, if anything refers to it.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<AddressId> {
        if self.lengths >> (name.len() % 64) & 1 == 0 {
            return None;
        }
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
        let (whole, rest) = bytes.as_chunks::<8>();
        // Products that do not wait for each other.
        let mut factor = FACTOR;
        let mut sum = (words::rest(bytes, rest) ^ bytes.len() as u64).wrapping_mul(factor);
        for word in whole {
            factor = factor.rotate_left(9);
            sum ^= u64::from_le_bytes(*word).wrapping_mul(factor | 1).rotate_right(32);
        }
        self.0 = (self.0 ^ sum).wrapping_mul(FACTOR);
    }

    #[inline]
    fn write_usize(&mut self, _: usize) {}

    #[inline]
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}
