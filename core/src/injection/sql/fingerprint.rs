//! Fingerprints: the kinds of up to five tokens as a word, and the set of those seen in attacks.
//!
//! The set has 8,230 members over an alphabet of 20 letters. A member is packed into 25 bits, five per letter, and
//! split: the first two letters select a bucket, in which the other three are found by binary search. That takes 18 KB
//! in all, built at compile time from the list in `fingerprints.txt`; its lines marked `~` are disabled in the
//! reference.

use std::fmt;

/// The longest fingerprint.
pub(super) const MAX_LETTERS: usize = 5;

/// The shape of an SQL injection: one letter for each of its first tokens, e.g. `s&1c` for a string, a logic operator, a
/// number and a comment.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    letters: [u8; MAX_LETTERS],
    length: u8,
}

impl Fingerprint {
    /// The first five letters of `letters`.
    pub(super) fn new(letters: impl Iterator<Item = u8>) -> Self {
        let mut fingerprint = Self { letters: [0; MAX_LETTERS], length: 0 };
        for (slot, letter) in fingerprint.letters.iter_mut().zip(letters) {
            *slot = letter;
            fingerprint.length += 1;
        }
        fingerprint
    }

    /// The letters as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The letters as ASCII bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.letters[..self.length as usize]
    }

    /// Whether the fingerprint is that of attacks.
    pub(super) fn is_known(&self) -> bool {
        let Some(packed) = pack(&self.letters, self.length as usize) else { return false };
        let bucket = (packed >> TAIL_BITS) as usize;
        let (start, end) = (SET.starts[bucket] as usize, SET.starts[bucket + 1] as usize);
        SET.tails[start..end].binary_search(&((packed & TAIL_MASK) as u16)).is_ok()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({:?})", self.as_str())
    }
}

const TEXT: &[u8] = include_bytes!("fingerprints.txt");
const KNOWN: usize = 8230;
const TAIL_BITS: u32 = 15;
const TAIL_MASK: u32 = (1 << TAIL_BITS) - 1;

/// The letters of the set, in ASCII order so that packing preserves the order of the list. 0 stands for "no letter".
const ALPHABET: &[u8; 20] = b"&(),1:;ABCEFKNOSTUVX";
static CODES: [u8; 256] = CODE_TABLE;
const CODE_TABLE: [u8; 256] = codes();
static SET: Set = Set::new(TEXT);

struct Set {
    starts: [u16; (1 << 10) + 1],
    tails: [u16; KNOWN],
}

impl Set {
    const fn new(text: &[u8]) -> Self {
        let mut set = Self { starts: [0; (1 << 10) + 1], tails: [0; KNOWN] };
        let (mut count, mut line, mut packed, mut bucket) = (0, 0, 0, 0);
        let mut at = 0;
        while at < text.len() {
            match text[at] {
                b'~' => {
                    at += 2;
                    (line, packed) = (at, 0);
                    continue;
                }
                b'\n' => {
                    packed <<= 5 * (MAX_LETTERS - (at - line)) as u32;
                    while bucket <= (packed >> TAIL_BITS) as usize {
                        set.starts[bucket] = count as u16;
                        bucket += 1;
                    }
                    set.tails[count] = (packed & TAIL_MASK) as u16;
                    count += 1;
                    (line, packed) = (at + 1, 0);
                }
                letter => packed = packed << 5 | CODE_TABLE[letter as usize] as u32,
            }
            at += 1;
        }
        while bucket < set.starts.len() {
            set.starts[bucket] = count as u16;
            bucket += 1;
        }
        assert!(count == KNOWN, "the number of fingerprints differs from the declared one");
        set
    }
}

/// `None` if it is empty, or if a letter never occurs in the set.
fn pack(letters: &[u8; MAX_LETTERS], length: usize) -> Option<u32> {
    let mut packed = 0;
    for (i, letter) in letters.iter().enumerate() {
        let code = CODES[*letter as usize];
        if (code == 0) != (i >= length) {
            return None;
        }
        packed = packed << 5 | code as u32;
    }
    (length > 0).then_some(packed)
}

const fn codes() -> [u8; 256] {
    let mut codes = [0; 256];
    let mut i = 0;
    while i < ALPHABET.len() {
        codes[ALPHABET[i] as usize] = i as u8 + 1;
        codes[ALPHABET[i].to_ascii_lowercase() as usize] = i as u8 + 1;
        i += 1;
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(letters: &str) -> bool {
        Fingerprint::new(letters.bytes()).is_known()
    }

    #[test]
    fn exactly_the_listed_ones_are_known() {
        let mut members = 0;
        for line in std::str::from_utf8(TEXT).unwrap().lines() {
            let letters = line.trim_end_matches('~');
            assert_eq!(known(&letters.to_lowercase()), letters == line, "{letters}");
            members += usize::from(letters == line);
        }
        assert_eq!(members, KNOWN);
    }

    #[test]
    fn fingerprints_with_unused_letters_are_unknown() {
        for letters in ["", "?", "1.1", "{n}", "\\"] {
            assert!(!known(letters), "{letters}");
        }
    }
}
