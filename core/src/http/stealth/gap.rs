//! What differs between versions of a page, and may be generated anew.
//!
//! Tokens, ids and numbers differ from page to page, so a response without them, or with somebody else's, would be
//! recognizable. Only their shape is kept: the characters common to all versions, and for the others the alphabet.
//! Anything without such a shape, like a name, is left out.

use super::random::Random;

/// Longer tokens are not generated.
const LONGEST: usize = 512;
/// Shorter ones are words rather than tokens.
const SHORTEST_TOKEN: usize = 16;

/// The shape of a varying part, if its versions have one in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gap(Option<Shape>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Shape {
    /// The character at each position, if it is common to all versions.
    same: Vec<Option<u8>>,
    /// The alphabet of all versions.
    alphabet: Alphabet,
    /// Their alphabet at the positions where they differ.
    varying: Alphabet,
}

/// A set of character classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Alphabet(u8);

impl Alphabet {
    const DIGIT: u8 = 1;
    const CLASSES: [(u8, &[u8]); 6] = [
        (Self::DIGIT, b"0123456789"),
        (2, b"abcdef"),
        (4, b"ghijklmnopqrstuvwxyz"),
        (8, b"ABCDEF"),
        (16, b"GHIJKLMNOPQRSTUVWXYZ"),
        (32, b"-_"),
    ];

    /// The class of a character of tokens.
    fn of(byte: u8) -> Option<Self> {
        let class = Self::CLASSES.iter().find(|(_, characters)| characters.contains(&byte))?;
        Some(Self(class.0))
    }

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has_digits(self) -> bool {
        self.0 & Self::DIGIT != 0
    }

    fn is_digits(self) -> bool {
        self.0 == Self::DIGIT
    }

    fn characters(self) -> impl Iterator<Item = u8> {
        let classes = Self::CLASSES.iter().filter(move |(class, _)| self.0 & class != 0);
        classes.flat_map(|(_, characters)| characters.iter().copied())
    }
}

impl Gap {
    /// A part whose versions have no shape in common.
    pub(super) const SHAPELESS: Self = Self(None);

    /// The shape of the first version.
    pub(super) fn of(text: &str) -> Self {
        let usable = (1..=LONGEST).contains(&text.len());
        let alphabet = text.bytes().try_fold(Alphabet::default(), |all, byte| Some(all.with(Alphabet::of(byte)?)));
        let shape = |alphabet| Shape { same: text.bytes().map(Some).collect(), alphabet, varying: Alphabet::default() };
        Self(alphabet.filter(|_| usable).map(shape))
    }

    /// The common shape with another version.
    pub(super) fn and(self, text: &str) -> Self {
        let (Some(mut known), Some(other)) = (self.0, Self::of(text).0) else { return Self::SHAPELESS };
        known.alphabet = known.alphabet.with(other.alphabet);
        if known.same.len() == text.len() {
            for (same, byte) in known.same.iter_mut().zip(text.bytes()) {
                if *same != Some(byte) {
                    let differing = same.take().into_iter().chain([byte]).filter_map(Alphabet::of);
                    known.varying = differing.fold(known.varying, Alphabet::with);
                }
            }
        } else if known.alphabet.is_digits() {
            // Counters may gain a digit.
            known.same = vec![None; known.same.len().min(text.len())];
            known.varying = known.alphabet;
        } else {
            return Self::SHAPELESS;
        }
        Self(Some(known))
    }

    /// Whether all versions are numbers.
    pub(super) fn is_number(&self) -> bool {
        self.0.as_ref().is_some_and(|shape| shape.alphabet.is_digits())
    }

    /// A random text of this shape; `None` if there is none, or if it would be a made-up word.
    pub(super) fn draw(&self, random: &mut Random) -> Option<String> {
        let shape = self.0.as_ref()?;
        let is_token = shape.same.len() >= SHORTEST_TOKEN && shape.alphabet.has_digits();
        if !is_token && !self.is_number() {
            return None;
        }
        let characters: Vec<u8> = shape.varying.characters().collect();
        let leading = usize::from(self.is_number()); // a number does not begin with a zero
        let drawn = shape.same.iter().enumerate().map(|(at, same)| {
            let choice = characters.get(if at == 0 { leading } else { 0 }..).unwrap_or_default();
            same.or_else(|| choice.get(random.below(choice.len())).copied()).map(char::from)
        });
        drawn.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(versions: &[&str]) -> Option<String> {
        let (first, others) = versions.split_first().unwrap();
        others.iter().fold(Gap::of(first), |gap, text| gap.and(text)).draw(&mut Random::new(7))
    }

    #[test]
    fn tokens_and_numbers_keep_their_shape() {
        let token = drawn(&["tok-0123456789abcdef", "tok-ffff456789abcd00", "tok-9999456789abcdee"]).unwrap();
        assert!(token.starts_with("tok-") && token[8..].starts_with("456789abcd") && token.len() == 20, "{token}");
        let uuid = drawn(&["f2c84938-dd60-4d09-9bb8-6427fab2e7e3", "11b549aa-0123-4cd9-8bb8-9876543210fe"]).unwrap();
        assert_eq!(uuid.match_indices('-').map(|(at, _)| at).collect::<Vec<_>>(), [8, 13, 18, 23]);
        assert_eq!(&uuid[14..15], "4");
        for versions in [["9", "10"], ["100", "7"]] {
            let number = drawn(&versions).unwrap();
            assert!(number.len() == 1 && number != "0", "{number}");
        }
        assert_eq!(drawn(&["17", "17"]), Some("17".into()));
    }

    #[test]
    fn words_leave_nothing() {
        for versions in [
            ["Alice", "Carol"],
            ["Alice", "Bob"],
            ["Zoë", "Zoé"],
            ["", "x"],
            ["alice-in-wonderland", "carol-in-wonderland"],
        ] {
            assert_eq!(drawn(&versions), None, "{versions:?}");
        }
        assert_eq!(Gap::of(&"1".repeat(513)).draw(&mut Random::new(1)), None);
    }
}
