//! Where matches of several patterns may begin, found in one pass.
//!
//! A long text contains nearly every short literal, so most of what a ruleset [requires](super::required) occurs
//! somewhere in it, and each pattern would search the whole text. But few places look like the beginning of a match, as
//! the first bytes of most patterns come from small sets. As in Teddy, the literal search of Hyperscan, each pattern
//! has a bit, each of the first bytes a table of bits, and a place is a candidate if the bits of four bytes in a row
//! agree. One pass does that for 64 patterns at about the cost of one search.

use super::required::ByteSet;
use crate::support::{Deadline, Expired, Stride};

/// The bytes with which a match can begin, by their distance from its beginning. Valid everywhere but at the beginning
/// of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening(pub(super) [ByteSet; Opening::LENGTH]);

impl Opening {
    /// How many bytes are tested.
    pub(super) const LENGTH: usize = 4;

    /// Whether few places of any text fit: of random bytes, fewer than one in 256.
    pub(super) fn is_rare(&self) -> bool {
        const RARE: f64 = 256.0;
        self.0.iter().map(|set| set.len() as f64 / 256.0).product::<f64>() * RARE < 1.0
    }

    /// The places that fit, by definition.
    #[cfg(test)]
    pub(super) fn places(&self, text: &[u8]) -> Places {
        let fits = |at: usize| text[at..].iter().zip(&self.0).all(|(byte, set)| set.contains(*byte));
        (0..text.len()).filter(|&at| at == 0 || fits(at)).map(|at| at as u32).collect()
    }
}

/// Places of a text where a match may begin, in ascending order.
pub(crate) type Places = Vec<u32>;

/// The number of patterns that share a pass.
pub(crate) const TOGETHER: usize = 64;
/// If more than one place in this many fits, searching only from these places is no faster than a full search.
const DENSE: usize = 32;
/// Bytes between two checks of the deadline.
const STRETCH: usize = 1024;
/// The cost of a kilobyte, in units of [`Deadline::spend`].
const UNITS: u32 = 64;

/// Finds the places that fit the openings of up to [`TOGETHER`] patterns; `None` for a pattern with too many.
pub(crate) fn find(
    text: &[u8],
    openings: &[&Opening],
    deadline: &mut Deadline,
) -> Result<Vec<Option<Places>>, Expired> {
    if u32::try_from(text.len()).is_err() {
        return Ok(vec![None; openings.len()]);
    }
    let tables = tables(openings);
    let mut finder = Finder { places: vec![Some(vec![0]); openings.len()], limit: text.len() / DENSE, live: u64::MAX };
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
    Ok(finder.places)
}

/// The patterns that a byte fits, by its distance.
fn tables(openings: &[&Opening]) -> Box<[[u64; 256]; Opening::LENGTH]> {
    let mut tables = Box::new([[0; 256]; Opening::LENGTH]);
    for (distance, table) in tables.iter_mut().enumerate() {
        let mut large = 0;
        for (nth, opening) in openings.iter().enumerate().take(TOGETHER) {
            let (set, bit) = (&opening.0[distance], 1 << nth);
            // Of a large set the complement is written, which is smaller.
            let is_large = set.len() > 128;
            large |= if is_large { bit } else { 0 };
            let few = if is_large { set.complement() } else { *set };
            few.iter().for_each(|byte| table[usize::from(byte)] |= bit);
        }
        table.iter_mut().for_each(|patterns| *patterns ^= large);
    }
    tables
}

/// Collects places by pattern.
struct Finder {
    places: Vec<Option<Places>>,
    /// The most places for a pattern.
    limit: usize,
    /// Patterns within the limit.
    live: u64,
}

impl Finder {
    #[cold]
    fn note(&mut self, at: usize, fitting: u64) {
        let mut left = fitting & self.live;
        while left != 0 {
            let nth = left.trailing_zeros() as usize;
            left &= left - 1;
            let Some(places) = self.places.get_mut(nth) else { return };
            if let Some(known) = places.as_mut().filter(|known| known.len() < self.limit) {
                known.push(at as u32);
            } else {
                *places = None;
                self.live &= !(1 << nth);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_are_found_up_to_the_end() {
        let opening = |sets: [&str; Opening::LENGTH]| Opening(sets.map(|set| set.bytes().collect()));
        let openings =
            [opening(["a", "b", "c", "d"]), opening(["xa", "b", "c\n", "ab"]), opening(["z", "z", "z", "z"])];
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
        let openings =
            [rare, dense].map(|bytes| Opening(std::array::from_fn(|at| [bytes.as_bytes()[at]].into_iter().collect())));
        let text = "a   ".repeat(1000);
        let found = find(text.as_bytes(), &[&openings[0], &openings[1]], &mut Deadline::unlimited());
        assert_eq!(found, Ok(vec![Some(vec![0]), None]));
    }

    #[test]
    fn a_search_for_openings_ends_with_the_deadline() {
        let opening = Opening([b'a'; Opening::LENGTH].map(|byte| [byte].into_iter().collect()));
        let mut deadline = Deadline::after(1000);
        assert_eq!(find(&vec![b' '; 1 << 20], &[&opening], &mut deadline), Err(Expired));
        assert!(deadline.spent() < 2000, "{}", deadline.spent());
    }
}
