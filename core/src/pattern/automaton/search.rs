//! Whether a match exists, and where the first one ends.

use super::active::{Active, Room};
use super::follow::bit;
use super::positions::Positions;
use super::states::{self, Memory, States};
use super::symbols::{ByteKind, Class};
use super::{Automaton, LOOK_UP, SYMBOL, Table, Watch};
use crate::pattern::ast::Look;
use crate::support::Expired;

/// Texts with fewer bytes left than this are read without cached states, if positions fit a word.
const SHORT_FOR_WORD: usize = 24;
/// The same if positions do not fit a word, as reading a symbol then takes longer.
const SHORT: usize = 4;

/// How many symbols are read by sets before the states are tried again.
const WITHOUT_STATES: usize = 16;

/// Skipping to the next possible beginning of a match pays off from this many bytes on average.
const WORTH: i64 = 8;
/// How many bytes each stretch of text may lose by skipping that does not pay off.
const TRIED: i64 = 3 * WORTH;
/// The most that earlier gains add to that.
const ENOUGH: i64 = 256;

/// How many bytes are read between two checks of the clock.
const STRETCH: usize = 512;

impl Automaton {
    /// The end of the match that ends first among those that begin at or after `from`. Sets `idle` to a place at or
    /// before the beginning of every match that is complete or pending there.
    pub(super) fn earliest_end(
        &self,
        text: &[u8],
        from: usize,
        idle: &mut usize,
        watch: &mut Watch<'_>,
    ) -> Result<Option<usize>, Expired> {
        *idle = from;
        if self.matches_nothing_anywhere {
            return Ok(Some(from));
        }
        let short = if self.words == 1 { SHORT_FOR_WORD } else { SHORT };
        let remember = text.len() - from >= short && watch.may_remember();
        if let (Table::Masks(positions), 1, false) = (&self.table, self.words, remember) {
            return self.earliest_end_in_word(positions, text, from, idle, watch);
        }
        let mut room = Room::new(self.words);
        let mut active = room.set(self.words);
        let mut remembered = if remember { self.remembered.borrow() } else { None };
        let mut at = from;
        loop {
            if let Some(held) = &mut remembered {
                let memory = held.get_or_insert_with(|| {
                    // The end of the text counts as a symbol.
                    Box::new(Memory::new(
                        self.symbols.count + 1,
                        if self.has_assertions { ByteKind::COUNT as u64 } else { 1 },
                    ))
                });
                match self.read_with_states(&mut memory.states, text, &mut at, &mut active, idle, watch)? {
                    Reading::Ended(end) => return Ok(Some(end)),
                    Reading::Dead => return Ok(None),
                    Reading::Stuck => {}
                }
            }
            let from = at;
            let answer = self.read_without_states(text, &mut at, &mut active, idle, watch)?;
            if let Some(memory) = remembered.as_deref_mut().and_then(Option::as_mut) {
                memory.states.earn(at - from);
                memory.states.renew();
            }
            if let Some(end) = answer {
                return Ok(end);
            }
        }
    }

    /// Reads a few symbols by sets. Returns where a match ends, or that there is none, if that is known then.
    #[inline]
    fn read_without_states(
        &self,
        text: &[u8],
        at: &mut usize,
        active: &mut Active<'_>,
        idle: &mut usize,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Option<usize>>, Expired> {
        let from = *at;
        while *at - from < WITHOUT_STATES {
            if active.is_empty() {
                let Some(next) = self.next_start(text, *at, watch)? else { return Ok(Some(None)) };
                (*at, *idle) = (next, next);
            }
            let looks = self.looks(text, *at);
            if self.ends_at(active, looks) {
                return Ok(Some(Some(*at)));
            }
            if *at == text.len() {
                return Ok(Some(None));
            }
            let (class, length) = self.symbols.at(text, *at);
            let ended = self.step(active, looks, class, true, watch)?;
            *at += length;
            if ended {
                return Ok(Some(Some(*at)));
            }
        }
        Ok(None)
    }

    /// The same for the usual case of positions that fit a word, without cached states.
    fn earliest_end_in_word(
        &self,
        positions: &Positions,
        text: &[u8],
        from: usize,
        idle: &mut usize,
        watch: &mut Watch<'_>,
    ) -> Result<Option<usize>, Expired> {
        let (mut at, mut set) = (from, 0);
        loop {
            if set == 0 {
                let Some(next) = self.next_start(text, at, watch)? else { return Ok(None) };
                (at, *idle) = (next, next);
            }
            let looks = self.looks(text, at);
            if self.may_end_if && (self.matches_nothing(looks) || positions.ends_if(&[set], looks)) {
                return Ok(Some(at));
            }
            if at == text.len() {
                return Ok(None);
            }
            let (class, length) = self.symbols.at(text, at);
            let (next, ended, work) = positions.step_word(set, looks, class, true);
            watch.spend(SYMBOL + work)?;
            (at, set) = (at + length, next);
            if ended {
                return Ok(Some(at));
            }
        }
    }

    /// Reads on while states are known or can be paid for; leaves the set of the place where it stopped.
    fn read_with_states(
        &self,
        states: &mut States,
        text: &[u8],
        at: &mut usize,
        active: &mut Active<'_>,
        idle: &mut usize,
        watch: &mut Watch<'_>,
    ) -> Result<Reading, Expired> {
        let mark = self.kind_before(text, *at) as u64;
        let mut row = if active.is_empty() {
            states.idle(mark)
        } else {
            watch.spend(LOOK_UP)?;
            let known = states.find(active, mark);
            match known.or_else(|| if states.pay() { states.find_or_add(active, mark) } else { None }) {
                Some(row) => row,
                None => return Ok(Reading::Stuck),
            }
        };
        let may_skip = self.empty.is_empty();
        let mut gain = if may_skip { TRIED } else { 0 };
        let places_known = watch.places.is_some();
        loop {
            let begin = *at;
            let end = text.len().min(begin + STRETCH);
            let (place, state, next) = states.run(&self.symbols, text, begin, end, row, gain > 0 || places_known);
            (*at, row) = (place, state);
            states.earn((place - begin) / 16);
            watch.spend((place - begin) as u32 / 2)?;
            match next {
                states::ENDED | states::ENDED_BEFORE => return Ok(Reading::Ended(place)),
                states::DEAD => return Ok(Reading::Dead),
                states::IDLE => {
                    let Some(start) = self.next_start(text, place, watch)? else { return Ok(Reading::Dead) };
                    gain = (gain + (start - place) as i64 - WORTH).min(ENOUGH);
                    (*at, *idle) = (start, start);
                    row = states.idle(self.kind_before(text, start) as u64);
                    continue;
                }
                _ if place >= end && place < text.len() => {
                    if states.is_idle(row) {
                        *idle = place;
                    }
                    gain = if may_skip { gain.max(TRIED) } else { 0 };
                    continue;
                }
                _ => {}
            }
            if place == text.len() {
                return Ok(self.read_end(states, row, text, active));
            }
            active.clear();
            states.load(row, active);
            if !states.pay() {
                return Ok(Reading::Stuck);
            }
            let looks = self.looks(text, place);
            let (class, length) = self.symbols.at(text, place);
            let after = place + length;
            if self.ends_at(active, looks) {
                states.set_next(row, class, states::ENDED_BEFORE);
                return Ok(Reading::Ended(place));
            }
            let ended = self.step(active, looks, class, true, watch)?;
            *at = after;
            if ended {
                states.set_next(row, class, states::ENDED);
                return Ok(Reading::Ended(after));
            }
            if active.is_empty() && self.is_dead() {
                states.set_next(row, class, states::DEAD);
                return Ok(Reading::Dead);
            }
            watch.spend(LOOK_UP)?;
            let Some(next) = states.find_or_add(active, self.kind_before(text, after) as u64) else {
                return Ok(Reading::Stuck);
            };
            states.set_next(row, class, next);
            row = next;
        }
    }

    /// Whether a match ends with the text in this state.
    fn read_end(&self, states: &mut States, row: u16, text: &[u8], active: &mut Active<'_>) -> Reading {
        let end = self.symbols.count as Class;
        let mut ended = states.next(row, end);
        if ended == states::UNKNOWN {
            active.clear();
            states.load(row, active);
            let ends = self.ends_at(active, self.looks(text, text.len()));
            ended = if ends { states::ENDED } else { states::DEAD };
            states.set_next(row, end, ended);
        }
        if ended == states::ENDED { Reading::Ended(text.len()) } else { Reading::Dead }
    }

    /// Whether a match can only begin at the beginning of the text.
    fn is_dead(&self) -> bool {
        self.empty.is_empty() && self.start_looks & bit(Look::TextStart) != 0
    }

    /// The kind of the byte before a place, if assertions depend on it.
    pub(super) fn kind_before(&self, text: &[u8], at: usize) -> ByteKind {
        if self.has_assertions { ByteKind::of(at.checked_sub(1).map(|before| text[before])) } else { ByteKind::Other }
    }
}

/// The result of reading by states.
enum Reading {
    /// A match ends here.
    Ended(usize),
    /// There is no match.
    Dead,
    /// The next state is unknown and cannot be paid for or stored, or the text ends.
    Stuck,
}
