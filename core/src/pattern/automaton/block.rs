//! A block of the text that is read again: the positions active after each symbol, and those of them that lead to a
//! match.

use super::active::{Active, Room};
use super::follow::Looks;
use super::preferred::Stop;
use super::retrace::Retrace;
use super::{Automaton, Watch};
use crate::support::Expired;

/// The most words for the sets of a block, chosen to fit a cache.
const WORDS: usize = 1 << 13;

/// The symbols of a block for which there is room at once.
const EXPECTED: usize = 256;

/// A block of symbols of a text.
pub(super) struct Block<'t> {
    pub(super) text: &'t [u8],
    /// The last place where a match may begin.
    pub(super) last_start: usize,
    /// The place up to which the text is read.
    pub(super) limit: usize,
    /// The place of the first symbol; `before` is the set active there.
    pub(super) from: usize,
    pub(super) before: Vec<u64>,
    /// The distance of each symbol from `from`.
    pub(super) offsets: Vec<u32>,
    /// The end of the last symbol.
    pub(super) end: usize,
    /// The set after each symbol, reduced to the positions that lead to a match.
    pub(super) sets: Vec<u64>,
    /// The active set after each symbol as the number of a known state, in place of `sets`.
    pub(super) states: Vec<u16>,
    /// Likewise the numbers of the reduced sets.
    pub(super) fruitful: Vec<u16>,
    /// The states of earlier reads, unless the text is read by sets.
    pub(super) retrace: Option<&'t mut Retrace>,
}

impl<'t> Block<'t> {
    pub(super) fn new(text: &'t [u8], last_start: usize, retrace: Option<&'t mut Retrace>) -> Self {
        Block {
            text,
            last_start,
            limit: text.len(),
            from: 0,
            before: vec![],
            offsets: vec![],
            end: 0,
            sets: vec![],
            states: vec![],
            fruitful: vec![],
            retrace,
        }
    }

    /// Where a symbol begins.
    #[inline(always)]
    pub(super) fn at(&self, nth: usize) -> usize {
        self.from + self.offsets[nth] as usize
    }

    /// The number of symbols that begin before a place.
    pub(super) fn symbols_before(&self, place: usize) -> usize {
        self.offsets.partition_point(|&offset| self.from + (offset as usize) < place)
    }

    /// Starts an empty block at a place where these positions are active.
    pub(super) fn begin(&mut self, from: usize, before: &[u64]) {
        (self.from, self.end) = (from, from);
        self.before.clear();
        self.before.extend_from_slice(before);
        self.offsets.clear();
        self.sets.clear();
        self.states.clear();
        self.fruitful.clear();
        // Most matches are short; growing step by step would take longer than reading them.
        let symbols = self.limit.min(self.text.len()).saturating_sub(from).min(EXPECTED);
        self.offsets.reserve(symbols);
        if self.retrace.is_some() {
            self.states.reserve(symbols);
        } else {
            self.sets.reserve(symbols * self.before.len());
        }
    }
}

impl Automaton {
    /// The most symbols of a block that is read by sets.
    pub(super) fn symbols_by_set(&self) -> usize {
        (WORDS / self.words.max(1)).max(64)
    }

    /// Reads until the block is full, the text ends or no position is active; a block that was read before is read up
    /// to its end. Returns the active set there.
    pub(super) fn read_block(
        &self,
        block: &mut Block<'_>,
        until: Option<usize>,
        watch: &mut Watch<'_>,
    ) -> Result<Vec<u64>, Stop> {
        let mut room = Room::new(self.words);
        let mut active = room.set(self.words);
        active.load(&block.before);
        match block.retrace.take() {
            Some(retrace) => {
                self.read_states(retrace, block, until, &mut active, watch)?;
                block.retrace = Some(retrace);
            }
            None => self.read_sets(block, until, &mut active, watch)?,
        }
        Ok(active.now.to_vec())
    }

    fn read_sets(
        &self,
        block: &mut Block<'_>,
        until: Option<usize>,
        active: &mut Active<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<(), Expired> {
        let (text, last_start) = (block.text, block.last_start);
        let mut at = block.from;
        let end = until.unwrap_or(block.limit);
        while (until.is_some() || block.offsets.len() < self.symbols_by_set())
            && at < end
            && (at <= last_start || !active.is_empty())
        {
            let (class, length) = self.symbols.at(text, at);
            self.step(active, self.looks(text, at), class, at <= last_start, watch)?;
            block.offsets.push((at - block.from) as u32);
            block.sets.extend_from_slice(active.now);
            at += length;
        }
        block.end = at;
        Ok(())
    }

    /// Keeps the positions that lead to a match, given those after the last symbol that do (`beyond`). Returns those
    /// after the first symbol.
    pub(super) fn keep_fruitful(
        &self,
        block: &mut Block<'_>,
        beyond: &[u64],
        watch: &mut Watch<'_>,
    ) -> Result<Vec<u64>, Stop> {
        if let Some(retrace) = block.retrace.take() {
            let first = self.keep_fruitful_states(retrace, block, beyond, watch)?;
            block.retrace = Some(retrace);
            return Ok(first);
        }
        let mut after_at = block.end;
        for nth in (0..block.offsets.len()).rev() {
            let (sets, after) = block.sets.split_at_mut((nth + 1) * self.words);
            let (set, after) = (&mut sets[nth * self.words..], after.get(..self.words).unwrap_or(beyond));
            let looks = self.looks(block.text, after_at);
            self.table.keep_fruitful(&self.program, set, after, looks, &mut watch.pending);
            watch.settle()?;
            after_at = block.at(nth);
        }
        Ok(block.sets.get(..self.words).unwrap_or(beyond).to_vec())
    }

    /// Whether a match can begin with this symbol if these assertions hold.
    pub(super) fn begins_with(&self, block: &mut Block<'_>, nth: usize, looks: Looks) -> bool {
        match &mut block.retrace {
            Some(retrace) => self.begins_with_state(retrace, block.fruitful[nth], looks),
            None => self.table.starts_with(&self.program, &block.sets[nth * self.words..][..self.words], looks),
        }
    }
}
