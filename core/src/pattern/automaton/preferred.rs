//! The match that a pattern prefers: of the leftmost ones, the first in the order of its alternatives and repetitions;
//! and its groups.
//!
//! A forward search finds where a match ends, and a place from which to look for its beginning. From there the text is
//! read forwards once more, keeping the active set after each symbol, and then backwards, reducing each set to the
//! positions that lead to a match. That yields the leftmost beginning. From there the program is walked once, always by
//! the preferred way among those that lead to a match, without backtracking. All three passes are linear, whatever the
//! pattern. Long stretches are divided into [blocks](super::block), and the content of a block is computed again when
//! it is needed.
//!
//! The preferred match may depend on the end of the text, but is usually decided near the match that ends first. So at
//! first only a little is read beyond that, once as if no pending match were ever completed, and once as if all were:
//! if both give the same result, the rest does not matter.

use std::ops::Range;

use super::active::Room;
use super::block::Block;
use super::follow::{Looks, bit};
use super::program::{Place, Program, Step};
use super::retrace::Retrace;
use super::{Automaton, SYMBOL, Watch};
use crate::support::Expired;

/// The cost of a step of the walk, in the units of searches.
const STEP: u32 = 6;

/// Stretches shorter than this are read by sets.
const SHORT: usize = 16;

/// How many bytes beyond the end of the first match are tried first.
const NEAR: usize = 256;
/// This is tried only if no match can begin further back than this, and if twice `NEAR` bytes are left.
const NEAR_BACK: usize = 2048;

/// What is assumed of pending matches if reading stops before the end of the text.
#[derive(Clone, Copy, PartialEq)]
enum Rest {
    NoneMatches,
    AllMatch,
}

/// A match, and the path through the program that leads to it.
#[derive(PartialEq)]
struct Followed {
    found: Range<usize>,
    path: Vec<Place>,
}

/// The result of reading a stretch of text forwards.
struct Trace<'t> {
    /// Where each block begins, and the set before it; the last entry is the end of the stretch.
    blocks: Vec<(usize, Vec<u64>)>,
    /// The positions after the first symbol of each block that lead to a match.
    fruitful: Vec<Vec<u64>>,
    /// The current block.
    block: Block<'t>,
    loaded: usize,
    /// Whether no match is pending at the end of the stretch.
    is_complete: bool,
}

impl Trace<'_> {
    /// Where it ends.
    fn end(&self) -> usize {
        self.blocks.last().map_or(0, |&(end, _)| end)
    }
}

/// Why a pass was abandoned.
pub(super) enum Stop {
    Expired,
    /// The text needs too many new [transitions](super::retrace).
    GivenUp,
}

impl From<Expired> for Stop {
    fn from(_: Expired) -> Self {
        Stop::Expired
    }
}

impl Automaton {
    /// The leftmost match that begins at or after `from`, and of those the preferred one.
    pub(super) fn preferred(
        &self,
        text: &[u8],
        from: usize,
        notes: &mut [Option<usize>],
        watch: &mut Watch<'_>,
    ) -> Result<Option<Range<usize>>, Expired> {
        let mut idle = from;
        let Some(end) = self.earliest_end(text, from, &mut idle, watch)? else { return Ok(None) };
        let mut remembered = if watch.may_remember() { self.remembered.borrow() } else { None };
        let memory = remembered.as_deref_mut().and_then(Option::as_mut).filter(|_| text.len() - idle >= SHORT);
        let mut retrace = memory.and_then(|memory| Retrace::renewed(&mut memory.retrace, self));
        if text.len() - end > 2 * NEAR && end - idle < NEAR_BACK {
            match self.near(text, (idle, end), retrace.as_deref_mut(), notes, watch) {
                Ok(Some(found)) => return Ok(Some(found)),
                Ok(None) | Err(Stop::GivenUp) => notes.fill(None),
                Err(Stop::Expired) => return Err(Expired),
            }
        }
        if retrace.is_some() {
            match self.all(Block::new(text, end, retrace), idle, notes, watch) {
                Ok(found) => return Ok(found),
                Err(Stop::Expired) => return Err(Expired),
                Err(Stop::GivenUp) => notes.fill(None),
            }
        }
        match self.all(Block::new(text, end, None), idle, notes, watch) {
            Ok(found) => Ok(found),
            Err(Stop::Expired | Stop::GivenUp) => Err(Expired),
        }
    }

    /// The same if no match begins before `from`, and one begins at or before `last_start`, where the first one ends;
    /// `None` if a short stretch does not decide it.
    fn near(
        &self,
        text: &[u8],
        (from, last_start): (usize, usize),
        mut retrace: Option<&mut Retrace>,
        notes: &mut [Option<usize>],
        watch: &mut Watch<'_>,
    ) -> Result<Option<Range<usize>>, Stop> {
        let mut known = None;
        for rest in [Rest::NoneMatches, Rest::AllMatch] {
            let mut block = Block::new(text, last_start, retrace.as_deref_mut());
            block.limit = last_start + NEAR;
            let mut trace = self.trace(block, from, watch)?;
            let Some(start) = self.look_back(&mut trace, rest, watch)? else { return Ok(None) };
            let mut path = vec![];
            let end = self.walk(&mut trace, start, notes, Some(&mut path), watch)?;
            let followed = Followed { found: start..end, path };
            match known {
                _ if trace.is_complete => return Ok(Some(followed.found)),
                None => known = Some(followed),
                // A path that ends with the stretch may go on behind it.
                Some(known) if known == followed && end < trace.end() => return Ok(Some(followed.found)),
                Some(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The same, reading everything that may matter.
    fn all(
        &self,
        block: Block<'_>,
        from: usize,
        notes: &mut [Option<usize>],
        watch: &mut Watch<'_>,
    ) -> Result<Option<Range<usize>>, Stop> {
        let mut trace = self.trace(block, from, watch)?;
        let Some(start) = self.look_back(&mut trace, Rest::NoneMatches, watch)? else { return Ok(None) };
        let end = self.walk(&mut trace, start, notes, None, watch)?;
        Ok(Some(start..end))
    }

    /// Reads from `from` until no position is active, or up to the limit of the block.
    fn trace<'t>(&self, block: Block<'t>, from: usize, watch: &mut Watch<'_>) -> Result<Trace<'t>, Stop> {
        let blocks = vec![(from, vec![0; self.words])];
        let mut trace = Trace { blocks, fruitful: vec![], block, loaded: 0, is_complete: false };
        loop {
            trace.loaded = trace.blocks.len() - 1;
            let (from, before) = &trace.blocks[trace.loaded];
            trace.block.begin(*from, before);
            let active = self.read_block(&mut trace.block, None, watch)?;
            let Block { text, end, limit, last_start, .. } = trace.block;
            let has_ended = end > last_start && active.iter().all(|&word| word == 0);
            trace.is_complete = end == text.len() || has_ended;
            trace.blocks.push((end, active));
            if end >= limit || has_ended {
                return Ok(trace);
            }
        }
    }

    /// Goes back over the trace, keeps the positions that lead to a match, and returns the leftmost beginning of one.
    fn look_back(&self, trace: &mut Trace<'_>, rest: Rest, watch: &mut Watch<'_>) -> Result<Option<usize>, Stop> {
        let (text, last_start) = (trace.block.text, trace.block.last_start);
        let blocks = trace.blocks.len() - 1;
        trace.fruitful = vec![vec![]; blocks + 1];
        trace.fruitful[blocks] = match rest {
            Rest::NoneMatches => vec![0; self.words],
            Rest::AllMatch => self.after_one_more(trace, watch)?,
        };
        let empty_at = |at: usize| at <= last_start && self.matches_nothing(self.looks(text, at));
        let mut start = Some(trace.blocks[blocks].0).filter(|&end| empty_at(end));
        for nth in (0..blocks).rev() {
            self.load(trace, nth, watch)?;
            for symbol in 0..trace.block.offsets.len() {
                let at = trace.block.at(symbol);
                if at > last_start {
                    break;
                }
                let looks = self.looks(text, at);
                if self.matches_nothing(looks) || self.begins_with(&mut trace.block, symbol, looks) {
                    start = Some(at);
                    break;
                }
            }
        }
        Ok(start)
    }

    /// The active set after the symbol that follows the trace.
    fn after_one_more(&self, trace: &Trace<'_>, watch: &mut Watch<'_>) -> Result<Vec<u64>, Stop> {
        let (Some((at, set)), text) = (trace.blocks.last(), trace.block.text) else { return Ok(vec![]) };
        let mut room = Room::new(self.words);
        let mut active = room.set(self.words);
        active.load(set);
        if *at < text.len() {
            let (class, _) = self.symbols.at(text, *at);
            self.step(&mut active, self.looks(text, *at), class, false, watch)?;
        }
        Ok(active.now.to_vec())
    }

    /// Reads a block again unless it is the current one, and keeps the positions that lead to a match.
    fn load(&self, trace: &mut Trace<'_>, nth: usize, watch: &mut Watch<'_>) -> Result<(), Stop> {
        if trace.loaded != nth {
            let (from, before) = &trace.blocks[nth];
            trace.block.begin(*from, before);
            let end = trace.blocks[nth + 1].0;
            self.read_block(&mut trace.block, Some(end), watch)?;
            trace.loaded = nth;
        }
        let beyond = &trace.fruitful[nth + 1];
        trace.fruitful[nth] = self.keep_fruitful(&mut trace.block, beyond, watch)?;
        Ok(())
    }

    /// Follows the preferred match from its beginning, noting its groups and the place after each symbol. Returns its
    /// end.
    fn walk(
        &self,
        trace: &mut Trace<'_>,
        start: usize,
        notes: &mut [Option<usize>],
        mut path: Option<&mut Vec<Place>>,
        watch: &mut Watch<'_>,
    ) -> Result<usize, Stop> {
        let mut place = self.program.start;
        let mut walker = Walker { seen: vec![0; self.program.len()], turn: 0, open: vec![], steps: 0 };
        let first = trace.blocks.partition_point(|&(at, _)| at <= start).saturating_sub(1);
        let mut at = start;
        for nth in first..trace.blocks.len() - 1 {
            if trace.loaded != nth {
                self.load(trace, nth, watch)?;
            }
            let begin = trace.block.symbols_before(start);
            for symbol in begin..trace.block.offsets.len() {
                at = trace.block.at(symbol);
                let looks = self.looks(trace.block.text, at);
                match self.preferred_way(&mut walker, &mut trace.block, place, symbol, looks, notes) {
                    Some(next) => place = next,
                    None => return Ok(at),
                }
                path.iter_mut().for_each(|path| path.push(place));
                watch.spend(SYMBOL + std::mem::take(&mut walker.steps))?;
            }
            at = trace.blocks[nth + 1].0;
        }
        walker.go_on(&self.program, place, |_| false, self.looks(trace.block.text, at), at, notes);
        Ok(at)
    }

    /// The place after a symbol on the preferred path that leads to a match; `None` if the match ends before it.
    fn preferred_way(
        &self,
        walker: &mut Walker,
        block: &mut Block<'_>,
        place: Place,
        symbol: usize,
        looks: Looks,
        notes: &mut [Option<usize>],
    ) -> Option<Place> {
        let at = block.at(symbol);
        let Some(retrace) = &mut block.retrace else {
            let set = &block.sets[symbol * self.words..][..self.words];
            let is_in = |position: u32| set[position as usize / 64] >> (position % 64) & 1 == 1;
            return walker.go_on(&self.program, place, is_in, looks, at, notes);
        };
        let fruitful = block.fruitful[symbol];
        // A path with notes must be walked to record them.
        if notes.is_empty()
            && let Some(known) = retrace.known_way(place, fruitful, looks)
        {
            return known;
        }
        let is_in = |position| retrace.is_fruitful(fruitful, position);
        let next = walker.go_on(&self.program, place, is_in, looks, at, notes);
        retrace.note_way(place, fruitful, looks, next);
        next
    }
}

/// A branch not taken yet, or a note to restore if the branch after it fails.
enum Open {
    Way(Place),
    Restore(usize, Option<usize>),
}

/// Finds the preferred path from symbol to symbol.
struct Walker {
    /// By place: the turn in which it was last visited.
    seen: Vec<u32>,
    turn: u32,
    open: Vec<Open>,
    /// The cost, in the units of searches.
    steps: u32,
}

impl Walker {
    /// Follows the preferred path to a position in the set; returns the place after it, or `None` if the match ends
    /// first.
    fn go_on(
        &mut self,
        program: &Program,
        from: Place,
        is_in: impl Fn(u32) -> bool,
        looks: Looks,
        at: usize,
        notes: &mut [Option<usize>],
    ) -> Option<Place> {
        self.turn += 1;
        self.open.clear();
        self.open.push(Open::Way(from));
        while let Some(open) = self.open.pop() {
            let place = match open {
                Open::Way(place) => place,
                Open::Restore(slot, value) => {
                    notes[slot] = value;
                    continue;
                }
            };
            self.steps += STEP;
            if std::mem::replace(&mut self.seen[place as usize], self.turn) == self.turn {
                continue;
            }
            match program.step(place) {
                Step::Read { position, next } => {
                    if is_in(position) {
                        return Some(next);
                    }
                }
                Step::Fork { first, second } => self.open.extend([Open::Way(second), Open::Way(first)]),
                Step::Assert { look, next } => self.open.extend((looks & bit(look) != 0).then_some(Open::Way(next))),
                Step::Note { slot, next } => {
                    if let Some(note) = notes.get_mut(slot as usize) {
                        self.open.push(Open::Restore(slot as usize, *note));
                        *note = Some(at);
                    }
                    self.open.push(Open::Way(next));
                }
                Step::Match => return None,
            }
        }
        None
    }
}
