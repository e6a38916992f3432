//! The texts behind keys, so that reports can name logins and addresses.
//!
//! Detection itself needs only hashes. Texts are stored for suspicious keys, in a fixed amount of memory, and dropped
//! a day after they were last needed. If there is no room, reports show the hash.

use super::Key;
use crate::support::fork::Renewable;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// How long a text is kept after it was last needed, in seconds.
const KEPT_FOR_S: u32 = 86_400;
const SHARDS: usize = 16;
/// The memory that a text takes in addition to its bytes: its place in the map and the allocation.
const OVERHEAD: usize = 64;

/// See the [module](self).
#[derive(Debug)]
pub struct Spellings {
    shards: [Renewable<Shard>; SHARDS],
    /// The memory limit of a shard, in bytes.
    room: usize,
}

#[derive(Debug, Default)]
struct Shard {
    texts: HashMap<u64, Spelling, BuildHasherDefault<AsItIs>>,
    bytes: usize,
}

#[derive(Debug)]
struct Spelling {
    text: Box<str>,
    needed_s: u32,
}

impl Spellings {
    /// Creates a store limited to `room` bytes.
    pub fn new(room: usize) -> Self {
        Self { shards: Default::default(), room: room / SHARDS }
    }

    /// Stores the text behind a key, if there is room and none is stored yet.
    pub fn keep(&self, key: Key, text: &str, now_s: u32) {
        let mut shard = self.shard(key).lock();
        if let Some(known) = shard.texts.get_mut(&key.get()) {
            known.needed_s = now_s;
            return;
        }
        if shard.texts.capacity() == 0 {
            // The full capacity is reserved at once, because growing the map later would stall an event.
            shard.texts.reserve(self.room / OVERHEAD);
        }
        let bytes = OVERHEAD + text.len();
        if shard.bytes + bytes <= self.room {
            shard.bytes += bytes;
            shard.texts.insert(key.get(), Spelling { text: text.into(), needed_s: now_s });
        }
    }

    /// Returns the text behind a key.
    pub fn get(&self, key: Key, now_s: u32) -> Option<String> {
        let mut shard = self.shard(key).lock();
        let known = shard.texts.get_mut(&key.get())?;
        known.needed_s = now_s;
        Some(known.text.to_string())
    }

    /// Forgets the text behind a key.
    pub fn forget(&self, key: Key) {
        let mut shard = self.shard(key).lock();
        if let Some(known) = shard.texts.remove(&key.get()) {
            shard.bytes -= OVERHEAD + known.text.len();
        }
    }

    /// Forgets texts that were not needed for long, in one slice; there are as many slices as shards.
    pub fn sweep(&self, now_s: u32, slice: usize) {
        let mut shard = self.shards[slice % SHARDS].lock();
        let Shard { texts, bytes } = &mut *shard;
        texts.retain(|_, known| {
            let kept = now_s.saturating_sub(known.needed_s) <= KEPT_FOR_S;
            *bytes -= if kept { 0 } else { OVERHEAD + known.text.len() };
            kept
        });
    }

    /// The memory in bytes, as counted against the limit.
    pub fn memory(&self) -> usize {
        size_of_val(&self.shards) + self.shards.iter().map(|shard| shard.lock().bytes).sum::<usize>()
    }

    fn shard(&self, key: Key) -> &Renewable<Shard> {
        &self.shards[(key.get() >> 40) as usize % SHARDS]
    }
}

/// The identity as a hash function, because keys are already keyed hashes.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> Key {
        Key::new(number.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    #[test]
    fn the_first_spelling_stays_until_it_is_forgotten() {
        let spellings = Spellings::new(1 << 16);
        spellings.keep(key(1), "Bob@x.io", 0);
        spellings.keep(key(1), "bob@x.io", 0);
        assert_eq!(spellings.get(key(1), 0).as_deref(), Some("Bob@x.io"));
        spellings.forget(key(1));
        spellings.forget(key(1));
        assert_eq!(spellings.get(key(1), 0), None);
        assert_eq!(spellings.memory(), size_of_val(&spellings.shards));
    }

    #[test]
    fn room_is_bounded_and_returned() {
        let spellings = Spellings::new(1 << 16);
        (0..10_000).for_each(|number| spellings.keep(key(number), "somebody@example.com", 7));
        let kept = (0..10_000).filter(|number| spellings.get(key(*number), 7).is_some()).count();
        assert!(spellings.memory() <= (1 << 16) + size_of_val(&spellings.shards));
        assert!((700..=780).contains(&kept), "{kept}");
        (0..SHARDS).for_each(|slice| spellings.sweep(7 + KEPT_FOR_S, slice));
        assert!(spellings.get(key(0), 7 + KEPT_FOR_S).is_some());
        (0..SHARDS).for_each(|slice| spellings.sweep(8 + KEPT_FOR_S, slice));
        assert_eq!((0..10_000).filter(|number| spellings.get(key(*number), 0).is_some()).count(), 1);
    }
}
