//! Random identifiers, through a source that tests replace.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// A source of identifiers for blocked responses and stack traces.
pub trait Ids: Send + Sync {
    /// A version 4 UUID (RFC 9562), 36 lower-case characters.
    fn uuid(&self) -> String;
}

/// Identifiers from a SplitMix64 generator per thread, seeded by the operating system (through the standard library's
/// hash seeds). They are names that tie a response to an event, not secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn uuid(&self) -> String {
        thread_local! {
            static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(std::thread::current().id()));
        }
        STATE.with(|state| {
            let next = || {
                state.set(state.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
                let z = state.get();
                let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                z ^ (z >> 31)
            };
            format_uuid(next(), next())
        })
    }
}

/// Identifiers that count up from 0, for exact tests.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl Ids for SequentialIds {
    fn uuid(&self) -> String {
        format_uuid(0, self.0.fetch_add(1, Ordering::Relaxed))
    }
}

fn format_uuid(high: u64, low: u64) -> String {
    let high = (high & !0xf000) | 0x4000;
    let low = (low & !(3 << 62)) | 2 << 62;
    let digits = u128::from(high) << 64 | u128::from(low);
    let mut text = *b"00000000-0000-0000-0000-000000000000";
    for (nth, digit) in text.iter_mut().filter(|digit| **digit != b'-').enumerate() {
        *digit = b"0123456789abcdef"[(digits >> (124 - 4 * nth)) as usize & 15];
    }
    str::from_utf8(&text).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_version_4_and_differ() {
        let (a, b) = (RandomIds.uuid(), RandomIds.uuid());
        assert_ne!(a, b);
        assert_eq!((a.len(), &a[14..15]), (36, "4"));
        assert!("89ab".contains(&a[19..20]));
        assert_eq!(SequentialIds::default().uuid(), "00000000-0000-4000-8000-000000000000");
    }
}
