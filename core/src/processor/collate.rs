//! Map entries in the order in which fingerprints hash them.
//!
//! A request has a handful of keys, so they are sorted as small records on the stack: the first eight weighted bytes of
//! a key packed into an integer, which decide nearly every comparison without reading the key. A hostile request may
//! have a hundred thousand keys, or a few long ones that differ at their ends; those are sorted in runs that take
//! microseconds each, and merged, so that the deadline can interrupt after each run and at each key.

use crate::support::Expired;
use crate::support::{Deadline, words};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::marker::PhantomData;

/// The most entries that are sorted on the stack.
const FEW: usize = 16;
/// The number of entries of a run.
const RUN: usize = 128;
/// The bytes of keys of a run.
const RUN_BYTES: usize = 4 << 10;

/// The cost of sorting a run, in units of [`Deadline::spend`].
const RUN_UNITS: u32 = 64;

/// The weight of a byte in the order.
pub(super) trait Collation {
    /// The weights of the bytes of a word.
    fn weights(word: u64) -> u64;
}

/// Keys of queries, bodies and cookies: lower-cased and compared as *signed* bytes, as the reference's `char` compares
/// on x86-64 (so 0x80-0xFF come before ASCII).
pub(super) struct SignedLower;

impl Collation for SignedLower {
    #[inline]
    fn weights(word: u64) -> u64 {
        words::signed(words::lower(word))
    }
}

/// Parameters of URIs: compared as plain bytes.
pub(super) struct Bytes;

impl Collation for Bytes {
    #[inline]
    fn weights(word: u64) -> u64 {
        word
    }
}

/// Header names: folded, compared as plain bytes.
pub(super) struct HeaderNames;

impl Collation for HeaderNames {
    #[inline]
    fn weights(word: u64) -> u64 {
        words::header_name(word)
    }
}

/// Keys, each with its position in the map, to be visited in order. Equal keys keep their input order.
pub(super) struct Sorter<'a, C> {
    few: [Entry<'a, C>; FEW],
    len: usize,
    /// The length of all keys together.
    bytes: usize,
    /// All entries, once there are too many for the stack.
    many: Vec<Entry<'a, C>>,
}

impl<'a, C: Collation> Sorter<'a, C> {
    pub(super) fn new() -> Self {
        let empty = Entry { prefix: 0, key: &[], position: 0, collation: PhantomData };
        Sorter { few: [empty; FEW], len: 0, bytes: 0, many: Vec::new() }
    }

    /// The number of keys added.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, key: &'a [u8], position: usize) {
        let entry = Entry { prefix: prefix::<C>(key), key, position, collation: PhantomData };
        match self.few.get_mut(self.len) {
            Some(slot) => *slot = entry,
            None => {
                if self.len == FEW {
                    self.many.extend_from_slice(&self.few);
                }
                self.many.push(entry);
            }
        }
        self.len += 1;
        self.bytes += key.len();
    }

    /// Passes each key and its position to `visit`, in order.
    pub(super) fn drain(
        &mut self,
        deadline: &mut Deadline,
        mut visit: impl FnMut(&'a [u8], usize, &mut Deadline) -> Result<(), Expired>,
    ) -> Result<(), Expired> {
        let entries = if self.len <= FEW { &mut self.few[..self.len] } else { &mut self.many[..] };
        if entries.len() <= FEW && self.bytes <= RUN_BYTES {
            entries.sort_unstable();
            return entries.iter().try_for_each(|entry| visit(entry.key, entry.position, deadline));
        }
        let mut heads = BinaryHeap::new();
        let mut rest = entries;
        while let Some(length) = run_length(rest) {
            let run;
            (run, rest) = rest.split_at_mut(length);
            deadline.try_spend(RUN_UNITS)?;
            run.sort_unstable();
            heads.extend(run.split_first().map(|(head, rest)| Reverse((*head, rest))));
        }
        while let Some(mut smallest) = heads.peek_mut() {
            let Reverse((entry, rest)) = *smallest;
            // Merging compares it with a few others.
            deadline.try_spend(4 + (entry.key.len() / 8) as u32)?;
            match rest.split_first() {
                Some((next, rest)) => *smallest = Reverse((*next, rest)),
                None => _ = PeekMut::pop(smallest),
            }
            visit(entry.key, entry.position, deadline)?;
        }
        Ok(())
    }
}

/// The number of entries in the next run; `None` if there are none.
fn run_length<C>(entries: &[Entry<'_, C>]) -> Option<usize> {
    let mut bytes = 0;
    let fits = |entry: &&Entry<'_, C>| {
        bytes += entry.key.len();
        bytes <= RUN_BYTES
    };
    (!entries.is_empty()).then(|| entries.iter().take(RUN).take_while(fits).count().max(1))
}

struct Entry<'a, C> {
    prefix: u64,
    key: &'a [u8],
    position: usize,
    collation: PhantomData<C>,
}

impl<C> Clone for Entry<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Entry<'_, C> {}

impl<C: Collation> Ord for Entry<'_, C> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.prefix
            .cmp(&other.prefix)
            .then_with(|| compare::<C>(self.key, other.key))
            .then_with(|| self.position.cmp(&other.position))
    }
}

impl<C: Collation> PartialOrd for Entry<'_, C> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<C: Collation> PartialEq for Entry<'_, C> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<C: Collation> Eq for Entry<'_, C> {}

/// Compares whole keys, eight bytes at a time.
#[inline(never)]
fn compare<C: Collation>(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a_left, mut b_left) = (a, b);
    while !a_left.is_empty() && !b_left.is_empty() {
        match prefix::<C>(a_left).cmp(&prefix::<C>(b_left)) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
        (a_left, b_left) = (a_left.get(8..).unwrap_or_default(), b_left.get(8..).unwrap_or_default());
    }
    // The keys are equal, or one is zero-padded against an end of equal weight.
    a.len().cmp(&b.len())
}

/// The weights of the first eight bytes, big-endian; shorter keys are padded with the lowest weight.
#[inline]
fn prefix<C: Collation>(key: &[u8]) -> u64 {
    words::cut(C::weights(words::first(key)), key.len()).swap_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted<C: Collation>(keys: &[&'static [u8]]) -> Vec<(&'static [u8], usize)> {
        let mut sorter = Sorter::<C>::new();
        keys.iter().enumerate().for_each(|(position, key)| sorter.push(key, position));
        let mut seen = vec![];
        let done = sorter.drain(&mut Deadline::unlimited(), |key, position, _| {
            seen.push((key, position));
            Ok(())
        });
        assert!(done.is_ok());
        seen
    }

    #[test]
    fn bytes_above_ascii_come_first_among_keys_and_last_among_headers() {
        let keys: [&[u8]; 6] = [b"b", b"\xff", b"A", b"\x80", b"", b"a"];
        assert_eq!(
            sorted::<SignedLower>(&keys),
            [(&b""[..], 4), (b"\x80", 3), (b"\xff", 1), (b"A", 2), (b"a", 5), (b"b", 0)]
        );
        assert_eq!(
            sorted::<HeaderNames>(&keys),
            [(&b""[..], 4), (b"A", 2), (b"a", 5), (b"b", 0), (b"\x80", 3), (b"\xff", 1)]
        );
    }

    #[test]
    fn a_prefix_comes_first_even_if_weights_equal_the_padding() {
        assert_eq!(sorted::<SignedLower>(&[b"a\x80", b"a"]), [(&b"a"[..], 1), (b"a\x80", 0)]);
        assert_eq!(sorted::<HeaderNames>(&[b"a\0\0", b"a\0"]), [(&b"a\0"[..], 1), (b"a\0\0", 0)]);
        assert_eq!(sorted::<HeaderNames>(&[b"12345678b", b"12345678A"]), [(&b"12345678A"[..], 1), (b"12345678b", 0)]);
    }

    #[test]
    fn many_are_sorted_like_few() {
        let names: Vec<&'static [u8]> =
            (0..1000u32).map(|i| &*format!("k{}", i * 7919 % 500).into_bytes().leak()).collect();
        let mut expected: Vec<_> = names.iter().copied().zip(0..).collect();
        expected.sort();
        assert_eq!(sorted::<HeaderNames>(&names), expected);
    }
}
