//! Keyed hashes, so that an attacker cannot choose where a value is stored.

use super::state::Key;
use siphasher::sip::SipHasher13;
use std::hash::{BuildHasher, Hasher, RandomState};

/// The 128-bit key of SipHash-1-3. It is random per process, fixed for reproducible tests, or restored together with
/// the hashes made with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashKey(pub [u64; 2]);

impl HashKey {
    /// Creates a random key from the standard library's seeds of the operating system.
    pub fn random() -> Self {
        Self([RandomState::new().hash_one(0), RandomState::new().hash_one(1)])
    }

    /// Starts a hash.
    pub fn hasher(&self) -> KeyHasher {
        KeyHasher(SipHasher13::new_with_keys(self.0[0], self.0[1]))
    }

    /// Returns the key of an account, given the hash of its login.
    pub fn account(&self, login: u64) -> Key {
        Key::new(combined(ACCOUNT, login))
    }

    /// Hashes one value.
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        self.hasher().part(bytes).finish()
    }
}

/// Distinguishes the keys of accounts from others derived from the same login.
const ACCOUNT: u64 = 0x6163_636f_756e_7473;

/// Combines two hashes, of which at least one is keyed, so the result cannot be predicted without the key (the
/// finalizer of MurmurHash3 over their mixture). This is much faster than hashing the values again.
pub fn combined(one: u64, other: u64) -> u64 {
    let mut hash = one.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31) ^ other;
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// A hash of parts, whose boundaries are part of the hash.
pub struct KeyHasher(SipHasher13);

impl KeyHasher {
    /// Adds a part.
    pub fn part(mut self, bytes: &[u8]) -> Self {
        self.0.write_u32(bytes.len() as u32);
        self.0.write(bytes);
        self
    }

    /// Adds a number.
    pub fn number(mut self, number: u64) -> Self {
        self.0.write_u64(number);
        self
    }

    /// Returns the hash.
    pub fn finish(self) -> u64 {
        self.0.finish()
    }

    /// Returns the hash as a key.
    pub fn key(self) -> Key {
        Key::new(self.0.finish())
    }
}
