//! States a search was in before, and where each symbol led from there.
//!
//! Long texts are read at the speed of a table where their states repeat: this is a deterministic automaton, made as far as it
//! was needed. A state is a set of positions with a mark, mostly the kind of byte before it.
//!
//! Making a state costs about as much as reading several symbols without, and an attacker can make every symbol lead to
//! a new one. So states are paid for: reading symbols without them earns credit, each new one costs some, and where there
//! is none left, a search goes on without. A text that never repeats itself thus costs little more than without this table.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

use super::active::{Active, Busy, Room};
use super::retrace::Retrace;
use super::symbols::{Class, LONGER, Symbols};

/// Where a symbol leads that was not read in a state before.
pub(super) const UNKNOWN: u16 = 0;
/// A match was complete before the symbol.
pub(super) const ENDED_BEFORE: u16 = 1;
/// A match is complete with the symbol.
pub(super) const ENDED: u16 = 2;
/// No match is under way, and none can begin any more.
pub(super) const DEAD: u16 = 3;
/// No match is under way any more.
pub(super) const IDLE: u16 = u16::MAX;
/// The first row of a state.
const FIRST: usize = 4;

/// What a new state, or a new way from one to another, costs at first. The more states there are, the less likely it is
/// that another helps, and the more it costs.
const PRICE: u32 = 8;
/// As many states raise the price by one.
const STATES_A_RISE: usize = 16;
/// No more credit than this is kept.
const MOST_CREDIT: u32 = 4096;

/// Bytes that the states of one automaton may take for one thread; where that is too little, they are forgotten.
const LIMIT: usize = 128 << 10;

/// As many threads can search with states that were made before.
const KEPT: usize = 4;

/// The states that are kept from search to search.
///
/// A lock is tried and never waited for: what it holds is no more than help. In a child process whose parent forked while
/// another thread held one, it stays shut.
#[derive(Debug, Default)]
pub(super) struct Remembered([Mutex<Option<Box<Memory>>>; KEPT]);

/// What searches of one thread leave to later ones.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) states: States,
    /// Made when a long match is read again for the first time.
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

/// Small numbers that differ between threads, so that each begins with states of its own.
fn thread_number() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed));
    NUMBER.try_with(|number| *number).unwrap_or(0)
}

/// A table of states.
#[derive(Debug, Default)]
pub(super) struct States {
    /// Symbols told apart.
    classes: usize,
    /// Rows below this are constants, or states without positions.
    idle_end: usize,
    /// Row after row, by class: the row of the next state, or one of the constants above.
    next: Vec<u16>,
    /// By state: where its set begins.
    starts: Vec<u32>,
    /// Sets: the mark, which words are in use, and these.
    sets: Vec<u64>,
    /// A hash table of rows; 0 where there is none. Its size is a power of two.
    index: Vec<u16>,
    credit: u32,
    full: bool,
}

impl States {
    /// A table with so many states without positions, which have the first marks.
    pub(super) fn new(classes: usize, idle: u64) -> Self {
        let idle_end = FIRST + idle as usize * classes;
        let mut states = States { classes, idle_end, index: vec![0; 16], ..States::default() };
        states.clear();
        states
    }

    /// Forgets all states but those that were there in the beginning. No row of others is valid afterwards. Memory is kept, as
    /// memory that is new costs more than what is done with it.
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

    /// Reads a text from a place on, up to `end`, as long as it is known what follows. Tells where it stopped, in which
    /// state, and why; where `end` is reached, what follows counts as unknown. With `skip`, it stops where no match is under
    /// way any more, too.
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
            // Symbols of one byte go by in a loop of their own, whose rounds wait for each other by the row alone.
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

    /// Makes the positions of a state active; the set is empty before.
    pub(super) fn load(&self, row: u16, active: &mut Active<'_>) {
        let (_, busy, words) = self.set(row);
        for (at, &word) in busy.words(active.now.len()).zip(words) {
            active.now[at] = word;
        }
        active.busy = busy;
    }

    /// Whether a position is in a state.
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

    /// Where a symbol leads.
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

    /// The row of a state, made now unless it is known. Nothing if there is no room left.
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

    /// Where a state is, or where in the index it would be put.
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

    /// Symbols were read without making a state.
    pub(super) fn earn(&mut self, symbols: usize) {
        self.credit = (self.credit + symbols as u32).min(MOST_CREDIT);
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// [Forgets](Self::clear) the states if there is no room for others, and credit to make them anew.
    pub(super) fn renew(&mut self) {
        if self.full && self.credit == MOST_CREDIT {
            self.clear();
        }
    }

    /// Whether a new state can be paid for; it is, then.
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
