//! Blocks: who is refused, until when and why.
//!
//! The [live sets](crate::live), which requests read without a lock, say who is refused. For operators, a record
//! beside each entry says why, and how often. There can be fewer records than entries: an entry without a record is
//! enforced all the same, and only its history is lost.

mod block;
mod records;
#[cfg(test)]
mod tests;

pub use block::{Block, Look, Refusal, Selector};

use super::Target;
use crate::live::{LiveSets, Prefix, Until};
use crate::support::fork::Renewable;
use block::end;
use records::Records;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard};

/// The maximum number of refused sessions.
const SESSIONS: usize = 65_536;

/// All blocks.
#[derive(Default)]
pub struct Blocks {
    /// The denylists.
    pub live: Arc<LiveSets>,
    /// The number of sessions with a record; a session has no other entry.
    sessions: AtomicUsize,
    records: Renewable<Records>,
}

impl Blocks {
    /// Creates the blocks for these denylists.
    pub fn new(live: Arc<LiveSets>) -> Self {
        Blocks { live, ..Blocks::default() }
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock()
    }

    /// Sets whether automatic entries are enforced or only listed.
    pub fn arm(&self, armed: bool) {
        self.live.arm(armed);
        self.records().disarmed = !armed;
    }

    /// Adds a block. If the target already has one in force, the later end applies, and a block made by an operator
    /// stays manual. Returns false if there is no room.
    pub fn insert(&self, block: Block, now_s: u64) -> bool {
        let taken = match &block.target {
            Target::Ip(prefix) => self.live.addresses.insert(*prefix, block.entry(), now_s).is_ok(),
            Target::User(user) => self.live.users.insert(user, block.entry(), now_s).is_ok(),
            Target::Session(_) => self.sessions.load(Ordering::Relaxed) < SESSIONS,
        };
        if taken {
            self.record(block, now_s);
        }
        taken
    }

    /// Records a block whose entry is in a denylist already.
    pub fn record(&self, block: Block, now_s: u64) {
        let mut records = self.records();
        records.note(now_s, "block", block.target.to_string());
        records.insert(block, now_s);
        self.sessions.store(records.sessions, Ordering::Relaxed);
    }

    /// Returns what refuses the address, else the user, else the session. The refusal is counted if `counts`, which it
    /// is once for each request.
    pub fn refuses(
        &self,
        address: Option<IpAddr>,
        user: Option<&str>,
        session: Option<&str>,
        counts: bool,
        now_s: u64,
    ) -> Option<Refusal> {
        if let Some((address, entry)) = address.and_then(|ip| Some((ip, self.live.addresses.find(ip, now_s)?))) {
            return Some(self.records().refuse_address(Prefix::host(address), entry, counts, now_s));
        }
        if let Some((user, entry)) = user.and_then(|user| Some((user, self.live.users.find(user.as_bytes(), now_s)?))) {
            return Some(self.records().refuse(Target::User(user.into()), entry, counts, now_s));
        }
        let session = session.filter(|_| self.sessions.load(Ordering::Relaxed) > 0)?;
        let mut records = self.records();
        let target = Target::Session(session.into());
        let (_, block) = records.blocks.get(&target)?;
        let enforced = block.holds(now_s) && !(records.disarmed && block.automatic);
        let entry = block.entry();
        enforced.then(|| records.refuse(target, entry, counts, now_s))
    }

    /// Until when an address is refused, if it is. Nothing is counted.
    pub fn end_of(&self, address: IpAddr, now_s: u64) -> Option<Option<u64>> {
        self.live.addresses.find(address, now_s).map(end)
    }

    /// Removes blocks, and returns those that were still in force.
    pub fn remove(&self, selector: &Selector, now_s: u64) -> Vec<Block> {
        let selected = self.select(selector, now_s);
        let mut records = self.records();
        for block in &selected {
            match &block.target {
                Target::Ip(prefix) => drop(self.live.addresses.remove(*prefix)),
                Target::User(user) => drop(self.live.users.remove(user)),
                Target::Session(_) => {}
            }
            records.take(&block.target);
            records.note(now_s, "unblock", block.target.to_string());
        }
        self.sessions.store(records.sessions, Ordering::Relaxed);
        selected.into_iter().filter(|block| block.holds(now_s)).collect()
    }

    /// Changes the end of blocks in force, to an earlier or later time; returns their number.
    pub fn extend(&self, selector: &Selector, until_s: Option<u64>, now_s: u64) -> usize {
        let until = until_s.map_or(Until::Forever, Until::Time);
        let mut changed = 0;
        for block in self.select(selector, now_s).into_iter().filter(|block| block.holds(now_s)) {
            changed += usize::from(match &block.target {
                Target::Ip(prefix) => self.live.addresses.extend(*prefix, until, now_s),
                Target::User(user) => self.live.users.extend(user, until, now_s),
                Target::Session(_) => true,
            });
            let mut records = self.records();
            if let Some((_, block)) = records.blocks.get_mut(&block.target) {
                block.until_s = until_s;
            }
            records.note(now_s, "extend", block.target.to_string());
        }
        changed
    }

    fn select(&self, selector: &Selector, now_s: u64) -> Vec<Block> {
        match selector {
            Selector::Target(target) => {
                let record = self.records().blocks.get(target).map(|(_, block)| block.clone());
                record.or_else(|| self.untold(target, now_s)).into_iter().collect()
            }
            Selector::Signal(_) | Selector::Rule(_) => {
                let records = self.records();
                records.in_order().filter(|block| selector.selects(block)).cloned().collect()
            }
            Selector::Kind(_) | Selector::All => {
                let mut all: Vec<Block> = self.records().in_order().cloned().collect();
                all.extend(self.without_records(now_s));
                all.into_iter().filter(|block| selector.selects(block)).collect()
            }
        }
    }

    fn untold(&self, target: &Target, now_s: u64) -> Option<Block> {
        let entry = match target {
            Target::Ip(prefix) => self.live.addresses.get(*prefix, now_s),
            Target::User(user) => self.live.users.find(user.as_bytes(), now_s),
            Target::Session(_) => None,
        };
        entry.map(|entry| Block::untold(target.clone(), entry))
    }

    /// Returns the entries whose record was evicted, in order of their targets.
    fn without_records(&self, now_s: u64) -> Vec<Block> {
        let known = self.records().blocks.len();
        if self.count() <= known {
            return vec![];
        }
        let addresses =
            self.live.addresses.entries(now_s).into_iter().map(|(prefix, entry)| (Target::Ip(prefix), entry));
        let users = self.live.users.entries(now_s).into_iter().map(|(user, entry)| (Target::User(user), entry));
        let mut all: Vec<_> = addresses.chain(users).collect();
        let records = self.records();
        all.retain(|(target, _)| !records.blocks.contains_key(target));
        all.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        all.into_iter().map(|(target, entry)| Block::untold(target, entry)).collect()
    }

    /// Whether the denylists still have the entry of a record; it may have been removed directly.
    fn has(&self, block: &Block, now_s: u64) -> bool {
        match &block.target {
            Target::Ip(prefix) => self.live.addresses.get(*prefix, now_s).is_some(),
            Target::User(user) => self.live.users.get(user, now_s).is_some(),
            Target::Session(_) => true,
        }
    }

    /// Returns the blocks in force, newest first; those without a record come last.
    pub fn list(&self, skip: usize, most: usize, now_s: u64) -> Vec<Block> {
        let mut list: Vec<Block> = {
            let records = self.records();
            let holding = records.order.values().rev().filter_map(|target| records.blocks.get(target));
            let holding = holding.map(|(_, block)| block).filter(|block| block.holds(now_s) && self.has(block, now_s));
            holding.skip(skip).take(most).cloned().collect()
        };
        if list.len() < most {
            let told = self.records().blocks.values().filter(|(_, block)| block.holds(now_s)).count();
            let missing = most - list.len();
            list.extend(self.without_records(now_s).into_iter().skip(skip.saturating_sub(told)).take(missing));
        }
        list
    }

    /// The number of blocks, including expired ones that were not swept yet.
    pub fn count(&self) -> usize {
        self.live.addresses.len() + self.live.users.len() + self.sessions.load(Ordering::Relaxed)
    }

    /// Removes some of the expired blocks.
    pub fn sweep(&self, now_s: u64) {
        self.live.sweep(now_s);
        let mut records = self.records();
        records.sweep(now_s);
        self.sessions.store(records.sessions, Ordering::Relaxed);
    }

    /// Returns the audit log, oldest first: time, kind and target of each change.
    pub fn audit(&self) -> Vec<(u64, &'static str, String)> {
        self.records().audit.iter().cloned().collect()
    }
}
