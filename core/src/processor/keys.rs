//! Which scanners accept a key.
//!
//! Documents repeat their keys in every record, and requests to one endpoint repeat them in every document. So the
//! result of the key patterns is cached, in a table with one slot per hash, where a new key replaces the previous one.
//! A table of fixed size has a bounded worst case: running the patterns for every key.
//!
//! A key that is not in the cache is first scanned once for all patterns: most require a literal, so a pair of its
//! bytes must be in the key.

use super::scanner::ScannerMatcher;
use crate::pattern::{Required, rarity};
use crate::support::{Deadline, Expired, Stride};
use std::sync::Arc;

/// A set of scanners, or of key patterns, by number.
pub(super) type Set = u64;

/// The cost of scanning a kilobyte of a key, in units of [`Deadline::spend`].
const UNITS: u32 = 64;

/// The capacity of a set.
pub(super) const SET: usize = Set::BITS as usize;

/// The longest cached key, which fits three words.
const KEPT: usize = 24;
/// The number of slots, a power of two.
const PLACES: usize = 256;
/// The number of hashes of byte pairs, a power of two.
const PAIRS: usize = 512;

/// The key patterns of a selection of scanners.
pub(super) struct KeyPatterns {
    /// Each pattern with the scanners that share it.
    patterns: Vec<(Arc<dyn ScannerMatcher>, Set)>,
    /// Scanners that accept any key.
    any: Set,
    look: Look,
}

impl KeyPatterns {
    /// Collects the patterns of scanners; scanners beyond the capacity of a set are left out.
    pub(super) fn new<'a>(keys: impl Iterator<Item = Option<&'a Arc<dyn ScannerMatcher>>>) -> Self {
        let mut patterns: Vec<(Arc<dyn ScannerMatcher>, Set)> = vec![];
        let mut any = 0;
        for (scanner, key) in keys.take(SET).enumerate() {
            match key {
                None => any |= 1 << scanner,
                Some(key) => match patterns.iter_mut().find(|(known, _)| Arc::ptr_eq(known, key)) {
                    Some((_, scanners)) => *scanners |= 1 << scanner,
                    None => patterns.push((Arc::clone(key), 1 << scanner)),
                },
            }
        }
        let look = Look::new(patterns.iter().map(|(pattern, _)| pattern.required()));
        KeyPatterns { patterns, any, look }
    }

    /// The scanners that accept a key. No pattern accepts the empty one.
    pub(super) fn scanners(&self, key: &[u8], kept: &mut KeptKeys, deadline: &mut Deadline) -> Result<Set, Expired> {
        if key.is_empty() || self.patterns.is_empty() {
            return Ok(self.any);
        }
        let Some(name) = Name::of(key) else { return self.ask(key, deadline) };
        let place = &mut kept.places()[name.place()];
        if place.0 != name {
            *place = (name, self.ask(key, deadline)?);
        }
        Ok(place.1)
    }

    fn ask(&self, key: &[u8], deadline: &mut Deadline) -> Result<Set, Expired> {
        let mut scanners = self.any;
        let mut left = self.look.candidates(key, &mut Stride::new(deadline, UNITS));
        deadline.in_time()?;
        while left != 0 {
            let candidate = left.trailing_zeros() as usize;
            left &= left - 1;
            scanners |= match self.patterns.get(candidate) {
                Some((pattern, its)) if pattern.matches(key, deadline)? => its,
                _ => &0,
            };
        }
        Ok(scanners)
    }
}

/// Cached results for keys, of one selection of scanners.
#[derive(Default)]
pub(super) struct KeptKeys(Option<Box<[(Name, Set); PLACES]>>);

impl KeptKeys {
    /// Allocated on first use, as some selections have no patterns of keys.
    fn places(&mut self) -> &mut [(Name, Set); PLACES] {
        self.0.get_or_insert_with(|| Box::new([(Name::NONE, 0); PLACES]))
    }
}

/// A key as words, padded with zeros.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name {
    words: [u64; KEPT / 8],
    length: u64,
}

impl Name {
    const NONE: Name = Name { words: [0; KEPT / 8], length: 0 };

    fn of(key: &[u8]) -> Option<Self> {
        let mut bytes = [0; KEPT];
        bytes.get_mut(..key.len())?.copy_from_slice(key);
        let (words, _) = bytes.as_chunks::<8>();
        let words = std::array::from_fn(|nth| words.get(nth).map_or(0, |word| u64::from_le_bytes(*word)));
        Some(Name { words, length: key.len() as u64 })
    }

    fn place(&self) -> usize {
        let sum = self
            .words
            .iter()
            .fold(self.length, |sum, word| (sum.rotate_left(29) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        (sum >> 32) as usize % PLACES
    }
}

/// A table that tells which patterns a key may match.
struct Look {
    /// Patterns that require nothing.
    open: Set,
    /// Patterns that also match non-ASCII look-alikes of what they require.
    beyond_ascii: Set,
    /// Patterns by required byte, if any requires a single one.
    bytes: Option<Box<[Set; 256]>>,
    /// Patterns by a pair of bytes of a literal.
    pairs: Box<[Set; PAIRS]>,
}

impl Look {
    fn new<'a>(required: impl Iterator<Item = Option<&'a Required>>) -> Self {
        let mut look = Look { open: 0, beyond_ascii: 0, bytes: None, pairs: Box::new([0; PAIRS]) };
        for (pattern, required) in required.enumerate() {
            let bit = 1 << pattern;
            let Some(required) = required.filter(|required| !required.is_open()) else {
                look.open |= bit;
                continue;
            };
            if required.ignores_look_alikes() {
                look.beyond_ascii |= bit;
            }
            for byte in required.bytes().iter() {
                look.bytes.get_or_insert_with(|| Box::new([0; 256]))[usize::from(byte)] |= bit;
            }
            for literal in required.literals() {
                let pairs = literal.windows(2).filter_map(|pair| pair.first_chunk::<2>());
                match pairs.max_by_key(|[a, b]| rarity(*a) + rarity(*b)) {
                    Some(pair) => look.pairs[place_of(*pair)] |= bit,
                    None => look.open |= bit,
                }
            }
        }
        look
    }

    fn candidates(&self, key: &[u8], stride: &mut Stride<'_>) -> Set {
        let mut found = self.open;
        if !key.is_ascii() {
            found |= self.beyond_ascii;
        }
        if let Some(bytes) = &self.bytes {
            found = key.iter().fold(found, |found, &byte| found | bytes[usize::from(byte)]);
        }
        let pairs = key.windows(2).filter_map(|pair| pair.first_chunk::<2>()).enumerate();
        let pairs = pairs.take_while(|(at, _)| !stride.is_over(*at));
        pairs.fold(found, |found, (_, pair)| found | self.pairs[place_of(*pair)])
    }
}

/// The same slot for both cases of letters.
fn place_of([a, b]: [u8; 2]) -> usize {
    let fold = |byte: u8| usize::from(byte | 0x20);
    ((fold(a) * 23) ^ fold(b)) % PAIRS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::Matcher;
    use crate::matcher::match_regex::MatchRegex;
    use crate::pattern::{Options, Pattern};
    use crate::support::test_random::Random;

    struct Asked(Matcher);

    impl ScannerMatcher for Asked {
        fn matches(&self, text: &[u8], deadline: &mut Deadline) -> Result<bool, Expired> {
            self.0.accepts(text, deadline)
        }

        fn required(&self) -> Option<&Required> {
            self.0.required()
        }
    }

    fn pattern(source: &str) -> Arc<dyn ScannerMatcher> {
        let pattern = Pattern::new(source.as_bytes(), Options { case_sensitive: false }).unwrap();
        Arc::new(Asked(Matcher::new(MatchRegex { pattern, min_length: 0 })))
    }

    #[test]
    fn cached_or_not_the_result_is_that_of_the_patterns() {
        let sources = [r"\bcards?\b", "cc|k[0-9]", "[xyz]", "^$|^q", "socks", r"\w{5}", "", "user.?name"];
        let patterns: Vec<_> = sources.into_iter().map(pattern).collect();
        let keys = KeyPatterns::new(patterns.iter().map(Some).chain([None]));
        let mut kept = KeptKeys::default();
        let mut deadline = Deadline::unlimited();
        let mut random = Random(1);
        let parts = [
            "card",
            "CC",
            "k7",
            "z",
            "q",
            "_",
            "so",
            "c\u{212A}s",
            "\u{17F}oc\u{212A}s",
            "user",
            "Name",
            "-",
            "\0",
            "ards",
        ];
        for round in 0..20_000 {
            let mut key = String::new();
            for _ in 0..=round % 5 {
                key.push_str(parts[random.below(parts.len())]);
            }
            let key = key.as_bytes();
            let expected =
                patterns.iter().enumerate().filter(|(_, pattern)| pattern.matches(key, &mut deadline) == Ok(true));
            let expected = expected.fold(1 << patterns.len(), |set, (nth, _)| set | 1 << nth);
            assert_eq!(keys.scanners(key, &mut kept, &mut deadline), Ok(expected), "{}", key.escape_ascii());
        }
        assert_eq!(keys.scanners(b"", &mut kept, &mut deadline), Ok(1 << patterns.len()));
    }
}
