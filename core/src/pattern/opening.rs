//! Where matches of several patterns may begin, found in one pass.
//!
//! A long text holds about every short literal, so most of what a ruleset [requires](super::required) is somewhere in it, and each
//! pattern so kept would read the whole text. But few places of a text look like the beginning of a match: the first bytes of
//! most patterns are taken from small sets. As in the literal search Teddy of Hyperscan, each pattern has a bit, each of the
//! first bytes a table of bits, and a place where the bits of four bytes in a row agree is worth a look. One pass does that
//! for 64 patterns at about the cost of one search.

use super::required::ByteSet;
use crate::support::{Deadline, Expired, Stride};

/// The bytes with which a match can begin, by their distance from its beginning. It holds everywhere but at the beginning of the
/// text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening(pub(super) [ByteSet; Opening::LENGTH]);

impl Opening {
    /// How many bytes are looked at.
    pub(super) const LENGTH: usize = 4;

    /// Whether few places of any text look like it: of random bytes, less than one in so many.
    pub(super) fn is_rare(&self) -> bool {
        const RARE: f64 = 256.0;
        self.0.iter().map(|set| set.len() as f64 / 256.0).product::<f64>() * RARE < 1.0
    }

    /// The places it fits, by its definition.
    #[cfg(test)]
    pub(super) fn places(&self, text: &[u8]) -> Places {
        let fits = |at: usize| text[at..].iter().zip(&self.0).all(|(byte, set)| set.contains(*byte));
        (0..text.len()).filter(|&at| at == 0 || fits(at)).map(|at| at as u32).collect()
    }
}

/// Places of a text where a match may begin, in ascending order.
pub(crate) type Places = Vec<u32>;

/// As many patterns share a pass.
pub(crate) const TOGETHER: usize = 64;
/// Where one place in so many looks like the beginning of a match, a search reads on as fast as it skips.
const DENSE: usize = 32;
/// Bytes between two looks at the deadline.
const STRETCH: usize = 1024;
/// What looking at a kilobyte costs, in units of [`Deadline::spend`].
const UNITS: u32 = 64;

/// Looks for the openings of up to [`TOGETHER`] patterns. Nothing is said of those that fit too many places.
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
    // Windows that begin in a stretch, which ends where a look at the deadline is due.
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
    // A match that begins further on may be shorter.
    for at in windows.max(1)..text.len() {
        let rest = text[at..].iter().zip(&*tables);
        finder.note(at, rest.fold(u64::MAX, |all, (&byte, table)| all & table[usize::from(byte)]));
    }
    Ok(finder.places)
}

/// By distance and byte: the patterns that byte fits.
fn tables(openings: &[&Opening]) -> Box<[[u64; 256]; Opening::LENGTH]> {
    let mut tables = Box::new([[0; 256]; Opening::LENGTH]);
    for (distance, table) in tables.iter_mut().enumerate() {
        let mut large = 0;
        for (nth, opening) in openings.iter().enumerate().take(TOGETHER) {
            let (set, bit) = (&opening.0[distance], 1 << nth);
            // What is not in a large set is put down first, as that is less.
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
    /// As many are too many.
    limit: usize,
    /// Patterns without too many.
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
    fn places_are_found_up_to_the_end() {
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
    fn nothing_is_said_of_what_fits_everywhere() {
        let (rare, dense) = ("abcd", "a   ");
        let openings =
            [rare, dense].map(|bytes| Opening(std::array::from_fn(|at| [bytes.as_bytes()[at]].into_iter().collect())));
        let text = "a   ".repeat(1000);
        let found = find(text.as_bytes(), &[&openings[0], &openings[1]], &mut Deadline::unlimited());
        assert_eq!(found, Ok(vec![Some(vec![0]), None]));
    }

    #[test]
    fn it_ends_with_the_deadline() {
        let opening = Opening([b'a'; Opening::LENGTH].map(|byte| [byte].into_iter().collect()));
        let mut deadline = Deadline::after(1000);
        assert_eq!(find(&vec![b' '; 1 << 20], &[&opening], &mut deadline), Err(Expired));
        assert!(deadline.spent() < 2000, "{}", deadline.spent());
    }
}
