//! Keyed hashes: no value an attacker chooses says where it will be stored.

use super::state::Key;
use siphasher::sip::SipHasher13;
use std::hash::{BuildHasher, Hasher, RandomState};

/// The 128-bit key of SipHash-1-3. One per process, or injected for exact tests and restored with what it was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashKey(pub [u64; 2]);

impl HashKey {
    /// A random key, from the operating system's seeds of the standard library.
    pub fn random() -> Self {
        Self([RandomState::new().hash_one(0), RandomState::new().hash_one(1)])
    }

    /// A hash in the making.
    pub fn hasher(&self) -> KeyHasher {
        KeyHasher(SipHasher13::new_with_keys(self.0[0], self.0[1]))
    }

    /// The key of an account, by the hash of its login.
    pub fn account(&self, login: u64) -> Key {
        Key::new(combined(ACCOUNT, login))
    }

    /// The hash of one value.
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        self.hasher().part(bytes).finish()
    }
}

/// Sets the keys of accounts apart from others made of the same login.
const ACCOUNT: u64 = 0x6163_636f_756e_7473;

/// One hash of two, of which one is keyed: whoever doesn't know that one doesn't know the result (the finaliser of
/// MurmurHash3 over their mixture). Much quicker than hashing the values again.
pub fn combined(one: u64, other: u64) -> u64 {
    let mut hash = one.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31) ^ other;
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// A hash of parts; where one ends and the next begins makes a difference.
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

    /// The hash.
    pub fn finish(self) -> u64 {
        self.0.finish()
    }

    /// The hash, as a key.
    pub fn key(self) -> Key {
        Key::new(self.0.finish())
    }
}
