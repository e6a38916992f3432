//! What keys stand for, so that reports can name logins and addresses.
//!
//! Detection needs hashes only. Spellings are kept for keys that are suspicious, within a fixed amount of memory, and not
//! longer than a day after anybody asked for them: when the room is used up, a report shows the hash.

use super::Key;
use crate::support::fork::Renewable;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// How long a spelling is kept after it was last needed.
const KEPT_FOR_S: u32 = 86_400;
const SHARDS: usize = 16;
/// What a spelling takes beside its bytes: its place in the map and the allocation.
const OVERHEAD: usize = 64;

/// See the [module](self).
#[derive(Debug)]
pub struct Spellings {
    shards: [Renewable<Shard>; SHARDS],
    /// Bytes a shard may take.
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
    /// Spellings in this many bytes.
    pub fn new(room: usize) -> Self {
        Self { shards: Default::default(), room: room / SHARDS }
    }

    /// Keeps the spelling of a key if there is room; the first one stays.
    pub fn keep(&self, key: Key, text: &str, now_s: u32) {
        let mut shard = self.shard(key).lock();
        if let Some(known) = shard.texts.get_mut(&key.get()) {
            known.needed_s = now_s;
            return;
        }
        if shard.texts.capacity() == 0 {
            // So the map never grows, which would take a while.
            shard.texts.reserve(self.room / OVERHEAD);
        }
        let bytes = OVERHEAD + text.len();
        if shard.bytes + bytes <= self.room {
            shard.bytes += bytes;
            shard.texts.insert(key.get(), Spelling { text: text.into(), needed_s: now_s });
        }
    }

    /// The spelling of a key.
    pub fn get(&self, key: Key, now_s: u32) -> Option<String> {
        let mut shard = self.shard(key).lock();
        let known = shard.texts.get_mut(&key.get())?;
        known.needed_s = now_s;
        Some(known.text.to_string())
    }

    /// Forgets the spelling of a key.
    pub fn forget(&self, key: Key) {
        let mut shard = self.shard(key).lock();
        if let Some(known) = shard.texts.remove(&key.get()) {
            shard.bytes -= OVERHEAD + known.text.len();
        }
    }

    /// Forgets what nobody has needed for long, in one of the slices of which there are as many as shards.
    pub fn sweep(&self, now_s: u32, slice: usize) {
        let mut shard = self.shards[slice % SHARDS].lock();
        let Shard { texts, bytes } = &mut *shard;
        texts.retain(|_, known| {
            let kept = now_s.saturating_sub(known.needed_s) <= KEPT_FOR_S;
            *bytes -= if kept { 0 } else { OVERHEAD + known.text.len() };
            kept
        });
    }

    /// Bytes of memory, as counted against the room.
    pub fn memory(&self) -> usize {
        size_of_val(&self.shards) + self.shards.iter().map(|shard| shard.lock().bytes).sum::<usize>()
    }

    fn shard(&self, key: Key) -> &Renewable<Shard> {
        &self.shards[(key.get() >> 40) as usize % SHARDS]
    }
}

/// Keys are keyed hashes already.
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
