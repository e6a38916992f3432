//! A sharded hash table that grows incrementally and is read without locks.
//!
//! Each shard has a lock for writers, and a pointer for readers to one block of [cells](super::cells), or to two
//! while it grows: every write moves a few entries from the former block to the current one, so no write takes long.
//! An entry is written to the current block before it is removed from the former one, and readers search the former
//! block first, so they find it in one of them. A reader that finds a removed entry must check whether the pointer
//! has changed: the entry may have moved to a block that was not yet visible.
//!
//! The cells hold all state that matters after a `fork`. A writer that was interrupted has at most claimed a cell or
//! left an entry in both blocks.

use super::cells::{Cells, Found, Key};
use super::sync::{Arc, ArcSwap, AtomicUsize, FEWEST_CELLS, Hashes, MOVED_AT_ONCE, Ordering, Renewable, SHARDS};
use super::terms::Terms;
use std::hash::BuildHasher;
use std::ops::Range;

/// The share of a shard's entries that is evicted at once: one in this many.
const EVICTED_SHARE: usize = 32;
/// The number of slices in which a shard is swept.
const SLICES: usize = 8;

/// See the [module](self). A key has `EXTRA` words and 32 bits.
#[derive(Debug)]
pub struct Table<const EXTRA: usize> {
    shards: Box<[Shard<EXTRA>]>,
    entries: AtomicUsize,
    hashes: Hashes,
}

#[derive(Debug)]
struct Shard<const EXTRA: usize> {
    blocks: ArcSwap<Blocks<EXTRA>>,
    writer: Renewable<Writer>,
    entries: AtomicUsize,
}

#[derive(Debug)]
struct Blocks<const EXTRA: usize> {
    former: Option<Arc<Cells<EXTRA>>>,
    current: Arc<Cells<EXTRA>>,
}

/// The progress of writers. Losing it only repeats work.
#[derive(Debug, Default)]
struct Writer {
    /// The number of cells of the former block that were migrated.
    moved: usize,
    /// The next slice to sweep.
    slice: usize,
}

impl<const EXTRA: usize> Default for Table<EXTRA> {
    fn default() -> Self {
        let shard = || Shard {
            blocks: ArcSwap::from_pointee(Blocks { former: None, current: Arc::new(Cells::new(0)) }),
            writer: Renewable::default(),
            entries: AtomicUsize::new(0),
        };
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), entries: AtomicUsize::new(0), hashes: Hashes::default() }
    }
}

impl<const EXTRA: usize> Table<EXTRA> {
    /// Returns the terms of a key, expired or not.
    pub fn find(&self, extra: [u64; EXTRA], high: u32) -> Option<Terms> {
        let key = self.key(extra, high);
        let shard = self.shard(&key);
        if shard.entries.load(Ordering::Acquire) == 0 {
            return None;
        }
        loop {
            let blocks = shard.blocks.load();
            let mut gone = false;
            for cells in blocks.former.iter().chain([&blocks.current]) {
                match cells.find(&key) {
                    Found::Entry(_, terms) => return Some(terms),
                    Found::Gone(_) => gone = true,
                    Found::Nothing => {}
                }
            }
            if !gone || Arc::ptr_eq(&blocks, &shard.blocks.load()) {
                return None;
            }
        }
    }

    /// Changes the entry of a key: `change` maps its current terms, if any, to the new ones. Returns the terms before
    /// and after.
    pub fn change(
        &self,
        extra: [u64; EXTRA],
        high: u32,
        change: impl Fn(Option<Terms>) -> Option<Terms>,
    ) -> (Option<Terms>, Option<Terms>) {
        let key = self.key(extra, high);
        let shard = self.shard(&key);
        let mut writer = shard.writer.lock();
        loop {
            self.move_some(shard, &mut writer);
            let blocks = shard.blocks.load_full();
            let before = blocks.find(&key);
            let after = change(before);
            // The count covers an entry as long as readers can find it, because they skip a shard whose count is
            // zero.
            if before.is_none() && after.is_some() {
                shard.entries.fetch_add(1, Ordering::Release);
                self.entries.fetch_add(1, Ordering::Relaxed);
            }
            let written = match after {
                Some(terms) => blocks.write(&key, terms),
                None => blocks.take(&key),
            };
            if before.is_some() && after.is_none() || !written && before.is_none() {
                shard.entries.fetch_sub(1, Ordering::Release);
                self.entries.fetch_sub(1, Ordering::Relaxed);
            }
            if !written {
                shard.grow(&blocks, &mut writer);
            } else if Arc::ptr_eq(&blocks, &shard.blocks.load()) {
                return (before, after);
            }
        }
    }

    /// The number of entries, including expired ones.
    pub fn len(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Evicts entries from one shard: those that are `over` or, if there are none, a share of the automatic ones,
    /// with the earliest end first. Returns the number of evicted entries.
    pub fn make_room(&self, shard: usize, over: impl Fn(Terms) -> bool) -> usize {
        let room = self.shards[shard % SHARDS].make_room(over);
        self.entries.fetch_sub(room, Ordering::Relaxed);
        room
    }

    /// Removes the entries that are `over` from the next slice of a shard.
    pub fn sweep(&self, shard: usize, over: impl Fn(Terms) -> bool) {
        let shard = &self.shards[shard % SHARDS];
        let mut writer = shard.writer.lock();
        let blocks = shard.blocks.load_full();
        let slice = writer.slice % SLICES;
        writer.slice = slice + 1;
        let part = |cells: &Cells<EXTRA>| cells.count() * slice / SLICES..cells.count() * (slice + 1) / SLICES;
        let taken: usize = blocks.both().map(|cells| shard.take(cells, part(cells), &over)).sum();
        self.entries.fetch_sub(taken, Ordering::Relaxed);
    }

    /// Visits all entries, including expired ones.
    pub fn for_each(&self, mut each: impl FnMut([u64; EXTRA], u32, Terms)) {
        for shard in &self.shards {
            let _writer = shard.writer.lock();
            let blocks = shard.blocks.load_full();
            for cells in blocks.both() {
                for (extra, high, terms) in (0..cells.count()).filter_map(|cell| cells.entry(cell)) {
                    each(extra, high, terms);
                }
            }
        }
    }

    /// Whether any entry satisfies `is`; expired ones are included.
    pub fn any(&self, is: impl Fn(Terms) -> bool) -> bool {
        let filled = self.shards.iter().filter(|shard| shard.entries.load(Ordering::Acquire) > 0);
        filled.into_iter().any(|shard| {
            let blocks = shard.blocks.load_full();
            let has = |cells: &Arc<Cells<EXTRA>>| {
                (0..cells.count()).any(|cell| cells.entry(cell).is_some_and(|(.., terms)| is(terms)))
            };
            blocks.both().any(has)
        })
    }

    /// The memory allocated, in bytes.
    pub fn memory(&self) -> usize {
        let of_shard = |shard: &Shard<EXTRA>| shard.blocks.load().both().map(|cells| cells.memory()).sum::<usize>();
        size_of_val(&*self.shards) + self.shards.iter().map(of_shard).sum::<usize>()
    }

    fn key(&self, extra: [u64; EXTRA], high: u32) -> Key<EXTRA> {
        Key { hash: self.hashes.hash_one((extra, high)), extra, high }
    }

    /// The shard of a key, selected by the upper bits of its hash, since blocks use the lower ones.
    fn shard(&self, key: &Key<EXTRA>) -> &Shard<EXTRA> {
        &self.shards[(key.hash >> 48) as usize % SHARDS]
    }

    /// Migrates some entries of the former block, and drops the block once it is empty.
    fn move_some(&self, shard: &Shard<EXTRA>, writer: &mut Writer) {
        let blocks = shard.blocks.load_full();
        let Some(former) = &blocks.former else { return };
        let end = (writer.moved + MOVED_AT_ONCE).min(former.count());
        for cell in writer.moved..end {
            let Some((extra, high, terms)) = former.entry(cell) else { continue };
            let key = self.key(extra, high);
            let moved = !matches!(blocks.current.find(&key), Found::Nothing) || blocks.current.insert(&key, terms);
            if !moved {
                return;
            }
            former.set(cell, Terms::GONE);
        }
        writer.moved = end;
        if end == former.count() {
            let after = Arc::new(Blocks { former: None, current: blocks.current.clone() });
            shard.blocks.compare_and_swap(&blocks, after);
        }
    }
}

impl<const EXTRA: usize> Blocks<EXTRA> {
    fn both(&self) -> impl Iterator<Item = &Arc<Cells<EXTRA>>> {
        self.former.iter().chain([&self.current])
    }

    fn find(&self, key: &Key<EXTRA>) -> Option<Terms> {
        self.both().find_map(|cells| match cells.find(key) {
            Found::Entry(_, terms) => Some(terms),
            _ => None,
        })
    }

    /// Writes an entry to the current block and removes it from the former one; returns false if the current block is
    /// full.
    fn write(&self, key: &Key<EXTRA>, terms: Terms) -> bool {
        let written = match self.current.find(key) {
            Found::Entry(cell, _) | Found::Gone(cell) => {
                self.current.set(cell, terms);
                true
            }
            Found::Nothing => !self.current.is_full() && self.current.insert(key, terms),
        };
        if written && let Some(former) = &self.former {
            take(former, key);
        }
        written
    }

    /// Removes an entry from both blocks, last from the one that readers search first.
    fn take(&self, key: &Key<EXTRA>) -> bool {
        take(&self.current, key);
        self.former.iter().for_each(|former| take(former, key));
        true
    }
}

fn take<const EXTRA: usize>(cells: &Cells<EXTRA>, key: &Key<EXTRA>) {
    if let Found::Entry(cell, _) = cells.find(key) {
        cells.set(cell, Terms::GONE);
    }
}

impl<const EXTRA: usize> Shard<EXTRA> {
    /// Installs a new block, twice as large as the entries need; removed entries are not carried over. If the
    /// previous block is still being migrated, that is finished first.
    fn grow(&self, blocks: &Arc<Blocks<EXTRA>>, writer: &mut Writer) {
        if blocks.former.is_some() {
            return;
        }
        let entries = self.entries.load(Ordering::Relaxed);
        let fewest = FEWEST_CELLS.max(blocks.current.count() / 8);
        let cells = (2 * entries + 1).next_power_of_two().max(fewest);
        let former = (blocks.current.count() > 0).then(|| blocks.current.clone());
        let after = Arc::new(Blocks { former, current: Arc::new(Cells::new(cells)) });
        self.blocks.compare_and_swap(blocks, after);
        writer.moved = 0;
    }

    fn make_room(&self, over: impl Fn(Terms) -> bool) -> usize {
        let _writer = self.writer.lock();
        let blocks = self.blocks.load_full();
        let expired: usize = blocks.both().map(|cells| self.take(cells, 0..cells.count(), &over)).sum();
        if expired > 0 {
            return expired;
        }
        let automatic = |cells: &Arc<Cells<EXTRA>>| -> Vec<(u32, usize)> {
            let entries = (0..cells.count()).filter_map(|cell| Some((cells.entry(cell)?.2, cell)));
            entries.filter(|(terms, _)| !terms.are_manual()).map(|(terms, cell)| (terms.end(), cell)).collect()
        };
        let mut evicted = 0;
        for cells in blocks.both() {
            let mut entries = automatic(cells);
            let share = entries.len().div_ceil(EVICTED_SHARE);
            if share > 0 {
                entries.select_nth_unstable(share - 1);
            }
            entries[..share].iter().for_each(|(_, cell)| cells.set(*cell, Terms::GONE));
            evicted += share;
        }
        self.entries.fetch_sub(evicted, Ordering::Release);
        evicted
    }

    /// Removes the entries in a range of cells that satisfy `which`, and returns their number.
    fn take(&self, cells: &Cells<EXTRA>, range: Range<usize>, which: impl Fn(Terms) -> bool) -> usize {
        let entries = range.filter(|cell| cells.entry(*cell).is_some_and(|(.., terms)| which(terms)));
        let taken = entries.map(|cell| cells.set(cell, Terms::GONE)).count();
        self.entries.fetch_sub(taken, Ordering::Release);
        taken
    }
}
