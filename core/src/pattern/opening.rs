//! Where matches of several patterns may begin, found in one pass.
//!
//! A long text contains nearly every short literal, so most of what a ruleset [requires](super::required) occurs
//! somewhere in it, and each pattern would search the whole text. But few places look like the beginning of a match, as
//! the first bytes of most patterns come from small sets. As in Teddy, the literal search of Hyperscan, each pattern
//! has bits, each of the first bytes a table of bits, and a place is a candidate if the bits of four bytes in a row
//! agree. One pass does that for 64 bits at about the cost of one search.
//!
//! A pattern has several bits if it begins with one of many words: the first letters of all of them together, followed
//! by the second letters of all, fit many places, but not those of a few similar words. So the words are divided into
//! a few [ways](Ways) to begin.

use super::required::{ByteSet, rarity};
use crate::support::{Deadline, Expired, Stride};

/// The bytes with which a match can begin, in any of several ways. Valid everywhere but at the beginning of the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    ways: Box<[Way]>,
    /// The share of places of a text that fit, as far as that can be told.
    share: f32,
}

/// A set of bytes for each distance from the beginning.
pub(super) type Way = [ByteSet; Opening::LENGTH];

impl Opening {
    /// How many bytes are tested.
    pub(super) const LENGTH: usize = 4;

    /// An opening is rare if it fits fewer than one place in this many.
    const RARE: f32 = 64.0;

    /// Whether few places of any text fit.
    pub(super) fn is_rare(&self) -> bool {
        self.share * Self::RARE < 1.0
    }

    /// The places that fit, by definition.
    #[cfg(test)]
    pub(super) fn places(&self, text: &[u8]) -> Places {
        let fits = |at: usize, way: &Way| text[at..].iter().zip(way).all(|(byte, set)| set.contains(*byte));
        let fits = |at: usize| self.ways.iter().any(|way| fits(at, way));
        (0..text.len()).filter(|&at| at == 0 || fits(at)).map(|at| at as u32).collect()
    }

    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.ways)
    }
}

/// Ways to begin, the most similar of which are merged when there are too many.
#[derive(Default)]
pub(super) struct Ways {
    ways: Vec<(Way, f32)>,
}

/// The most ways of an opening.
const MOST_WAYS: usize = 6;
/// Merging two ways that adds less than this to the share of places that fit is worth the bit it saves.
const NEGLIGIBLE: f32 = 1.0 / 4096.0;

impl Ways {
    pub(super) fn add(&mut self, way: Way) {
        self.ways.push((way, share(&way)));
        if self.ways.len() > MOST_WAYS {
            self.merge(f32::INFINITY);
        }
    }

    pub(super) fn finish(mut self) -> Opening {
        while self.merge(NEGLIGIBLE) {}
        let share = self.ways.iter().map(|(_, share)| share).sum();
        Opening { ways: self.ways.into_iter().map(|(way, _)| way).collect(), share }
    }

    /// Merges the two most similar ways, if that adds no more than `limit` to the share of places that fit.
    fn merge(&mut self, limit: f32) -> bool {
        let mut best: Option<(f32, usize, usize, (Way, f32))> = None;
        for (at, (a, share_of_a)) in self.ways.iter().enumerate() {
            for (nth, (b, share_of_b)) in self.ways[..at].iter().enumerate() {
                let both = std::array::from_fn(|distance| a[distance].union(&b[distance]));
                let share = share(&both);
                let added = share - share_of_a - share_of_b;
                if best.is_none_or(|(least, ..)| added < least) {
                    best = Some((added, nth, at, (both, share)));
                }
            }
        }
        let Some((_, nth, at, both)) = best.filter(|(added, ..)| *added <= limit) else { return false };
        self.ways[nth] = both;
        self.ways.swap_remove(at);
        true
    }
}

/// The share of places of a text that fit a way, if bytes are independent of each other.
fn share(way: &Way) -> f32 {
    way.iter().map(share_of_bytes).product()
}

/// The share of bytes of a text that are in a set. Signs are more frequent in attacks than in ordinary text.
fn share_of_bytes(set: &ByteSet) -> f32 {
    const MOST_RARE: u32 = 7;
    if set.len() > 128 {
        return 1.0;
    }
    let of_128: u32 = set.iter().map(|byte| 1 << (MOST_RARE - rarity(byte).min(MOST_RARE))).sum();
    (of_128 as f32 / 128.0).min(1.0)
}

/// Places of a text where a match may begin, in ascending order.
pub(crate) type Places = Vec<u32>;

/// The number of bits of a pass.
const BITS: usize = 64;
/// If more than one place in this many fits, searching only from these places is no faster than a full search.
const DENSE: usize = 32;
/// Bytes between two checks of the deadline.
const STRETCH: usize = 1024;
/// The cost of a kilobyte, in units of [`Deadline::spend`].
const UNITS: u32 = 64;

/// Finds the places that fit these openings; `None` for one with too many.
pub(crate) fn find(
    text: &[u8],
    openings: &[&Opening],
    deadline: &mut Deadline,
) -> Result<Vec<Option<Places>>, Expired> {
    if u32::try_from(text.len()).is_err() {
        return Ok(vec![None; openings.len()]);
    }
    let mut places = Vec::with_capacity(openings.len());
    let mut rest = openings;
    while !rest.is_empty() {
        let mut bits = 0;
        let fitting = rest.iter().take_while(|opening| {
            bits += opening.ways.len();
            bits <= BITS
        });
        let (together, others) = rest.split_at(fitting.count());
        pass(text, together, deadline, &mut places)?;
        rest = others;
    }
    Ok(places)
}

/// Finds the places for openings whose ways have a bit each.
fn pass(
    text: &[u8],
    openings: &[&Opening],
    deadline: &mut Deadline,
    all: &mut Vec<Option<Places>>,
) -> Result<(), Expired> {
    let tables = tables(openings);
    let mut finder = Finder::new(openings, text.len() / DENSE);
    let [first, second, third, fourth] = &*tables;
    let fits = |a: u8, b: u8| first[usize::from(a)] & second[usize::from(b)];
    // The windows up to the next check of the deadline.
    let windows = text.len().saturating_sub(Opening::LENGTH - 1);
    let mut stride = Stride::new(deadline, UNITS);
    let mut from = 1;
    while from < windows && !stride.is_over(from) {
        let end = windows.min(from + STRETCH);
        for (at, window) in text[from..end + Opening::LENGTH - 1].windows(Opening::LENGTH).enumerate() {
            let &[a, b, c, d] = window else { break };
            let fitting = fits(a, b) & third[usize::from(c)] & fourth[usize::from(d)];
            if fitting & finder.live != 0 {
                finder.note(from + at, fitting);
            }
        }
        from = end;
    }
    deadline.in_time()?;
    // A match near the end of the text may be shorter than an opening.
    for at in windows.max(1)..text.len() {
        let rest = text[at..].iter().zip(&*tables);
        finder.note(at, rest.fold(u64::MAX, |all, (&byte, table)| all & table[usize::from(byte)]));
    }
    all.extend(finder.places);
    Ok(())
}

/// The ways that a byte fits, by its distance.
fn tables(openings: &[&Opening]) -> Box<[[u64; 256]; Opening::LENGTH]> {
    let mut tables = Box::new([[0; 256]; Opening::LENGTH]);
    for (distance, table) in tables.iter_mut().enumerate() {
        let mut large = 0;
        for (nth, way) in openings.iter().flat_map(|opening| &opening.ways).enumerate().take(BITS) {
            let (set, bit) = (&way[distance], 1 << nth);
            // Of a large set the complement is written, which is smaller.
            let is_large = set.len() > 128;
            large |= if is_large { bit } else { 0 };
            let few = if is_large { set.complement() } else { *set };
            few.for_each(|byte| table[usize::from(byte)] |= bit);
        }
        table.iter_mut().for_each(|ways| *ways ^= large);
    }
    tables
}

/// Collects places by pattern.
struct Finder {
    places: Vec<Option<Places>>,
    /// By bit: the pattern.
    of: [u8; BITS],
    /// The most places for a pattern.
    limit: usize,
    /// The bits of patterns within the limit.
    live: u64,
}

impl Finder {
    fn new(openings: &[&Opening], limit: usize) -> Self {
        let mut of = [0; BITS];
        let owners = openings.iter().enumerate().flat_map(|(nth, opening)| opening.ways.iter().map(move |_| nth as u8));
        let mut bits = 0;
        for (owner, of) in owners.zip(&mut of) {
            *of = owner;
            bits += 1;
        }
        let live = if bits == BITS { u64::MAX } else { (1 << bits) - 1 };
        Finder { places: vec![Some(vec![0]); openings.len()], of, limit, live }
    }

    #[cold]
    fn note(&mut self, at: usize, fitting: u64) {
        let at = at as u32;
        let mut left = fitting & self.live;
        while left != 0 {
            let nth = self.of[left.trailing_zeros() as usize];
            left &= left - 1;
            let Some(places) = self.places.get_mut(usize::from(nth)) else { return };
            match places {
                Some(known) if known.last() == Some(&at) => {}
                Some(known) if known.len() < self.limit => known.push(at),
                _ => {
                    *places = None;
                    self.of
                        .iter()
                        .enumerate()
                        .filter(|(_, of)| **of == nth)
                        .for_each(|(bit, _)| self.live &= !(1 << bit));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(ways: &[[&str; Opening::LENGTH]]) -> Opening {
        let ways = ways.iter().map(|way| way.map(|set| set.bytes().collect()));
        Opening { ways: ways.collect(), share: 0.0 }
    }

    #[test]
    fn similar_ways_are_merged() {
        let words = ["user", "uses", "used", "name", "namd", "from", "load", "bold", "text", "1234", "<img", "(sel"];
        let mut ways = Ways::default();
        for word in words {
            ways.add(std::array::from_fn(|at| word.as_bytes()[at..=at].iter().copied().collect()));
        }
        let opening = ways.finish();
        assert!(opening.ways.len() <= MOST_WAYS && opening.is_rare(), "{opening:?}");
        let fits = |word: &str| opening.places(format!("-{word}-").as_bytes()).contains(&1);
        assert!(words.into_iter().all(fits));
        // One way for all would fit every mixture.
        let mixtures = words.iter().flat_map(|start| words.map(|end| format!("{}{}", &start[..2], &end[2..])));
        let fitting = mixtures.filter(|word| fits(word)).count();
        assert!(fitting < words.len() * words.len() / 2, "{fitting} mixtures fit");
    }

    #[test]
    fn openings_are_found_up_to_the_end() {
        let openings = [
            opening(&[["a", "b", "c", "d"]]),
            opening(&[["xa", "b", "c\n", "ab"], ["-", "a", "b", "c"]]),
            opening(&[["z", "z", "z", "z"], ["x", "b", "c", "a"], ["a", "x", "b", "c"]]),
        ];
        let openings: Vec<&Opening> = openings.iter().collect();
        let mut text = b"-abcd xbca".repeat(500);
        text.splice(0..0, *b"bcd");
        for length in [0, 1, 3, 4, 5, 1023, 1024, 1025, 1028, 2050, 4000] {
            for tail in ["", "a", "ab", "zz", "xbc", "abcd"] {
                let text = [&vec![b'-'; 64 * 1024][..], &text[..length], tail.as_bytes()].concat();
                let found = find(&text, &openings, &mut Deadline::unlimited()).expect("time");
                for (places, opening) in found.iter().zip(&openings) {
                    assert_eq!(places.as_deref(), Some(&opening.places(&text)[..]), "{length} {tail}");
                }
            }
        }
    }

    #[test]
    fn openings_that_fit_everywhere_have_no_places() {
        let (rare, dense) = ("abcd", "a   ");
        let openings = [rare, dense].map(|bytes| opening(&[std::array::from_fn(|at| &bytes[at..=at])]));
        let text = "a   ".repeat(1000);
        let found = find(text.as_bytes(), &[&openings[0], &openings[1]], &mut Deadline::unlimited());
        assert_eq!(found, Ok(vec![Some(vec![0]), None]));
    }

    #[test]
    fn a_search_for_openings_ends_with_the_deadline() {
        let opening = opening(&[["a"; Opening::LENGTH]]);
        let mut deadline = Deadline::after(1000);
        assert_eq!(find(&vec![b' '; 1 << 20], &[&opening], &mut deadline), Err(Expired));
        assert!(deadline.spent() < 2000, "{}", deadline.spent());
    }
}
