//! Addresses as numbers.

use crate::support::words;
use crate::value::Text;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The number of an address.
pub type AddressId = usize;

/// All addresses that a plan refers to; others are dropped when data arrives.
#[derive(Default)]
pub struct Addresses {
    names: Vec<Text>,
    /// The lengths of the names, modulo 64, a bit each.
    lengths: u64,
    ids: HashMap<Text, AddressId, BuildHasherDefault<NameHasher>>,
}

impl Addresses {
    /// The number of a name, assigned if it is new.
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

    /// The number of addresses.
    pub fn len(&self) -> usize {
        self.names.len()
    }
}

/// Hashes eight bytes at a time. It need not resist chosen collisions: the table contains only the plan's own names,
/// and names from a request are merely looked up.
#[derive(Default)]
struct NameHasher(u64);

impl Hasher for NameHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let (whole, rest) = bytes.as_chunks::<8>();
        // The products do not depend on each other.
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
