//! A map from words to one-letter classes, laid out at compile time.
//!
//! The words are in the repository as text, one `WORD<tab>class` per line, in upper case. A constant function turns the
//! text into a hash table of four bytes per entry that points into that text: nothing is built at run time, and the
//! table is shared, read-only memory. Keys are compared without regard to ASCII case, so callers can look up bytes of
//! the input directly.

/// One word of the text.
#[derive(Clone, Copy)]
struct Entry {
    offset: u16,
    length: u8,
    class: u8,
}

/// A read-only, case-insensitive map of `WORDS` words.
///
/// Entries are grouped by hash: those of bucket `b` are `starts[b]..starts[b + 1]`. `STARTS` is a power of two plus
/// one.
pub(super) struct Table<const WORDS: usize, const STARTS: usize> {
    text: &'static [u8],
    starts: [u16; STARTS],
    entries: [Entry; WORDS],
}

impl<const WORDS: usize, const STARTS: usize> Table<WORDS, STARTS> {
    /// Parses the text of a table. For constants: a malformed text fails the build.
    pub(super) const fn new(text: &'static [u8]) -> Self {
        let words = read(text);
        let mut starts = [0; STARTS];
        let mut i = 0;
        while i < WORDS {
            starts[Self::bucket_of(text, words[i]) + 1] += 1;
            i += 1;
        }
        let mut bucket = 1;
        while bucket < STARTS {
            starts[bucket] += starts[bucket - 1];
            bucket += 1;
        }
        let (mut next, mut entries) = (starts, words);
        let mut i = 0;
        while i < WORDS {
            let bucket = Self::bucket_of(text, words[i]);
            entries[next[bucket] as usize] = words[i];
            next[bucket] += 1;
            i += 1;
        }
        Self { text, starts, entries }
    }

    /// The word as the table spells it and its class.
    #[inline]
    pub(super) fn get(&self, word: &[u8]) -> Option<(&'static [u8], u8)> {
        let bucket = Self::bucket(word);
        let (start, end) = (self.starts[bucket] as usize, self.starts[bucket + 1] as usize);
        self.entries[start..end].iter().filter(|entry| entry.length as usize == word.len()).find_map(|entry| {
            let spelling = &self.text[entry.offset as usize..][..entry.length as usize];
            spelling.eq_ignore_ascii_case(word).then_some((spelling, entry.class))
        })
    }

    /// The number of words.
    pub(super) const fn len(&self) -> usize {
        WORDS
    }

    /// A word and its class by its place, below the number of words, in no particular order.
    pub(super) const fn at(&self, place: usize) -> (&'static [u8], u8) {
        let Entry { offset, length, class } = self.entries[place];
        (self.text.split_at(offset as usize).1.split_at(length as usize).0, class)
    }

    const fn bucket_of(text: &[u8], entry: Entry) -> usize {
        Self::bucket(text.split_at(entry.offset as usize).1.split_at(entry.length as usize).0)
    }

    #[inline]
    const fn bucket(word: &[u8]) -> usize {
        (mix(word) >> (64 - (STARTS - 1).trailing_zeros())) as usize
    }
}

/// A case-insensitive hash of a word, well distributed in its high bits: the length and up to eight bytes from both
/// ends, with bit 5 cleared so that the case of letters does not matter.
#[inline]
pub(super) const fn mix(word: &[u8]) -> u64 {
    let (head, tail) = match (word.first_chunk::<4>(), word.last_chunk::<4>()) {
        (Some(head), Some(tail)) => (u32::from_le_bytes(*head), u32::from_le_bytes(*tail)),
        _ if word.is_empty() => (0, 0),
        _ => (word[0] as u32 | (word[word.len() / 2] as u32) << 8, word[word.len() - 1] as u32),
    };
    let key = (((tail as u64) << 32) | head as u64) & 0xDFDF_DFDF_DFDF_DFDF;
    (key ^ word.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

const fn read<const WORDS: usize>(text: &[u8]) -> [Entry; WORDS] {
    assert!(text.len() <= u16::MAX as usize, "offsets are 16 bits");
    let mut words = [Entry { offset: 0, length: 0, class: 0 }; WORDS];
    let (mut count, mut at) = (0, 0);
    while at < text.len() {
        let start = at;
        while text[at] != b'\t' {
            at += 1;
        }
        words[count] = Entry { offset: start as u16, length: (at - start) as u8, class: text[at + 1] };
        assert!(text[at + 2] == b'\n', "a class is one letter");
        count += 1;
        at += 3;
    }
    assert!(count == WORDS, "the number of words differs from the declared one");
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    static COLOURS: Table<4, 9> = Table::new(b"A\t1\nBLUE\t2\nRED\t3\nULTRA MARINE\t4\n");

    #[test]
    fn finds_words_in_any_case() {
        assert_eq!(COLOURS.get(b"red"), Some((&b"RED"[..], b'3')));
        assert_eq!(COLOURS.get(b"bLUe"), Some((&b"BLUE"[..], b'2')));
        assert_eq!(COLOURS.get(b"Ultra Marine"), Some((&b"ULTRA MARINE"[..], b'4')));
        assert_eq!(COLOURS.get(b"a"), Some((&b"A"[..], b'1')));
        assert_eq!((0..COLOURS.len()).map(|place| u32::from(COLOURS.at(place).1 - b'0')).sum::<u32>(), 10);
    }

    #[test]
    fn tells_apart_what_only_looks_alike() {
        for word in [&b""[..], b"blu", b"blues", b"\x02LUE", b"re\x44\0", b"ULTRA\0MARINE"] {
            assert_eq!(COLOURS.get(word), None, "{word:?}");
        }
    }
}
