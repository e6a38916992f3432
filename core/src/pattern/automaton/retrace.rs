//! Reading a long match again with cached states: forwards, then backwards for the positions that lead to the match,
//! then forwards by the preferred path.
//!
//! Texts repeat their states, so nearly all transitions are known. A text that needs more than a few new ones is
//! abandoned and read again by sets of positions, whose cost does not depend on the text.

use super::active::{Active, Room};
use super::block::Block;
use super::follow::Looks;
use super::memo::Memo;
use super::preferred::Stop;
use super::program::Place;
use super::states::{DEAD, States, UNKNOWN};
use super::{Automaton, LOOK_UP, SYMBOL, Watch};

/// How many new transitions a match may need.
const ALLOWED: usize = 256;
/// The number of symbols that allow one more.
const SYMBOLS_AN_ANSWER: usize = 8;

/// Symbols in a block, which takes eight bytes for each and is not read twice.
const SYMBOLS: usize = 1 << 18;

/// Not a place of a program: the match ends.
const END: u16 = u16::MAX;

/// States and transitions of earlier reads.
#[derive(Debug)]
pub(super) struct Retrace {
    /// Active sets, marked with the kind of the byte before and with whether a match may still begin.
    states: States,
    /// Active sets reduced to the positions that lead to a match.
    fruitful: States,
    /// From an active set and the reduced set after the next symbol to its own reduced set.
    backwards: Memo,
    /// Whether a match can begin with a reduced set.
    begins: Memo,
    /// From a place and a reduced set to the place after the preferred symbol.
    onwards: Memo,
    /// New transitions that this match may still need.
    allowed: usize,
}

impl Retrace {
    /// Prepares for the next match; `None` for programs with too many places.
    pub(super) fn renewed<'m>(known: &'m mut Option<Box<Retrace>>, automaton: &Automaton) -> Option<&'m mut Retrace> {
        if automaton.program.len() >= usize::from(END) {
            return None;
        }
        let retrace = known.get_or_insert_with(|| {
            Box::new(Retrace {
                states: States::new(automaton.symbols.count, 0),
                fruitful: States::new(1, 0),
                backwards: Memo::new(),
                begins: Memo::new(),
                onwards: Memo::new(),
                allowed: 0,
            })
        });
        if retrace.states.is_full() || retrace.fruitful.is_full() {
            retrace.clear();
        }
        retrace.allowed = ALLOWED;
        Some(retrace)
    }

    fn clear(&mut self) {
        self.states.clear();
        self.fruitful.clear();
        [&mut self.backwards, &mut self.begins, &mut self.onwards].into_iter().for_each(Memo::clear);
    }

    /// Counts a new transition, if one more is allowed.
    fn allow(&mut self) -> bool {
        let allowed = self.allowed > 0;
        self.allowed -= usize::from(allowed);
        allowed
    }

    /// Whether a reduced set contains a position.
    pub(super) fn is_fruitful(&self, fruitful: u16, position: u32) -> bool {
        self.fruitful.contains(fruitful, position)
    }

    /// The place after the preferred symbol, if it is known; the inner `None` means that the match ends.
    pub(super) fn known_way(&self, place: Place, fruitful: u16, looks: Looks) -> Option<Option<Place>> {
        let known = self.onwards.get(place as u16, fruitful, looks)?;
        Some((known != END).then_some(Place::from(known)))
    }

    pub(super) fn note_way(&mut self, place: Place, fruitful: u16, looks: Looks, next: Option<Place>) {
        self.onwards.set(place as u16, fruitful, looks, next.map_or(END, |next| next as u16));
    }

    pub(super) fn memory(&self) -> usize {
        let memos = self.backwards.memory() + self.begins.memory() + self.onwards.memory();
        size_of::<Retrace>() + self.states.memory() + self.fruitful.memory() + memos
    }
}

impl Automaton {
    /// Reads a block by states.
    pub(super) fn read_states(
        &self,
        retrace: &mut Retrace,
        block: &mut Block<'_>,
        until: Option<usize>,
        active: &mut Active<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<(), Stop> {
        let (text, last_start, mut at) = (block.text, block.last_start, block.from);
        let mark = |at: usize| self.kind_before(text, at) as u64 | u64::from(at <= last_start) << 8;
        if at > last_start && active.is_empty() {
            return Ok(());
        }
        let Some(mut row) = retrace.states.find_or_add(active, mark(at)) else { return Err(Stop::GivenUp) };
        let end = until.unwrap_or(block.limit);
        while (until.is_some() || block.offsets.len() < SYMBOLS) && at < end && row != DEAD {
            let (class, length) = self.symbols.at(text, at);
            let (starts, after) = (at <= last_start, at + length);
            // After the last start, the same symbol leads to a state with another mark.
            let is_last = starts && after > last_start;
            let mut next = if is_last { UNKNOWN } else { retrace.states.next(row, class) };
            if next == UNKNOWN {
                if !retrace.allow() {
                    return Err(Stop::GivenUp);
                }
                watch.spend(LOOK_UP)?;
                active.clear();
                retrace.states.load(row, active);
                self.step(active, self.looks(text, at), class, starts, watch)?;
                next = if active.is_empty() && after > last_start {
                    DEAD
                } else {
                    let Some(next) = retrace.states.find_or_add(active, mark(after)) else { return Err(Stop::GivenUp) };
                    next
                };
                if !is_last {
                    retrace.states.set_next(row, class, next);
                }
            }
            block.offsets.push((at - block.from) as u32);
            block.states.push(next);
            retrace.allowed += usize::from(block.offsets.len().is_multiple_of(SYMBOLS_AN_ANSWER));
            watch.spend(SYMBOL)?;
            (at, row) = (after, next);
        }
        block.end = at;
        active.clear();
        if row != DEAD {
            retrace.states.load(row, active);
        }
        Ok(())
    }

    /// [`keep_fruitful`](Self::keep_fruitful) by states.
    pub(super) fn keep_fruitful_states(
        &self,
        retrace: &mut Retrace,
        block: &mut Block<'_>,
        beyond: &[u64],
        watch: &mut Watch<'_>,
    ) -> Result<Vec<u64>, Stop> {
        let (mut room, mut other_room) = (Room::new(self.words), Room::new(self.words));
        let (mut set, mut after_set) = (room.set(self.words), other_room.set(self.words));
        after_set.load(beyond);
        let Some(mut after) = retrace.fruitful.find_or_add(&after_set, 0) else { return Err(Stop::GivenUp) };
        let mut after_at = block.end;
        block.fruitful.resize(block.offsets.len(), 0);
        for nth in (0..block.offsets.len()).rev() {
            let (state, looks) = (block.states[nth], self.looks(block.text, after_at));
            let known = retrace.backwards.get(state, after, looks);
            after = match known {
                Some(known) => known,
                None => {
                    if !retrace.allow() {
                        return Err(Stop::GivenUp);
                    }
                    watch.spend(LOOK_UP)?;
                    set.clear();
                    if state != DEAD {
                        retrace.states.load(state, &mut set);
                    }
                    after_set.clear();
                    retrace.fruitful.load(after, &mut after_set);
                    self.table.keep_fruitful(&self.program, set.now, after_set.now, looks, &mut watch.pending);
                    set.recount();
                    let Some(fruitful) = retrace.fruitful.find_or_add(&set, 0) else { return Err(Stop::GivenUp) };
                    retrace.backwards.set(state, after, looks, fruitful);
                    fruitful
                }
            };
            block.fruitful[nth] = after;
            after_at = block.at(nth);
            watch.spend(SYMBOL)?;
        }
        set.clear();
        retrace.fruitful.load(after, &mut set);
        Ok(set.now.to_vec())
    }

    /// Whether a match can begin with a reduced set, if these assertions hold.
    pub(super) fn begins_with_state(&self, retrace: &mut Retrace, fruitful: u16, looks: Looks) -> bool {
        if let Some(known) = retrace.begins.get(fruitful, 0, looks) {
            return known != 0;
        }
        let mut room = Room::new(self.words);
        let mut set = room.set(self.words);
        retrace.fruitful.load(fruitful, &mut set);
        let begins = self.table.starts_with(&self.program, set.now, looks);
        retrace.begins.set(fruitful, 0, looks, u16::from(begins));
        begins
    }
}
