//! `exact_match`: a string against a set of strings.

use super::expiry::Life;
use super::operator::{Highlight, Operator, ScalarMatcher};
use crate::fields::read;
use crate::fields::{Fields, Refusal};
use crate::pattern::PatternCache;
use crate::support::{Deadline, Expired};
use std::collections::HashMap;

/// The operator's name.
pub const NAME: &str = "exact_match";

/// Reads the operator's parameters.
pub fn read(parameters: &Fields<'_>, _patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    Ok(match parameters.optional_unkeyed("list", read::texts)? {
        Some(list) => ScalarMatcher::fixed(ExactSet::new(list.iter().map(|value| (&value[..], 0)))),
        None => ScalarMatcher::Data(parameters.required("data", read::text)?),
    })
}

/// A list given within the rule, which never expires.
impl Operator for ExactSet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn find(&self, text: &[u8], _deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        Ok(self.matches(text, 0).then_some(Highlight::Whole))
    }
}

/// A set of byte strings, each with its expiration.
///
/// A string whose length does not occur in the set, as for nearly all strings, is rejected before it is hashed.
#[derive(Debug, Default)]
pub struct ExactSet {
    values: HashMap<Box<[u8]>, Life>,
    /// Bit n means that there is a value of that length; the last bit stands for all longer ones.
    lengths: u64,
    /// The length of the longest.
    longest: usize,
}

impl ExactSet {
    /// The set of `entries`, pairs of a value and its expiration in seconds (0: never). Of equal values the one that
    /// expires last counts; the empty string never matches.
    pub fn new<V: AsRef<[u8]>>(entries: impl IntoIterator<Item = (V, u64)>) -> Self {
        let mut set = Self::default();
        let entries = entries.into_iter();
        set.values.reserve(entries.size_hint().0);
        for (value, expiration) in entries {
            let value = value.as_ref();
            if value.is_empty() {
                continue;
            }
            let life = Life::until(expiration);
            set.lengths |= length_bit(value);
            set.longest = set.longest.max(value.len());
            match set.values.get_mut(value) {
                Some(known) => *known = life.max(*known),
                None => _ = set.values.insert(value.into(), life),
            }
        }
        set
    }

    /// Whether `text` is in the set and has not expired at `now`, in seconds. The whole text is then highlighted.
    pub fn matches(&self, text: &[u8], now: u64) -> bool {
        text.len() <= self.longest
            && self.lengths & length_bit(text) != 0
            && self.values.get(text).is_some_and(|life| life.lasts(now))
    }
}

fn length_bit(value: &[u8]) -> u64 {
    1 << value.len().min(63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_strings_only() {
        let long = [b'x'; 100];
        let set = ExactSet::new([(&b"abc"[..], 0), (b"", 0), (b"\xFF\0", 0), (&long, 0)]);
        for text in [&b"abc"[..], b"\xFF\0", &long] {
            assert!(set.matches(text, 1), "{}", text.escape_ascii());
        }
        for text in [&b""[..], b"ab", b"abcd", b"ABC", b"xyz", b"\xFF", &long[..99]] {
            assert!(!set.matches(text, 1), "{}", text.escape_ascii());
        }
        assert!(!ExactSet::default().matches(b"a", 0));
    }

    #[test]
    fn the_latest_expiration_counts() {
        for entries in [[("a", 5), ("a", 9)], [("a", 9), ("a", 5)]] {
            let set = ExactSet::new(entries);
            assert!(set.matches(b"a", 9));
            assert!(!set.matches(b"a", 10));
        }
        for entries in [[("a", 0), ("a", 9)], [("a", 9), ("a", 0)]] {
            assert!(ExactSet::new(entries).matches(b"a", u64::MAX));
        }
    }
}
