//! A fixed-size hash table with linear probing that is read without locks.
//!
//! A cell has `EXTRA` words of its key, and one word for the rest of the key and the [terms](super::terms) (expiry
//! and flags). That word is written last and read first, so a reader that finds it set finds the whole key. A key
//! keeps its cell for the lifetime of the block, even after its entry is removed, so a reader never combines the
//! parts of two keys. An entry is changed by a single store.
//!
//! Cells are claimed by compare-and-exchange, because a forked child may have two writers for a moment.

use super::sync::{AtomicU64, AtomicUsize, Ordering, zeroed};
use super::terms::Terms;

/// A key and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<const EXTRA: usize> {
    /// Selects the cell where probing starts.
    pub hash: u64,
    /// The part of the key that has its own words.
    pub extra: [u64; EXTRA],
    /// The part of the key that shares a word with the terms.
    pub high: u32,
}

/// The result of looking up a key in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The index of the cell, and its terms.
    Entry(usize, Terms),
    /// The cell of the key, whose entry was removed.
    Gone(usize),
    /// The key is not in the block.
    Nothing,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Cells<const EXTRA: usize> {
    words: Box<[AtomicU64]>,
    /// The number of cells that have a key.
    used: AtomicUsize,
}

impl<const EXTRA: usize> Cells<EXTRA> {
    /// The number of words in a cell.
    const STRIDE: usize = EXTRA + 1;

    /// Creates a block of `cells` cells: a power of two, or zero.
    pub fn new(cells: usize) -> Self {
        Self { words: zeroed(cells * Self::STRIDE), used: AtomicUsize::new(0) }
    }

    /// The number of cells.
    pub fn count(&self) -> usize {
        self.words.len() / Self::STRIDE
    }

    /// Whether the load factor has reached 70 %, so that no key may be added.
    pub fn is_full(&self) -> bool {
        self.used.load(Ordering::Relaxed) * 10 >= self.count() * 7
    }

    /// Looks up a key.
    pub fn find(&self, key: &Key<EXTRA>) -> Found {
        let cells = self.count();
        for step in 0..cells {
            let cell = (key.hash as usize).wrapping_add(step) & (cells - 1);
            let word = self.terms_of(cell).load(Ordering::Acquire);
            if word == 0 {
                return Found::Nothing;
            }
            let terms = Terms(word as u32);
            if (word >> 32) as u32 == key.high && terms != Terms::CLAIMED && self.extra(cell) == key.extra {
                return if terms.are_of_an_entry() { Found::Entry(cell, terms) } else { Found::Gone(cell) };
            }
        }
        Found::Nothing
    }

    /// Inserts a key that is not in the block; returns false if every cell is taken.
    pub fn insert(&self, key: &Key<EXTRA>, terms: Terms) -> bool {
        let (cells, filled) = (self.count(), word(key.high, terms));
        for step in 0..cells {
            let cell = (key.hash as usize).wrapping_add(step) & (cells - 1);
            let (claim, place) = (if EXTRA == 0 { filled } else { word(0, Terms::CLAIMED) }, self.terms_of(cell));
            if place.load(Ordering::Relaxed) != 0
                || place.compare_exchange(0, claim, Ordering::Release, Ordering::Relaxed).is_err()
            {
                continue;
            }
            for (nth, part) in key.extra.iter().enumerate() {
                self.words[cell * Self::STRIDE + nth].store(*part, Ordering::Relaxed);
            }
            place.store(filled, Ordering::Release);
            self.used.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        false
    }

    /// Replaces the terms in a cell.
    pub fn set(&self, cell: usize, terms: Terms) {
        let high = self.terms_of(cell).load(Ordering::Relaxed) >> 32;
        self.terms_of(cell).store(word(high as u32, terms), Ordering::Release);
    }

    /// Returns the key and the terms in a cell, if it has an entry.
    pub fn entry(&self, cell: usize) -> Option<([u64; EXTRA], u32, Terms)> {
        let word = self.terms_of(cell).load(Ordering::Acquire);
        let terms = Terms(word as u32);
        terms.are_of_an_entry().then(|| (self.extra(cell), (word >> 32) as u32, terms))
    }

    /// The memory allocated, in bytes.
    pub fn memory(&self) -> usize {
        size_of_val(&*self.words)
    }

    fn terms_of(&self, cell: usize) -> &AtomicU64 {
        &self.words[cell * Self::STRIDE + EXTRA]
    }

    fn extra(&self, cell: usize) -> [u64; EXTRA] {
        std::array::from_fn(|nth| self.words[cell * Self::STRIDE + nth].load(Ordering::Relaxed))
    }
}

fn word(high: u32, terms: Terms) -> u64 {
    u64::from(high) << 32 | u64::from(terms.0)
}
