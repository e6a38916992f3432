//! Where a transformed copy differs from the text it was made from.
//!
//! A transformer usually changes a few places of a text, and everything else was scanned already. So of a copy only
//! what surrounds the changes is scanned. Transformers do not report their changes; comparing both texts finds them, at
//! eight bytes a step, and depends on nothing that a transformer could get wrong.

use std::ops::Range;

use memchr::memchr2_iter;

/// How far to look in the original for the continuation of the copy.
const AHEAD: usize = 96;
/// How many bytes of the copy are taken to be changed where it differs.
const CHANGED: usize = 4;
/// How many more are, if the original does not continue after those.
const MORE: usize = 16;
/// If the original does not continue after this many, the rest of the copy is taken to be changed, as all of it is
/// where a text is decoded from base64. Without such an end, the search would be quadratic in the length of the text.
const MOST: usize = 512;
/// Common stretches shorter than this are scanned again.
const SHORTEST: usize = 48;
/// If there are more changes than one for this many bytes, the rest of the copy is taken to be changed.
const DENSE: usize = 96;
/// How many bytes are compared at most for one range, so that the caller can check the time.
const FAR: usize = 1 << 15;

/// Ranges of a copy, in ascending order, that contain every window of the copy that is not a window of the original:
/// stretches of up to `margin` bytes and one more, letters compared without regard to case. Some ranges may be empty.
pub(super) struct Changes<'c> {
    original: &'c [u8],
    copy: &'c [u8],
    margin: usize,
    /// Up to where both were compared.
    at: Place,
    /// The end of the last range without its margin.
    compared: usize,
    /// The changes that may still be looked for.
    left: usize,
}

/// A place in both texts.
#[derive(Clone, Copy, Debug)]
struct Place {
    original: usize,
    copy: usize,
}

impl<'c> Changes<'c> {
    pub(super) fn new(original: &'c [u8], copy: &'c [u8], margin: usize) -> Self {
        Changes {
            original,
            copy,
            margin,
            at: Place { original: 0, copy: 0 },
            compared: 0,
            left: copy.len() / DENSE + 2,
        }
    }

    /// Where the stretch that both have in common from a place on ends, or [`FAR`] bytes on.
    fn end_of_common(&self, Place { original, copy }: Place) -> Place {
        let rest = &self.copy[copy..];
        let common = common_length(&self.original[original..], &rest[..rest.len().min(FAR)]);
        Place { original: original + common, copy: copy + common }
    }

    /// Where both continue alike after a difference, if that is found.
    fn resume(&mut self) -> Option<Place> {
        let mut skipped = CHANGED;
        while self.left > 0 && skipped <= MOST {
            self.left -= 1;
            let copy = self.at.copy + skipped;
            let wanted = folded(self.copy.get(copy..)?.first_chunk()?);
            let ahead = &self.original[self.at.original..];
            let ahead = &ahead[..ahead.len().min(AHEAD + skipped)];
            let first = wanted as u8;
            let mut places = memchr2_iter(first, first.to_ascii_uppercase(), ahead);
            let found = places.find(|&at| ahead[at..].first_chunk().is_some_and(|word| folded(word) == wanted));
            if let Some(distance) = found {
                return Some(Place { original: self.at.original + distance, copy });
            }
            skipped += MORE;
        }
        None
    }
}

impl Iterator for Changes<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.at.copy >= self.copy.len() {
            return None;
        }
        self.at = self.end_of_common(self.at);
        if self.at.copy == self.copy.len() {
            return None;
        }
        let start = self.at.copy.saturating_sub(self.margin);
        if self.at.copy - self.compared >= FAR {
            self.compared = self.at.copy;
            return Some(start..start);
        }
        while let Some(place) = self.resume() {
            self.at = self.end_of_common(place);
            if self.at.copy - place.copy >= SHORTEST || self.at.copy == self.copy.len() {
                self.compared = place.copy;
                return Some(start..self.copy.len().min(place.copy + self.margin));
            }
        }
        self.at.copy = self.copy.len();
        Some(start..self.copy.len())
    }
}

const WORD: usize = 8;
/// Bytes compared at once while there is no difference at all.
const BLOCK: usize = 32;

/// The length of the longest common prefix, letters compared without regard to ASCII case.
fn common_length(a: &[u8], b: &[u8]) -> usize {
    let length = a.len().min(b.len());
    let mut at = 0;
    while at < length {
        while let (Some(x), Some(y)) = (a[at..].first_chunk::<BLOCK>(), b[at..].first_chunk::<BLOCK>())
            && x == y
        {
            at += BLOCK;
        }
        let (Some(x), Some(y)) = (a[at..].first_chunk(), b[at..].first_chunk()) else { break };
        let difference = folded(x) ^ folded(y);
        if difference != 0 {
            return at + difference.trailing_zeros() as usize / 8;
        }
        at += WORD;
    }
    at + a[at..].iter().zip(&b[at..]).take_while(|(x, y)| x.eq_ignore_ascii_case(y)).count()
}

/// Eight bytes as a little-endian number, with ASCII letters in lower case.
#[inline]
fn folded(bytes: &[u8; WORD]) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * EACH;
    let word = u64::from_le_bytes(*bytes);
    let low = word & !HIGH;
    // The high bit of each byte tells whether the rest of it is at least `A`, or more than `Z`.
    let from_a = low + (0x80 - u64::from(b'A')) * EACH;
    let beyond_z = low + (0x7F - u64::from(b'Z')) * EACH;
    let upper = (from_a ^ beyond_z) & !word & HIGH;
    word | upper >> 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_that_of_ascii() {
        for byte in 0..=u8::MAX {
            for nth in 0..WORD {
                let mut bytes = *b"aZ\xDF[@`z{";
                bytes[nth] = byte;
                assert_eq!(folded(&bytes), u64::from_le_bytes(bytes.map(|byte| byte.to_ascii_lowercase())), "{byte}");
            }
        }
    }

    #[test]
    fn common_lengths_end_with_the_first_difference() {
        let text = "Aa\u{DF}@zZ0".repeat(20).into_bytes();
        for length in 0..text.len() {
            let mut other = text.to_ascii_uppercase();
            other[length] ^= 1;
            assert_eq!(common_length(&text, &other), length);
            assert_eq!(common_length(&text[..length], &other), length);
        }
    }

    /// Only what surrounds a change is new.
    #[test]
    fn a_change_has_margins() {
        let text = "The quick brown fox jumps over the lazy dog, 0123456789. ".repeat(20);
        let changes = |original: &str, copy: &str| -> Vec<(usize, usize)> {
            Changes::new(original.as_bytes(), copy.as_bytes(), 7).map(|range| (range.start, range.end)).collect()
        };
        assert!(changes(&text, &text.to_uppercase()).is_empty());
        assert_eq!(changes(&format!("{text}%27{text}"), &format!("{text}'{text}")), [(1133, 1151)]);
        assert_eq!(changes(&format!("{text}/* comment */{text}"), &format!("{text}{text}")), [(1133, 1151)]);
        assert_eq!(changes(&format!("%27{text}"), &format!("'{text}")), [(0, 11)]);
        assert_eq!(changes(&format!("{text}%27"), &format!("{text}'")), [(1133, 1141)]);
        assert_eq!(changes(&text, &format!("{text}'")), [(1133, 1141)]);
        let long = text.repeat(200);
        assert_eq!(changes(&long, &format!("{long}'")).last(), Some(&(long.len() - 7, long.len() + 1)));
        assert_eq!(changes("", "select"), [(0, 6)]);
        assert!(changes("select", "").is_empty());
    }
}
