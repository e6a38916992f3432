//! Small sets of short strings, from which requirements are computed.

use super::rarity::rarity;

/// Longer literals are cut, as they would hardly be rarer.
pub(super) const MAX_LENGTH: usize = 8;

/// A string of up to 15 bytes, stored inline.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text {
    bytes: [u8; Text::CAPACITY],
    length: u8,
}

impl Text {
    pub(super) const CAPACITY: usize = 15;

    /// The beginning of a slice, as far as it fits.
    pub(super) fn new(slice: &[u8]) -> Self {
        let mut text = Text::default();
        slice.iter().for_each(|&byte| text.push(byte));
        text
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// Appends a byte, if there is room.
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(usize::from(self.length)) {
            *place = byte;
            self.length += 1;
        }
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.length)
    }

    /// Its first bytes.
    pub(super) fn head(&self) -> Text {
        Text::new(&self.as_bytes()[..self.len().min(MAX_LENGTH)])
    }

    /// Its last bytes, one fewer than a literal of full length, as what follows completes it.
    pub(super) fn tail(&self) -> Text {
        Text::new(&self.as_bytes()[self.len().saturating_sub(MAX_LENGTH - 1)..])
    }

    /// Up to `length` of its first bytes.
    fn first(&self, length: usize) -> Text {
        Text::new(&self.as_bytes()[..self.len().min(length)])
    }

    /// Up to `length` of its last bytes.
    fn last(&self, length: usize) -> Text {
        Text::new(&self.as_bytes()[self.len().saturating_sub(length)..])
    }

    /// Its rarest substring of the length of a literal.
    pub(super) fn literal(&self) -> Text {
        if self.len() <= MAX_LENGTH {
            return *self;
        }
        let weight = |window: &&[u8]| window.iter().map(|&byte| rarity(byte)).sum::<u32>();
        // The first of equally rare ones.
        let windows = self.as_bytes().windows(MAX_LENGTH).rev();
        windows.max_by_key(weight).map_or(*self, Text::new)
    }
}

/// A set of strings, possibly with duplicates.
#[derive(Clone)]
pub(super) struct Strings(Vec<Text>);

impl Strings {
    pub(super) fn new(strings: Vec<Text>) -> Self {
        Strings(strings)
    }

    /// The set of the empty string.
    pub(super) fn empty() -> Self {
        Strings(vec![Text::default()])
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Text> {
        self.0.iter()
    }

    /// Whether the set tells nothing: it contains the empty string, or no string.
    pub(super) fn is_vague(&self) -> bool {
        self.0.is_empty() || self.0.iter().any(|text| text.length == 0)
    }

    pub(super) fn longest(&self) -> usize {
        self.0.iter().map(Text::len).max().unwrap_or(0)
    }

    pub(super) fn shortest(&self) -> usize {
        self.0.iter().map(Text::len).min().unwrap_or(0)
    }

    /// Whether a string of one set is a substring of one of the other.
    pub(super) fn overlaps(&self, other: &Strings) -> bool {
        let contains =
            |text: &Text, part: &Text| text.as_bytes().windows(part.len().max(1)).any(|at| at == part.as_bytes());
        self.iter().any(|text| other.iter().any(|part| contains(text, part) || contains(part, text)))
    }

    /// Appends a byte to each string. There must be room.
    pub(super) fn push_byte(&mut self, byte: u8) {
        self.0.iter_mut().for_each(|string| string.push(byte));
    }

    /// The product of two sets: each string followed by each of the other. There must be room.
    pub(super) fn cross(&self, other: &Strings) -> Strings {
        let join = |head: Text, tail: &Text| {
            let mut joined = head;
            tail.as_bytes().iter().for_each(|&byte| joined.push(byte));
            joined
        };
        let mut strings = Vec::with_capacity(self.len() * other.len());
        for &head in &self.0 {
            strings.extend(other.0.iter().map(|tail| join(head, tail)));
        }
        Strings(strings)
    }

    /// The strings that occur where one set is followed by another, cut so that there are at most `limit`.
    pub(super) fn seam(&self, next: &Strings, limit: usize) -> Option<Strings> {
        [MAX_LENGTH / 2, 2, 1].into_iter().find_map(|length| {
            let (mut ends, mut beginnings) = (self.map(|text| text.last(length)), next.map(|text| text.first(length)));
            ends.dedup();
            beginnings.dedup();
            (ends.len() * beginnings.len() <= limit).then(|| ends.cross(&beginnings))
        })
    }

    pub(super) fn extend(&mut self, other: &Strings) {
        self.0.extend_from_slice(&other.0);
    }

    pub(super) fn map(&self, change: impl Fn(&Text) -> Text) -> Strings {
        Strings(self.0.iter().map(change).collect())
    }

    pub(super) fn dedup(&mut self) {
        if self.0.len() > 1 {
            self.0.sort_unstable();
            self.0.dedup();
        }
    }
}
