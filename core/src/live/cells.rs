//! Entries in one block of memory, by linear probing.
//!
//! A cell is `EXTRA` words of its key and one word that holds the rest of the key and the terms. That word is written last
//! and read first, so whoever finds it filled finds the key complete; and a key stays in its cell as long as the block
//! lives, even if its entry goes, so nothing that is read can belong to two keys. An entry changes by one store.
//!
//! Cells are claimed by an exchange, for in a forked child there may be two writers for a moment.

use super::sync::{AtomicU64, AtomicUsize, Ordering, zeroed};
use super::terms::Terms;

/// What is looked up: a hash that says where, and the key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<const EXTRA: usize> {
    /// Says where it is.
    pub hash: u64,
    /// In words of their own.
    pub extra: [u64; EXTRA],
    /// In the word of the terms.
    pub high: u32,
}

/// What a block has for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// An entry, and the number of its cell.
    Entry(usize, Terms),
    /// The cell of an entry that is gone.
    Gone(usize),
    /// Nothing.
    Nothing,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Cells<const EXTRA: usize> {
    words: Box<[AtomicU64]>,
    /// Cells with keys.
    used: AtomicUsize,
}

impl<const EXTRA: usize> Cells<EXTRA> {
    /// Words in a cell.
    const STRIDE: usize = EXTRA + 1;

    /// A block of so many cells, a power of two or none.
    pub fn new(cells: usize) -> Self {
        Self { words: zeroed(cells * Self::STRIDE), used: AtomicUsize::new(0) }
    }

    /// How many cells there are.
    pub fn count(&self) -> usize {
        self.words.len() / Self::STRIDE
    }

    /// Whether another key would make it too full.
    pub fn is_full(&self) -> bool {
        self.used.load(Ordering::Relaxed) * 10 >= self.count() * 7
    }

    /// Looks a key up.
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

    /// Gives a key that has none a cell; false if there is none.
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

    /// Gives the entry in a cell other terms.
    pub fn set(&self, cell: usize, terms: Terms) {
        let high = self.terms_of(cell).load(Ordering::Relaxed) >> 32;
        self.terms_of(cell).store(word(high as u32, terms), Ordering::Release);
    }

    /// What is in a cell, if it is an entry.
    pub fn entry(&self, cell: usize) -> Option<([u64; EXTRA], u32, Terms)> {
        let word = self.terms_of(cell).load(Ordering::Acquire);
        let terms = Terms(word as u32);
        terms.are_of_an_entry().then(|| (self.extra(cell), (word >> 32) as u32, terms))
    }

    /// Bytes of memory.
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
