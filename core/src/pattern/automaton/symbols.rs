//! The alphabet of a pattern: code points, grouped by which of its classes contain them.
//!
//! An automaton steps over whole code points rather than bytes, so that `[^\n]` is one position and not the ten that
//! its encodings would take. A text is read as the dialect reads it: a lead byte with the continuation bytes it
//! announces is one symbol, including overlong forms, surrogates and values that are too large; any other byte above
//! ASCII is a symbol that no class contains. Patterns that match single bytes (`\C`) are read byte by byte instead.

use crate::pattern::required::ByteSet;
use crate::pattern::set::CodeSet;
use crate::pattern::unicode;
use crate::pattern::utf8::LOOSE_FROM;

/// The group of a symbol, numbered from 0.
pub(super) type Class = u8;

/// In [`Symbols::bytes`], marks bytes that begin a longer symbol.
pub(super) const LONGER: Class = Class::MAX;

/// The most groups an alphabet can have.
const MAX_CLASSES: usize = LONGER as usize;

/// The sets of code points of a pattern, each once.
#[derive(Debug, Default)]
pub(super) struct Sets(Vec<CodeSet>);

/// The index of a set in [`Sets`].
pub(super) type SetId = u32;

impl Sets {
    pub(super) fn add(&mut self, set: CodeSet) -> SetId {
        let known = self.0.iter().position(|known| *known == set);
        known.unwrap_or_else(|| {
            self.0.push(set);
            self.0.len() - 1
        }) as SetId
    }

    fn holds_all_above_ascii(set: &CodeSet) -> bool {
        set.ranges().last().is_some_and(|&(first, last)| first <= LOOSE_FROM && last == unicode::MAX)
    }
}

/// The groups of symbols that a pattern distinguishes.
#[derive(Debug)]
pub(super) struct Symbols {
    bytes: Box<[Class; 256]>,
    /// The start of each range of code points above ASCII, and its group.
    above: Box<[(u32, Class)]>,
    /// The group of sequences that encode no code point.
    loose: Class,
    pub(super) count: usize,
}

/// The kinds of bytes that assertions distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum ByteKind {
    Other,
    Word,
    Newline,
    /// No byte: the text begins or ends.
    Edge,
}

impl ByteKind {
    pub(super) const COUNT: usize = 4;

    #[inline]
    pub(super) fn of(byte: Option<u8>) -> ByteKind {
        match byte {
            None => ByteKind::Edge,
            Some(b'\n') => ByteKind::Newline,
            Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_' => ByteKind::Word,
            Some(_) => ByteKind::Other,
        }
    }
}

impl Symbols {
    /// The coarsest alphabet that distinguishes all the sets, and the groups each set consists of; with `kinds`, it
    /// also distinguishes the kinds of bytes. `None` if it has too many groups.
    pub(super) fn new(sets: &Sets, by_bytes: bool, kinds: bool) -> Option<(Symbols, Vec<Vec<Class>>)> {
        let limit = if by_bytes { 0x100 } else { unicode::MAX + 1 };
        // The starts of the ranges that no set divides. Two more groups are for symbols without a code point: sequences
        // that encode none, and stray bytes.
        let mut starts = vec![0, 0x80];
        let mut all: Vec<&CodeSet> = sets.0.iter().collect();
        let kinds = if kinds {
            let word = [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];
            vec![CodeSet::new(word.to_vec()), CodeSet::new(vec![(0x0A, 0x0A)])]
        } else {
            vec![]
        };
        all.extend(&kinds);
        starts.extend(all.iter().flat_map(|set| set.ranges()).flat_map(|&(first, last)| [first, last + 1]));
        starts.sort_unstable();
        starts.dedup();
        starts.retain(|&start| start < limit);
        let (loose, stray) = (starts.len(), starts.len() + 1);
        let mut class_of = vec![0usize; stray + 1];
        let mut count = 1;
        for set in &all {
            // Each group that the set contains only in part is split.
            let mut halves: Vec<Option<usize>> = vec![None; count];
            let mut outside = vec![false; count];
            let inside = stretches(&starts, set, !by_bytes && Sets::holds_all_above_ascii(set), loose);
            let mut is_inside = vec![false; stray + 1];
            inside.iter().for_each(|&at| is_inside[at] = true);
            (0..=stray).filter(|&at| !is_inside[at]).for_each(|at| outside[class_of[at]] = true);
            for at in inside {
                let class = class_of[at];
                if outside[class] {
                    class_of[at] = *halves[class].get_or_insert_with(|| {
                        count += 1;
                        count - 1
                    });
                }
            }
        }
        if count > MAX_CLASSES {
            return None;
        }
        let mut members = Vec::with_capacity(sets.0.len());
        for set in &sets.0 {
            let inside = stretches(&starts, set, !by_bytes && Sets::holds_all_above_ascii(set), loose);
            let mut classes: Vec<Class> = inside.iter().map(|&at| class_of[at] as Class).collect();
            classes.sort_unstable();
            classes.dedup();
            members.push(classes);
        }
        let class = |at: usize| class_of[at] as Class;
        let mut bytes = Box::new([if by_bytes { 0 } else { LONGER }; 256]);
        let direct = if by_bytes { 0x100 } else { 0x80 };
        for (at, &start) in starts.iter().enumerate() {
            let end = starts.get(at + 1).map_or(limit, |&next| next).min(direct);
            (start..end).for_each(|byte| bytes[byte as usize] = class(at));
        }
        if !by_bytes {
            (0x80..=0xC1).chain(0xF5..=0xFF).for_each(|byte| bytes[byte] = class(stray));
        }
        let above = starts.iter().enumerate().filter(|(_, start)| **start >= 0x80 && !by_bytes);
        let mut above: Vec<(u32, Class)> = above.map(|(at, &start)| (start, class(at))).collect();
        above.dedup_by_key(|(_, class)| *class);
        let symbols = Symbols { bytes, above: above.into(), loose: class(loose), count };
        Some((symbols, members))
    }

    /// The group of the symbol that begins at a place in a text, and its length.
    #[inline(always)]
    pub(super) fn at(&self, text: &[u8], at: usize) -> (Class, usize) {
        let class = self.bytes[usize::from(text[at])];
        if class == LONGER { self.longer(&text[at..]) } else { (class, 1) }
    }

    /// The group of a byte, or [`LONGER`] if it only begins a symbol.
    #[inline(always)]
    pub(super) fn of_byte(&self, byte: u8) -> Class {
        self.bytes[usize::from(byte)]
    }

    #[inline(never)]
    pub(super) fn longer(&self, text: &[u8]) -> (Class, usize) {
        let (lead, length) = match text[0] {
            lead @ 0xC2..=0xDF => (u32::from(lead & 0x1F), 2),
            lead @ 0xE0..=0xEF => (u32::from(lead & 0x0F), 3),
            lead => (u32::from(lead & 0x07), 4),
        };
        let stray = (self.bytes[0x80], 1);
        let Some(rest) = text.get(1..length) else { return stray };
        let mut code_point = lead;
        for &byte in rest {
            if byte & 0xC0 != 0x80 {
                return stray;
            }
            code_point = code_point << 6 | u32::from(byte & 0x3F);
        }
        let least = [0x80, 0x800, 0x1_0000][length - 2];
        if !(least..=unicode::MAX).contains(&code_point) {
            return (self.loose, length);
        }
        let after = self.above.partition_point(|&(start, _)| start <= code_point);
        (self.above[after - 1].1, length)
    }

    /// A superset of the bytes that begin a symbol of one of these groups.
    pub(super) fn first_bytes(&self, wanted: impl Fn(Class) -> bool) -> ByteSet {
        let above = self.above.iter().any(|&(_, class)| wanted(class)) || wanted(self.loose);
        let mut bytes = ByteSet::default();
        for byte in 0..=u8::MAX {
            let class = self.bytes[usize::from(byte)];
            if if class == LONGER { above } else { wanted(class) } {
                bytes.insert(byte);
            }
        }
        bytes
    }

    /// Whether a byte begins a symbol of several bytes.
    pub(super) fn is_lead(&self, byte: u8) -> bool {
        self.of_byte(byte) == LONGER
    }

    /// Whether there are symbols of several bytes.
    pub(super) fn has_longer(&self) -> bool {
        self.is_lead(0xC2)
    }

    /// The group of sequences that encode no code point.
    pub(super) fn loose(&self) -> Class {
        self.loose
    }

    /// The ranges of code points above ASCII, with their groups, unless symbols are bytes.
    pub(super) fn stretches_above(&self) -> impl Iterator<Item = (Class, u32, u32)> {
        let ends = self.above.iter().skip(1).map(|&(next, _)| next - 1).chain([unicode::MAX]);
        self.above.iter().zip(ends).map(|(&(start, class), end)| (class, start, end))
    }

    /// A symbol of each group.
    pub(super) fn samples(&self) -> Vec<Vec<u8>> {
        let ascii = (0..=0x7F).map(|byte| vec![byte]);
        let above = self.above.iter().filter_map(|&(start, _)| Some(char::from_u32(start)?.to_string().into_bytes()));
        let others = [vec![0x80], vec![0xE0, 0x80, 0x80], vec![0xED, 0xA0, 0x80]];
        let mut known = vec![];
        let is_new = |symbol: &Vec<u8>| {
            let symbol = self.at(symbol, 0);
            let is_new = !known.contains(&symbol.0);
            known.push(symbol.0);
            is_new
        };
        // Prefers letters and punctuation over what precedes them in ASCII.
        let printable = (0x20..=0x7E).rev().map(|byte| vec![byte]);
        printable.chain(ascii).chain(above).chain(others).filter(is_new).collect()
    }

    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.bytes) + size_of_val(&*self.above)
    }
}

/// The ranges that a set consists of.
fn stretches(starts: &[u32], set: &CodeSet, holds_loose: bool, loose: usize) -> Vec<usize> {
    let mut inside = Vec::new();
    for &(first, last) in set.ranges() {
        let from = starts.partition_point(|&start| start < first);
        inside.extend((from..starts.len()).take_while(|&at| starts[at] <= last));
    }
    inside.extend(holds_loose.then_some(loose));
    inside
}
