//! The states that searches have reached, and the transitions between them: a lazy DFA.
//!
//! Long texts are read at the speed of a table where their states repeat. A state is a set of positions with a mark,
//! usually the kind of the byte before it.
//!
//! Making a state costs about as much as reading several symbols without the table, and an attacker can make every
//! symbol lead to a new one. So states have to be paid for: reading symbols by sets earns credit, each new state costs
//! some, and without credit a search goes on by sets. A text that never repeats itself thus costs little more than
//! without this table.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

use super::active::{Active, Busy, Room};
use super::retrace::Retrace;
use super::symbols::{Class, LONGER, Symbols};

/// A transition that is not known yet.
pub(super) const UNKNOWN: u16 = 0;
/// A match was complete before the symbol.
pub(super) const ENDED_BEFORE: u16 = 1;
/// A match is complete with the symbol.
pub(super) const ENDED: u16 = 2;
/// No match is under way, and none can begin any more.
pub(super) const DEAD: u16 = 3;
/// No match is pending any more.
pub(super) const IDLE: u16 = u16::MAX;
/// The first row of a state.
const FIRST: usize = 4;

/// The initial cost of a new state or transition. The more states there are, the less likely another one is to help,
/// and the more it costs.
const PRICE: u32 = 8;
/// The number of states that raises the price by one.
const STATES_A_RISE: usize = 16;
/// The most credit that is kept.
const MOST_CREDIT: u32 = 4096;

/// The bytes that one thread's states of an automaton may take; when they do not suffice, all states are dropped.
const LIMIT: usize = 128 << 10;

/// The number of threads that can use cached states at the same time.
const KEPT: usize = 4;

/// The states kept between searches.
///
/// Locks are only tried, never waited for, as the states merely save time. If the parent of a forked child held one at
/// the time of the fork, it stays locked in the child.
#[derive(Debug, Default)]
pub(super) struct Remembered([Mutex<Option<Box<Memory>>>; KEPT]);

/// The states that searches of one thread leave for later ones.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) states: States,
    /// Made when a long match is first read again.
    pub(super) retrace: Option<Box<Retrace>>,
}

impl Memory {
    pub(super) fn new(classes: usize, idle: u64) -> Self {
        Memory { states: States::new(classes, idle), retrace: None }
    }

    fn bytes(&self) -> usize {
        size_of::<Memory>() + self.states.memory() + self.retrace.as_ref().map_or(0, |retrace| retrace.memory())
    }
}

impl Remembered {
    pub(super) fn borrow(&self) -> Option<MutexGuard<'_, Option<Box<Memory>>>> {
        let first = thread_number();
        (0..KEPT).find_map(|nth| match self.0[(first + nth) % KEPT].try_lock() {
            Ok(held) => Some(held),
            Err(TryLockError::Poisoned(held)) => Some(held.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        })
    }

    pub(super) fn memory(&self) -> usize {
        let held = self.0.iter().filter_map(|memory| memory.try_lock().ok());
        held.filter_map(|memory| memory.as_ref().map(|memory| memory.bytes())).sum()
    }
}

/// A small number per thread, so that each begins with states of its own.
fn thread_number() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed));
    NUMBER.try_with(|number| *number).unwrap_or(0)
}

/// A table of states and transitions.
#[derive(Debug, Default)]
pub(super) struct States {
    /// The number of symbol classes.
    classes: usize,
    /// Rows below this are constants, or states without positions.
    idle_end: usize,
    /// Row after row, by class: the row of the next state, or one of the constants above.
    next: Vec<u16>,
    /// By state: the start of its set in `sets`.
    starts: Vec<u32>,
    /// For each state the mark, the words in use, and their content.
    sets: Vec<u64>,
    /// A hash table of rows, 0 for a free slot. Its size is a power of two.
    index: Vec<u16>,
    credit: u32,
    full: bool,
}

impl States {
    /// A table with `idle` states without positions, which have the first marks.
    pub(super) fn new(classes: usize, idle: u64) -> Self {
        let idle_end = FIRST + idle as usize * classes;
        let mut states = States { classes, idle_end, index: vec![0; 16], ..States::default() };
        states.clear();
        states
    }

    /// Drops all states but the initial ones, whose rows alone stay valid. The memory is kept, as fresh memory costs
    /// more than what is done with it.
    pub(super) fn clear(&mut self) {
        self.next.clear();
        self.next.resize(FIRST, UNKNOWN);
        self.starts.clear();
        self.sets.clear();
        self.index.fill(0);
        (self.credit, self.full) = (0, false);
        let mut room = Room::new(0);
        let active = room.set(0);
        let idle = (self.idle_end - FIRST) / self.classes;
        (0..idle as u64).for_each(|mark| _ = self.find_or_add(&active, mark));
    }

    /// The state without positions that has this mark, one of the first.
    pub(super) fn idle(&self, mark: u64) -> u16 {
        (FIRST + mark as usize * self.classes) as u16
    }

    /// Reads a text from `at` up to `end`, as long as transitions are known. Returns where it stopped, in which state,
    /// and why; at `end`, the next state counts as unknown. With `skip`, it also stops where no match is pending.
    #[inline(never)]
    pub(super) fn run(
        &self,
        symbols: &Symbols,
        text: &[u8],
        at: usize,
        end: usize,
        row: u16,
        skip: bool,
    ) -> (usize, u16, u16) {
        let (mut at, mut row) = (at, usize::from(row));
        let special = if skip { self.idle_end } else { FIRST };
        let stop = |at: usize, length: usize, row: usize, next: usize| match next as u16 {
            next if usize::from(next) >= FIRST => (at + length, next, IDLE),
            next @ (UNKNOWN | ENDED_BEFORE) => (at, row as u16, next),
            next => (at + length, row as u16, next),
        };
        while at < end {
            // Symbols of one byte have a loop of their own, in which only the row depends on the round before.
            for &byte in &text[at..end] {
                let class = symbols.of_byte(byte);
                if class == LONGER {
                    break;
                }
                let next = usize::from(self.next[row + usize::from(class)]);
                if next < special {
                    return stop(at, 1, row, next);
                }
                row = next;
                at += 1;
            }
            if at >= end {
                break;
            }
            let (class, length) = symbols.at(text, at);
            let next = usize::from(self.next[row + usize::from(class)]);
            if next < special {
                return stop(at, length, row, next);
            }
            row = next;
            at += length;
        }
        (at, row as u16, UNKNOWN)
    }

    /// Makes the positions of a state active; the set must be empty.
    pub(super) fn load(&self, row: u16, active: &mut Active<'_>) {
        let (_, busy, words) = self.set(row);
        for (at, &word) in busy.words(active.now.len()).zip(words) {
            active.now[at] = word;
        }
        active.busy = busy;
    }

    /// Whether a state contains a position.
    pub(super) fn contains(&self, row: u16, position: u32) -> bool {
        let (_, busy, words) = self.set(row);
        let word = position as usize / 64;
        let before = busy.words(word).count();
        busy.0 >> (word % 64) & 1 == 1 && words[before] >> (position % 64) & 1 == 1
    }

    /// Whether a state has no positions.
    pub(super) fn is_idle(&self, row: u16) -> bool {
        usize::from(row) < self.idle_end || self.set(row).1 == Busy(0)
    }

    /// The state after a symbol.
    #[inline(always)]
    pub(super) fn next(&self, row: u16, class: Class) -> u16 {
        self.next[usize::from(row) + usize::from(class)]
    }

    pub(super) fn set_next(&mut self, row: u16, class: Class, next: u16) {
        self.next[usize::from(row) + usize::from(class)] = next;
    }

    /// The row of a state, if it is known.
    pub(super) fn find(&self, active: &Active<'_>, mark: u64) -> Option<u16> {
        self.place(active, mark).ok()
    }

    /// The row of a state, added if it is not known. `None` if the table is full.
    pub(super) fn find_or_add(&mut self, active: &Active<'_>, mark: u64) -> Option<u16> {
        let place = match self.place(active, mark) {
            Ok(row) => return Some(row),
            Err(place) => place,
        };
        let row = self.next.len();
        if self.full || row + self.classes > usize::from(u16::MAX) || self.used() > LIMIT {
            self.full = true;
            return None;
        }
        self.next.resize(row + self.classes, UNKNOWN);
        self.starts.push(self.sets.len() as u32);
        self.sets.extend([mark, active.busy.0]);
        self.sets.extend(active.words());
        self.index[place] = row as u16;
        if self.starts.len() * 2 > self.index.len() {
            self.grow_index();
        }
        Some(row as u16)
    }

    /// The mark of a state, and its positions.
    fn set(&self, row: u16) -> (u64, Busy, &[u64]) {
        let state = (usize::from(row) - FIRST) / self.classes;
        let end = self.starts.get(state + 1).map_or(self.sets.len(), |&end| end as usize);
        let set = &self.sets[self.starts[state] as usize..end];
        (set[0], Busy(set[1]), &set[2..])
    }

    /// The row of a state, or the slot of the index for it.
    fn place(&self, active: &Active<'_>, mark: u64) -> Result<u16, usize> {
        let mask = self.index.len() - 1;
        let mut place = hash(mark, active.busy, active.words()) & mask;
        loop {
            let row = self.index[place];
            if row == 0 {
                return Err(place);
            }
            let (known, busy, words) = self.set(row);
            if known == mark && busy == active.busy && active.words().eq(words.iter().copied()) {
                return Ok(row);
            }
            place = (place + 1) & mask;
        }
    }

    fn grow_index(&mut self) {
        let mask = self.index.len() * 2 - 1;
        self.index = vec![0; mask + 1];
        for state in 0..self.starts.len() {
            let row = (FIRST + state * self.classes) as u16;
            let (mark, busy, words) = self.set(row);
            let mut place = hash(mark, busy, words.iter().copied()) & mask;
            while self.index[place] != 0 {
                place = (place + 1) & mask;
            }
            self.index[place] = row;
        }
    }

    /// Earns credit for symbols read without making a state.
    pub(super) fn earn(&mut self, symbols: usize) {
        self.credit = (self.credit + symbols as u32).min(MOST_CREDIT);
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// [Clears](Self::clear) the table if it is full and there is credit to rebuild it.
    pub(super) fn renew(&mut self) {
        if self.full && self.credit == MOST_CREDIT {
            self.clear();
        }
    }

    /// Pays for a new state, if there is enough credit.
    pub(super) fn pay(&mut self) -> bool {
        let price = PRICE + (self.starts.len() / STATES_A_RISE) as u32;
        let paid = self.credit >= price && !self.full;
        self.credit -= if paid { price } else { 0 };
        paid
    }

    fn used(&self) -> usize {
        2 * self.next.len() + 4 * self.starts.len() + 8 * self.sets.len() + 2 * self.index.len()
    }

    pub(super) fn memory(&self) -> usize {
        2 * self.next.capacity() + 4 * self.starts.capacity() + 8 * self.sets.capacity() + 2 * self.index.capacity()
    }
}

fn hash(mark: u64, busy: Busy, words: impl Iterator<Item = u64>) -> usize {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mixed = words.fold(busy.0 ^ mark, |hash, word| (hash.rotate_left(5) ^ word).wrapping_mul(FACTOR));
    (mixed.wrapping_mul(FACTOR) >> 32) as usize
}
