//! All positions of a pattern at once: a set of them is a row of bits, and reading a symbol takes a few operations per
//! word.
//!
//! This is the bit-parallel simulation of Glushkov's automaton (Navarro and Raffinot, *Flexible Pattern Matching in
//! Strings*, 2002; Hyperscan's LimEx engine is of this kind). The cost of a symbol is bounded by the size of the
//! pattern, whatever the text, and a counted repetition costs a bit per copy. Nothing is built during a search.
//!
//! Positions are numbered from the end of the pattern, so that most transitions lead to the same position (a loop), to
//! the one below, or to the one below that (past something optional): these are masks and shifts. All others are
//! *jumps*, taken position by position; positions of a word with the same jumps share them.

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
    /// By class, one row of words each: the positions that read it.
    reads: Box<[u64]>,
    /// The jumps sorted by word, unconditional ones first: by the word they lead from or, if there are few, into.
    jumps: Box<[Jump]>,
    /// If there are few jumps, their indices in the order of the words they lead from.
    sources: Option<Box<[u8]>>,
    /// The positions with which a match may begin.
    starts: Box<[Part]>,
    /// Positions that complete a match under conditions.
    ends_if: Box<[Part]>,
}

/// The transitions of the positions of a word.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    /// Positions that may be read again.
    loops: u64,
    /// Positions followed by the position below.
    shifts: u64,
    /// Positions followed by the position two below.
    skips: u64,
    /// Positions that complete a match unconditionally.
    ends: u64,
    /// Positions with jumps.
    jumping: u64,
    /// The words that these jumps lead to.
    reach: Busy,
    /// The start of the word's range of [`Positions::jumps`].
    first_jump: u32,
    /// Its first jump with conditions.
    first_conditional: u32,
    /// The end of the range.
    end_of_jumps: u32,
    /// The start of the word's range of [`Positions::sources`].
    first_source: u8,
    /// The end of the range.
    end_of_sources: u8,
}

/// Some positions of a word, on the condition that these assertions hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Part {
    word: u32,
    looks: Looks,
    mask: u64,
}

/// A transition from any of several positions of a word to all of several others, on the condition that these
/// assertions hold.
#[derive(Clone, Copy, Debug)]
struct Jump {
    from: u64,
    to: u64,
    from_word: u16,
    to_word: u16,
    looks: Looks,
}

/// Patterns of up to this many words and [`FEW_JUMPS`] jumps are stepped as a whole. In larger ones, words without an
/// active position are skipped.
const SMALL: usize = 8;
/// See [`SMALL`].
const FEW_JUMPS: usize = 40;

/// The number of words for this many positions. Small patterns come in a few lengths.
pub(super) fn row_length(positions: usize) -> usize {
    match positions.div_ceil(64) {
        words @ 1..=SMALL => words.next_power_of_two(),
        words => words,
    }
}

/// The cost of stepping a word, in the units of searches: about a nanosecond.
const WORD: u32 = 2;
/// The same in a large pattern, whose words in use are searched for.
const LARGE_WORD: u32 = 6;

impl Word {
    /// The cost of its jumps.
    #[inline(always)]
    fn jumps(&self) -> u32 {
        (self.end_of_jumps - self.first_jump).div_ceil(2)
    }

    /// The positions from which a match goes on with one of `after` or of the next word, or is complete; without jumps.
    #[inline(always)]
    fn fruitful(&self, after: u64, below: u64) -> u64 {
        let shifted = (after << 1 | below >> 63) & self.shifts;
        let skipped = (after << 2 | below >> 62) & self.skips;
        self.ends | after & self.loops | shifted | skipped
    }
}

impl Jump {
    /// The targets reached from a set, ignoring assertions.
    #[inline(always)]
    fn reached(&self, set: u64) -> u64 {
        select_unpredictable(set & self.from != 0, self.to, 0)
    }

    /// The sources that reach a set, ignoring assertions.
    #[inline(always)]
    fn sources(&self, set: u64) -> u64 {
        select_unpredictable(set & self.to != 0, self.from, 0)
    }

    /// The targets reached from a set if these assertions hold.
    #[inline(always)]
    fn reached_if(&self, set: u64, looks: Looks) -> u64 {
        select_unpredictable((self.looks & !looks == 0) & (set & self.from != 0), self.to, 0)
    }

    /// The sources that reach a set if these assertions hold.
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

    /// Whether a position of the set completes a match if these assertions hold.
    #[inline]
    pub(super) fn ends_if(&self, set: &[u64], looks: Looks) -> bool {
        self.ends_if.iter().any(|part| part.holds(looks) && set[part.word as usize] & part.mask != 0)
    }

    /// Whether a match may begin with one of these positions, if these assertions hold.
    pub(super) fn starts_with(&self, set: &[u64], looks: Looks) -> bool {
        self.starts.iter().any(|part| part.holds(looks) && set[part.word as usize] & part.mask != 0)
    }

    /// Whether a match may begin with a symbol of this class, whatever precedes it.
    pub(super) fn starts_reading(&self, class: Class) -> bool {
        let reads = &self.reads[usize::from(class) * self.words.len()..];
        self.starts.iter().any(|part| reads[part.word as usize] & part.mask != 0)
    }

    /// The assertions that hold wherever a match begins.
    pub(super) fn start_looks(&self) -> Looks {
        self.starts.iter().fold(Looks::MAX, |all, part| all & part.looks)
    }

    /// The operations to step a set.
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
