//! The match a pattern prefers: of the leftmost ones, that which comes first in the order of its alternatives and
//! repetitions, and where its groups are.
//!
//! A search forwards tells where a match ends and from where on to look for its beginning. From there the text is
//! read forwards once more, keeping what is active after each symbol, and then backwards, keeping of that only what leads to a
//! match. That shows the leftmost beginning; and from there on the program is walked once, by the preferred way of those that
//! lead to a match, without ever turning back. All three are linear, whatever the pattern. Long stretches are kept block by
//! block, and what is in a block is worked out again when it is needed.

use std::ops::Range;

use super::active::{Active, Room};
use super::follow::{Looks, bit};
use super::program::{Place, Program, Step};
use super::{Automaton, Watch};
use crate::support::Expired;

/// Symbols in a block.
const BLOCK: usize = 512;

/// What reading a stretch of text left.
struct Trace<'t> {
    text: &'t [u8],
    /// The set before the first symbol of each block, and where that is; the end of the stretch is the last.
    blocks: Vec<(usize, Vec<u64>)>,
    /// What leads to a match of the set after the first symbol of each block.
    fruitful: Vec<Vec<u64>>,
    /// The block at hand: where each of its symbols begins,
    offsets: Vec<usize>,
    /// and the set after it, of which what leads to a match is left.
    sets: Vec<u64>,
    loaded: usize,
    /// Up to where a match may begin.
    last_start: usize,
}

impl Automaton {
    /// The leftmost match that begins at or after `from`, of those the preferred one.
    pub(super) fn preferred(
        &self,
        text: &[u8],
        from: usize,
        notes: &mut [Option<usize>],
        watch: &mut Watch<'_>,
    ) -> Result<Option<Range<usize>>, Expired> {
        let mut idle = from;
        let Some(end) = self.earliest_end(text, from, &mut idle, watch)? else { return Ok(None) };
        let mut trace = self.trace(text, idle, end, watch)?;
        let Some(start) = self.look_back(&mut trace, watch)? else { return Ok(None) };
        let end = self.walk(&mut trace, start, notes, watch)?;
        Ok(Some(start..end))
    }

    /// Reads on from `from` until nothing is active any more; a match may begin up to `last_start`.
    fn trace<'t>(
        &self,
        text: &'t [u8],
        from: usize,
        last_start: usize,
        watch: &mut Watch<'_>,
    ) -> Result<Trace<'t>, Expired> {
        let mut room = Room::new(self.words);
        let mut active = room.set(self.words);
        let mut trace = Trace {
            text,
            blocks: vec![(from, vec![0; self.words])],
            fruitful: vec![],
            offsets: vec![],
            sets: vec![],
            loaded: 0,
            last_start,
        };
        let mut at = from;
        loop {
            at = self.read_block(&mut trace, &mut active, at, watch)?;
            trace.blocks.push((at, active.now.to_vec()));
            if trace.offsets.len() < BLOCK {
                trace.loaded = trace.blocks.len() - 2;
                return Ok(trace);
            }
        }
    }

    /// Reads a block into the trace. Returns where it ends.
    fn read_block(
        &self,
        trace: &mut Trace<'_>,
        active: &mut Active<'_>,
        mut at: usize,
        watch: &mut Watch<'_>,
    ) -> Result<usize, Expired> {
        trace.offsets.clear();
        trace.sets.clear();
        while trace.offsets.len() < BLOCK && at < trace.text.len() && (at <= trace.last_start || !active.is_empty()) {
            let (class, length) = self.symbols.at(trace.text, at);
            let looks = self.looks(trace.text, at);
            self.step(active, looks, class, at <= trace.last_start, watch)?;
            trace.offsets.push(at);
            trace.sets.extend_from_slice(active.now);
            at += length;
        }
        Ok(at)
    }

    /// Goes back over the trace, keeps what leads to a match, and returns the leftmost beginning of one.
    fn look_back(&self, trace: &mut Trace<'_>, watch: &mut Watch<'_>) -> Result<Option<usize>, Expired> {
        let blocks = trace.blocks.len() - 1;
        trace.fruitful = vec![vec![]; blocks + 1];
        trace.fruitful[blocks] = vec![0; self.words];
        let end = trace.blocks[blocks].0;
        let empty_at = |at: usize| at <= trace.last_start && self.matches_nothing(self.looks(trace.text, at));
        let mut start = Some(end).filter(|&end| empty_at(end));
        for block in (0..blocks).rev() {
            if trace.loaded != block {
                self.load(trace, block, watch)?;
            }
            self.keep_fruitful(trace, watch)?;
            for (nth, &at) in trace.offsets.iter().enumerate() {
                let set = &trace.sets[nth * self.words..][..self.words];
                let looks = self.looks(trace.text, at);
                if at <= trace.last_start
                    && (self.matches_nothing(looks) || self.table.starts_with(&self.program, set, looks))
                {
                    start = Some(at);
                    break;
                }
            }
            trace.fruitful[block] = trace.sets.get(..self.words).unwrap_or(&trace.fruitful[block + 1]).to_vec();
        }
        Ok(start)
    }

    /// Reads a block again.
    fn load(&self, trace: &mut Trace<'_>, block: usize, watch: &mut Watch<'_>) -> Result<(), Expired> {
        let mut room = Room::new(self.words);
        let mut active = room.set(self.words);
        active.load(&trace.blocks[block].1);
        self.read_block(trace, &mut active, trace.blocks[block].0, watch)?;
        trace.loaded = block;
        Ok(())
    }

    /// Keeps what leads to a match in the block at hand.
    fn keep_fruitful(&self, trace: &mut Trace<'_>, watch: &mut Watch<'_>) -> Result<(), Expired> {
        let words = self.words;
        let (mut after_at, _) = trace.blocks[trace.loaded + 1];
        let beyond = &trace.fruitful[trace.loaded + 1];
        for nth in (0..trace.offsets.len()).rev() {
            let (sets, after) = trace.sets.split_at_mut((nth + 1) * words);
            let set = &mut sets[nth * words..];
            let after = after.get(..words).unwrap_or(beyond);
            self.table.keep_fruitful(&self.program, set, after, self.looks(trace.text, after_at), &mut watch.pending);
            watch.settle()?;
            after_at = trace.offsets[nth];
        }
        Ok(())
    }

    /// Follows the preferred match from its beginning, noting its groups. Returns its end.
    fn walk(
        &self,
        trace: &mut Trace<'_>,
        start: usize,
        notes: &mut [Option<usize>],
        watch: &mut Watch<'_>,
    ) -> Result<usize, Expired> {
        let mut place = self.program.start;
        let mut walker = Walker { seen: vec![0; self.program.len()], turn: 0, open: vec![] };
        let first = trace.blocks.partition_point(|&(at, _)| at <= start).saturating_sub(1);
        let mut at = start;
        for block in first..trace.blocks.len() - 1 {
            if trace.loaded != block {
                self.load(trace, block, watch)?;
                self.keep_fruitful(trace, watch)?;
            }
            let begin = trace.offsets.partition_point(|&offset| offset < start);
            for nth in begin..trace.offsets.len() {
                at = trace.offsets[nth];
                let set = &trace.sets[nth * self.words..][..self.words];
                match walker.go_on(&self.program, place, set, self.looks(trace.text, at), at, notes) {
                    Some(next) => place = next,
                    None => return Ok(at),
                }
                watch.spend(2)?;
            }
            at = trace.blocks[block + 1].0;
        }
        walker.go_on(&self.program, place, &[], self.looks(trace.text, at), at, notes);
        Ok(at)
    }
}

/// A way that was not taken yet, or a note to be restored where the way after it led nowhere.
enum Open {
    Way(Place),
    Restore(usize, Option<usize>),
}

/// Finds the preferred way from symbol to symbol.
struct Walker {
    /// By place: the turn in which it was last seen.
    seen: Vec<u32>,
    turn: u32,
    open: Vec<Open>,
}

impl Walker {
    /// Goes the preferred way to a position of the set; returns what comes after it, or nothing where the match ends first.
    fn go_on(
        &mut self,
        program: &Program,
        from: Place,
        set: &[u64],
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
            if std::mem::replace(&mut self.seen[place as usize], self.turn) == self.turn {
                continue;
            }
            match program.step(place) {
                Step::Read { position, next } => {
                    if set.get(position as usize / 64).is_some_and(|word| word >> (position % 64) & 1 == 1) {
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
