//! All positions of a pattern at once: a set of them is a row of bits, and reading a symbol a few operations on words.
//!
//! This is the bit-parallel simulation of Glushkov's automaton (Navarro and Raffinot, *Flexible Pattern Matching in
//! Strings*, 2002; Hyperscan's LimEx engine is of this kind). What it costs to read a symbol is bounded by the size of the
//! pattern, whatever the text, and counted repetitions cost a bit each. There is nothing to be built while searching.
//!
//! Positions are numbered from the end of the pattern, so that most ways on lead to the same position (a loop), to the one
//! below, or to the one below that (past something optional): these are masks and shifts. All others are *jumps*,
//! taken position by position; positions of a word with the same jumps are taken together.

use std::collections::HashMap;

use super::active::{Active, Busy};
use super::follow::{Follow, Looks, Ways};
use super::program::{Program, Reads, Step};
use super::symbols::Class;

/// Programs with more ways on than this are [walked through](super::entangled) instead.
const MAX_FOLLOWED: usize = 1 << 20;

/// Or with more jumps than this.
const MAX_JUMPS: usize = 1 << 16;

#[derive(Debug)]
pub(super) struct Positions {
    words: Box<[Word]>,
    /// By class, word after word: the positions that read it.
    reads: Box<[u64]>,
    /// By word, those without conditions first; if there are few, those of all words without conditions first.
    jumps: Box<[Jump]>,
    /// If there are few jumps: where those with conditions begin.
    first_conditional: Option<usize>,
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
    /// which lead to these words,
    reach: Busy,
    /// and are a stretch of [`Positions::jumps`]: its beginning,
    first_jump: u32,
    /// the first with conditions,
    first_conditional: u32,
    /// and its end.
    end_of_jumps: u32,
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

impl Word {
    /// And what its jumps cost.
    #[inline(always)]
    fn jumps(&self) -> u32 {
        (self.end_of_jumps - self.first_jump).div_ceil(2)
    }
}

impl Jump {
    /// Where it leads from a set, whatever holds.
    #[inline(always)]
    fn reached(&self, set: u64) -> u64 {
        u64::from(set & self.from != 0).wrapping_neg() & self.to
    }

    /// Where it leads if these assertions hold.
    #[inline(always)]
    fn reached_if(&self, set: u64, looks: Looks) -> u64 {
        if self.looks & !looks == 0 { self.reached(set) } else { 0 }
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
    /// The positions of a program; `by_class` has for each class a row of those that read it. Nothing if the program is too
    /// entangled.
    pub(super) fn new(program: &Program, reads: &Reads, by_class: &[u64]) -> Option<Self> {
        let words = row_length(reads.set_of.len());
        let mut builder = Builder { words: vec![Word::default(); words], ..Builder::default() };
        let mut follow = Follow::new(program);
        for step in program.steps() {
            let Step::Read { position, next } = step else { continue };
            builder.add(position, follow.from(next));
            if follow.steps > MAX_FOLLOWED || builder.jumps.len() > MAX_JUMPS {
                return None;
            }
        }
        let starts = parts(&follow.from(program.start).reads);
        let few = words <= SMALL && builder.jumps.len() <= FEW_JUMPS;
        let jumps = builder.finish(few);
        let conditional = |jump: &Jump| jump.looks != 0;
        let first_conditional = few.then(|| jumps.iter().position(conditional).unwrap_or(jumps.len()));
        Some(Positions {
            first_conditional,
            words: builder.words.into(),
            reads: by_class.into(),
            jumps: jumps.into(),
            starts: starts.into(),
            ends_if: builder.ends_if.into(),
        })
    }

    /// Reads a symbol of this class where these assertions hold, also as the beginning of a match if `starts`. Says whether a
    /// match is complete now, and how many operations it took.
    #[inline]
    pub(super) fn step(&self, active: &mut Active<'_>, looks: Looks, class: Class, starts: bool) -> (bool, u32) {
        if let [set] = &mut *active.now {
            let (next, ended, work) = self.step_word(*set, looks, class, starts);
            *set = next;
            active.busy = Busy(u64::from(next != 0));
            return (ended, work);
        }
        match (active.now.len(), self.first_conditional) {
            (2, Some(conditional)) => self.step_small::<2>(active, looks, class, starts, conditional),
            (4, Some(conditional)) => self.step_small::<4>(active, looks, class, starts, conditional),
            (SMALL, Some(conditional)) => self.step_small::<SMALL>(active, looks, class, starts, conditional),
            _ => self.step_large(active, looks, class, starts),
        }
    }

    /// The same for patterns of one word.
    #[inline(always)]
    pub(super) fn step_word(&self, set: u64, looks: Looks, class: Class, starts: bool) -> (u64, bool, u32) {
        let word = &self.words[0];
        let mut next = set & word.loops | (set & word.shifts) >> 1 | (set & word.skips) >> 2;
        let mut work = WORD;
        if set & word.jumping != 0 {
            work += word.jumps();
            let (plain, conditional) = self.jumps_of(word);
            next = plain.iter().fold(next, |next, jump| next | jump.reached(set));
            next = conditional.iter().fold(next, |next, jump| next | jump.reached_if(set, looks));
        }
        if starts {
            next = self.starts.iter().fold(next, |next, part| next | part.if_holds(looks));
        }
        let next = next & self.reads[usize::from(class)];
        (next, next & word.ends != 0, work)
    }

    fn step_small<const N: usize>(
        &self,
        active: &mut Active<'_>,
        looks: Looks,
        class: Class,
        starts: bool,
        first_conditional: usize,
    ) -> (bool, u32) {
        let reads = self.reads[usize::from(class) * N..].first_chunk::<N>();
        let (Some(words), Some(now), Some(reads)) =
            (self.words.first_chunk::<N>(), active.now.first_chunk_mut::<N>(), reads)
        else {
            return (false, 0);
        };
        let mut next = [0; N];
        let (mut below, mut jumping) = (0, 0);
        for at in (0..N).rev() {
            let (word, set) = (&words[at], now[at]);
            let (shifted, skipped) = (set & word.shifts, set & word.skips);
            next[at] = set & word.loops | shifted >> 1 | skipped >> 2 | below;
            below = shifted << 63 | skipped << 62;
            jumping |= set & word.jumping;
        }
        let mut work = N as u32 * WORD;
        if jumping != 0 {
            work += (self.jumps.len() as u32).div_ceil(2);
            let (plain, conditional) = self.jumps.split_at(first_conditional);
            for jump in plain {
                next[usize::from(jump.to_word) % N] |= jump.reached(now[usize::from(jump.from_word) % N]);
            }
            for jump in conditional {
                next[usize::from(jump.to_word) % N] |= jump.reached_if(now[usize::from(jump.from_word) % N], looks);
            }
        }
        if starts {
            for part in &*self.starts {
                next[part.word as usize % N] |= part.if_holds(looks);
            }
        }
        let (mut busy, mut ended) = (0, 0);
        for at in 0..N {
            let set = next[at] & reads[at];
            ended |= set & words[at].ends;
            busy |= u64::from(set != 0) << at;
            now[at] = set;
        }
        active.busy = Busy(busy);
        (ended != 0, work)
    }

    #[inline(never)]
    fn step_large(&self, active: &mut Active<'_>, looks: Looks, class: Class, starts: bool) -> (bool, u32) {
        let length = self.words.len();
        let (now, next) = (&mut active.now[..length], &mut active.next[..length]);
        let mut reached = Busy(0);
        let mut work = 0;
        active.busy.for_each(length, |at| {
            let word = &self.words[at];
            let set = std::mem::take(&mut now[at]);
            work += WORD;
            next[at] |= set & word.loops | (set & word.shifts) >> 1 | (set & word.skips) >> 2;
            reached.mark(at);
            let below = (set & word.shifts) << 63 | (set & word.skips) << 62;
            if at > 0 {
                next[at - 1] |= below;
                reached.0 |= u64::from(below != 0) << ((at - 1) % 64);
            }
            if set & word.jumping != 0 {
                work += word.jumps();
                reached.0 |= word.reach.0;
                let (plain, conditional) = self.jumps_of(word);
                for jump in plain {
                    next[usize::from(jump.to_word)] |= jump.reached(set);
                }
                for jump in conditional {
                    next[usize::from(jump.to_word)] |= jump.reached_if(set, looks);
                }
            }
        });
        if starts {
            for part in &*self.starts {
                next[part.word as usize] |= part.if_holds(looks);
                reached.mark(part.word as usize);
            }
        }
        let reads = &self.reads[usize::from(class) * length..][..length];
        let (mut left, mut ended) = (Busy(0), 0);
        reached.for_each(length, |at| {
            let set = next[at] & reads[at];
            next[at] = set;
            ended |= set & self.words[at].ends;
            left.0 |= u64::from(set != 0) << (at % 64);
        });
        active.advance(left);
        (ended != 0, work)
    }

    /// The jumps of a word without and with conditions.
    #[inline(always)]
    fn jumps_of(&self, word: &Word) -> (&[Jump], &[Jump]) {
        let all = &self.jumps[word.first_jump as usize..word.end_of_jumps as usize];
        all.split_at((word.first_conditional - word.first_jump) as usize)
    }

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

    /// Leaves of a set the positions from which a match is reached: it is complete there, or goes on with one of `after`.
    pub(super) fn keep_fruitful(&self, set: &mut [u64], after: &[u64], looks: Looks, work: &mut u32) {
        for at in 0..set.len() {
            if set[at] == 0 {
                continue;
            }
            let (bits, word) = (set[at], &self.words[at]);
            *work += WORD;
            let below = at.checked_sub(1).map_or(0, |below| after[below]);
            let mut kept = word.ends | after[at] & word.loops;
            kept |= (after[at] << 1 | below >> 63) & word.shifts;
            kept |= (after[at] << 2 | below >> 62) & word.skips;
            if bits & word.jumping & !kept != 0 {
                *work += word.jumps();
                let jumps = match self.first_conditional {
                    Some(_) => &*self.jumps,
                    None => &self.jumps[word.first_jump as usize..word.end_of_jumps as usize],
                };
                for jump in jumps.iter().filter(|jump| usize::from(jump.from_word) == at) {
                    let leads = jump.looks & !looks == 0 && after[usize::from(jump.to_word)] & jump.to != 0;
                    kept |= if leads { jump.from } else { 0 };
                }
            }
            let ends_if = self.ends_if.iter().filter(|part| part.word as usize == at && part.holds(looks));
            kept |= ends_if.fold(0, |all, part| all | part.mask);
            set[at] = bits & kept;
        }
    }

    /// Operations that it takes to step a set.
    pub(super) fn cost(&self, set: &[u64]) -> u32 {
        if self.first_conditional.is_some() {
            let jumps = self.words.iter().zip(set).any(|(word, set)| set & word.jumping != 0);
            let jumps = if jumps { self.jumps.len().div_ceil(2) } else { 0 };
            return WORD * self.words.len() as u32 + jumps as u32;
        }
        let used = self.words.iter().zip(set).filter(|(_, set)| **set != 0);
        used.map(|(word, set)| WORD + if set & word.jumping != 0 { word.jumps() } else { 0 }).sum()
    }

    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.words)
            + size_of_val(&*self.reads)
            + size_of_val(&*self.jumps)
            + size_of_val(&*self.starts)
            + size_of_val(&*self.ends_if)
    }
}

/// Positions, word by word, with the same assertions together.
fn parts(reads: &[(Looks, u32)]) -> Vec<Part> {
    let mut parts: Vec<Part> = vec![];
    let mut sorted = reads.to_vec();
    sorted.sort_unstable_by_key(|&(looks, position)| (position / 64, looks));
    for (looks, position) in sorted {
        let (word, mask) = (position / 64, 1 << (position % 64));
        match parts.last_mut() {
            Some(last) if (last.word, last.looks) == (word, looks) => last.mask |= mask,
            _ => parts.push(Part { word, looks, mask }),
        }
    }
    parts
}

#[derive(Default)]
struct Builder {
    words: Vec<Word>,
    /// By word and where to: from where.
    jumps: HashMap<(u32, Part), u64>,
    ends_if: Vec<Part>,
}

impl Builder {
    fn add(&mut self, position: u32, mut ways: Ways) {
        let (at, bit) = (position / 64, 1 << (position % 64));
        let word = &mut self.words[at as usize];
        for &looks in &ways.ends {
            if looks == 0 {
                word.ends |= bit;
            } else {
                match self.ends_if.iter_mut().find(|part| (part.word, part.looks) == (at, looks)) {
                    Some(part) => part.mask |= bit,
                    None => self.ends_if.push(Part { word: at, looks, mask: bit }),
                }
            }
        }
        ways.reads.retain(|&(looks, next)| {
            let mask = match position.checked_sub(next) {
                _ if looks != 0 => return true,
                Some(0) => &mut word.loops,
                Some(1) => &mut word.shifts,
                Some(2) => &mut word.skips,
                _ => return true,
            };
            *mask |= bit;
            false
        });
        for part in parts(&ways.reads) {
            word.jumping |= bit;
            *self.jumps.entry((at, part)).or_default() |= bit;
        }
    }

    /// The jumps in order: of those of all words, or of each, those without conditions first.
    fn finish(&mut self, of_all: bool) -> Vec<Jump> {
        let jumps = self.jumps.drain().map(|((from_word, to), from)| Jump {
            from,
            to: to.mask,
            from_word: from_word as u16,
            to_word: to.word as u16,
            looks: to.looks,
        });
        let mut jumps: Vec<Jump> = jumps.collect();
        jumps.sort_unstable_by_key(|jump| {
            let conditional = jump.looks != 0;
            (of_all && conditional, jump.from_word, conditional, jump.to_word, jump.looks, jump.from, jump.to)
        });
        let by_word = !of_all || self.words.len() == 1;
        for (nth, jump) in (0..).zip(&jumps).filter(|_| by_word) {
            let word = &mut self.words[usize::from(jump.from_word)];
            if word.end_of_jumps == 0 {
                (word.first_jump, word.first_conditional) = (nth, nth);
            }
            word.end_of_jumps = nth + 1;
            if jump.looks == 0 {
                word.first_conditional = nth + 1;
            }
            word.reach.mark(usize::from(jump.to_word));
        }
        jumps
    }
}
