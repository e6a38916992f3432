//! Random identifiers, from a source that tests replace.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// A source of identifiers for blocked responses and stack traces.
pub trait Ids: Send + Sync {
    /// A version 4 UUID (RFC 9562), 36 lower-case characters.
    fn uuid(&self) -> String;
}

/// Identifiers from the operating system's generator.
///
/// Each is drawn from the system: a generator within the process would produce the same identifiers in a forked child
/// as in its parent. A system call costs little compared with the blocked response or stack trace that the identifier
/// is for.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn uuid(&self) -> String {
        format_uuid(random())
    }
}

/// A number that no other call returns, in this process or another.
pub fn random() -> u128 {
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u128::from_ne_bytes(bytes),
        Err(_) => improvised(),
    }
}

/// A fallback for systems without a generator, made of process id, time and a counter.
fn improvised() -> u128 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let moment = (std::process::id(), SystemTime::now(), COUNT.fetch_add(1, Ordering::Relaxed));
    let half = || u128::from(RandomState::new().hash_one(moment));
    half() << 64 | half()
}

fn format_uuid(digits: u128) -> String {
    let digits = (digits & !(0xf << 76) & !(3 << 62)) | 4 << 76 | 2 << 62;
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
        assert_eq!(format_uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(format_uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn improvised_numbers_differ_too() {
        assert_ne!(improvised(), improvised());
    }
}
