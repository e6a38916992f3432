//! All positions of a pattern at once: a set of them is a row of bits, and reading a symbol a few operations on words.
//!
//! This is the bit-parallel simulation of Glushkov's automaton (Navarro and Raffinot, *Flexible Pattern Matching in
//! Strings*, 2002; Hyperscan's LimEx engine is of this kind). What it costs to read a symbol is bounded by the size of the
//! pattern, whatever the text, and counted repetitions cost a bit each. There is nothing to be built while searching.
//!
//! Positions are numbered from the end of the pattern, so that most ways on lead to the same position (a loop), to the one
//! below, or to the one below that (past something optional): these are masks and shifts. All others are *jumps*,
//! taken position by position; positions of a word with the same jumps are taken together.

mod build;
mod fruitful;
mod step;

use std::hint::select_unpredictable;

use super::active::Busy;
use super::follow::Looks;
use super::symbols::Class;

#[derive(Debug)]
pub(super) struct Positions {
    words: Box<[Word]>,
    /// By class, word after word: the positions that read it.
    reads: Box<[u64]>,
    /// Word by word, those without conditions first: the jumps from a word, or, if there are few, those into it.
    jumps: Box<[Jump]>,
    /// If there are few jumps: their numbers, in the order of the words they lead from.
    sources: Option<Box<[u8]>>,
    /// Where a match may begin.
    starts: Box<[Part]>,
    /// Positions that complete a match under conditions.
    ends_if: Box<[Part]>,
}

/// What the positions of a word do next.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    /// Those that may be read again.
    loops: u64,
    /// Those followed by the position below.
    shifts: u64,
    /// Those followed by the position two below.
    skips: u64,
    /// Those that complete a match, whatever follows.
    ends: u64,
    /// Those with other ways on,
    jumping: u64,
    /// which lead to these words.
    reach: Busy,
    /// The stretch of [`Positions::jumps`] that belongs to the word: its beginning,
    first_jump: u32,
    /// the first with conditions,
    first_conditional: u32,
    /// and its end.
    end_of_jumps: u32,
    /// The stretch of [`Positions::sources`]: its beginning,
    first_source: u8,
    /// and its end.
    end_of_sources: u8,
}

/// Some positions of a word, if these assertions hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Part {
    word: u32,
    looks: Looks,
    mask: u64,
}

/// Where several positions of a word lead, if these assertions hold: to all of these.
#[derive(Clone, Copy, Debug)]
struct Jump {
    from: u64,
    to: u64,
    from_word: u16,
    to_word: u16,
    looks: Looks,
}

/// Patterns of so many words, and with so many jumps, are stepped as a whole. In larger ones, words without an active
/// position are left out.
const SMALL: usize = 8;
/// See [`SMALL`].
const FEW_JUMPS: usize = 40;

/// The length of a row of so many positions, in words. Small patterns come in a few lengths.
pub(super) fn row_length(positions: usize) -> usize {
    match positions.div_ceil(64) {
        words @ 1..=SMALL => words.next_power_of_two(),
        words => words,
    }
}

/// What a word costs to step, in the units that searches count: a nanosecond or so.
const WORD: u32 = 2;
/// The same in a large pattern, where words are looked for one by one.
const LARGE_WORD: u32 = 6;

impl Word {
    /// And what its jumps cost.
    #[inline(always)]
    fn jumps(&self) -> u32 {
        (self.end_of_jumps - self.first_jump).div_ceil(2)
    }

    /// The positions from which a match goes on with one of `after`, or with one of the next word, or is complete; jumps aside.
    #[inline(always)]
    fn fruitful(&self, after: u64, below: u64) -> u64 {
        let shifted = (after << 1 | below >> 63) & self.shifts;
        let skipped = (after << 2 | below >> 62) & self.skips;
        self.ends | after & self.loops | shifted | skipped
    }
}

impl Jump {
    /// Where it leads from a set, whatever holds.
    #[inline(always)]
    fn reached(&self, set: u64) -> u64 {
        select_unpredictable(set & self.from != 0, self.to, 0)
    }

    /// From where it leads to a set, whatever holds.
    #[inline(always)]
    fn sources(&self, set: u64) -> u64 {
        select_unpredictable(set & self.to != 0, self.from, 0)
    }

    /// Where it leads if these assertions hold.
    #[inline(always)]
    fn reached_if(&self, set: u64, looks: Looks) -> u64 {
        select_unpredictable((self.looks & !looks == 0) & (set & self.from != 0), self.to, 0)
    }

    /// From where it leads to a set if these assertions hold.
    #[inline(always)]
    fn sources_if(&self, set: u64, looks: Looks) -> u64 {
        select_unpredictable((self.looks & !looks == 0) & (set & self.to != 0), self.from, 0)
    }
}

impl Part {
    #[inline(always)]
    fn holds(&self, looks: Looks) -> bool {
        self.looks & !looks == 0
    }

    /// The positions, if the assertions hold.
    #[inline(always)]
    fn if_holds(&self, looks: Looks) -> u64 {
        if self.holds(looks) { self.mask } else { 0 }
    }
}

impl Positions {
    /// Whether there are positions that complete a match under conditions.
    pub(super) fn may_end_if(&self) -> bool {
        !self.ends_if.is_empty()
    }

    /// Whether positions of a set complete a match if these assertions hold.
    #[inline]
    pub(super) fn ends_if(&self, set: &[u64], looks: Looks) -> bool {
        self.ends_if.iter().any(|part| part.holds(looks) && set[part.word as usize] & part.mask != 0)
    }

    /// Whether a match may begin with one of these positions, if these assertions hold.
    pub(super) fn starts_with(&self, set: &[u64], looks: Looks) -> bool {
        self.starts.iter().any(|part| part.holds(looks) && set[part.word as usize] & part.mask != 0)
    }

    /// Whether a match may begin with a symbol of this class, whatever stands before it.
    pub(super) fn starts_reading(&self, class: Class) -> bool {
        let reads = &self.reads[usize::from(class) * self.words.len()..];
        self.starts.iter().any(|part| reads[part.word as usize] & part.mask != 0)
    }

    /// The assertions that hold wherever a match begins.
    pub(super) fn start_looks(&self) -> Looks {
        self.starts.iter().fold(Looks::MAX, |all, part| all & part.looks)
    }

    /// Operations that it takes to step a set.
    pub(super) fn cost(&self, set: &[u64]) -> u32 {
        if self.sources.is_some() {
            let jumps = self.words.iter().zip(set).any(|(word, set)| set & word.jumping != 0);
            let jumps = if jumps { self.jumps.len().div_ceil(2) } else { 0 };
            return WORD * self.words.len() as u32 + jumps as u32;
        }
        let used = self.words.iter().zip(set).filter(|(_, set)| **set != 0);
        used.map(|(word, set)| LARGE_WORD + if set & word.jumping != 0 { word.jumps() } else { 0 }).sum()
    }

    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.words)
            + size_of_val(&*self.reads)
            + size_of_val(&*self.jumps)
            + self.sources.as_deref().map_or(0, size_of_val)
            + size_of_val(&*self.starts)
            + size_of_val(&*self.ends_if)
    }
}
