//! What is known of blocks beside their entries in the denylists.

use super::block::{Block, Refusal, end, look};
use crate::live::{Entry, Prefix};
use crate::takeover::respond::Target;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// The maximum number of records.
const RECORDS: usize = 262_144;
/// The number of records checked in one sweep.
const SWEPT: usize = 4096;
/// The number of changes kept in the audit log.
const AUDITED: usize = 10_000;

/// See the [module](self).
#[derive(Default)]
pub(super) struct Records {
    pub(super) blocks: HashMap<Target, (u64, Block)>,
    /// The targets in order of creation.
    pub(super) order: BTreeMap<u64, Target>,
    next: u64,
    /// The position at which the next sweep starts.
    swept: u64,
    pub(super) disarmed: bool,
    /// The number of records about sessions.
    pub(super) sessions: usize,
    /// The number of records for each prefix length.
    pub(super) lengths: BTreeMap<(bool, u8), usize>,
    pub(super) audit: VecDeque<(u64, &'static str, String)>,
}

impl Records {
    pub(super) fn insert(&mut self, block: Block, now_s: u64) {
        if let Some((_, known)) = self.blocks.get_mut(&block.target) {
            let joined = known.entry().joined(block.entry(), now_s);
            let (until_s, automatic) = (end(joined), !joined.manual);
            *known = Block { until_s, automatic, hits: known.hits, hit_s: known.hit_s, ..block };
            return;
        }
        if self.blocks.len() >= RECORDS
            && let Some(oldest) = self.order.values().next().cloned()
        {
            self.take(&oldest);
        }
        match block.target {
            Target::Ip(prefix) => *self.lengths.entry((prefix.is_v6(), prefix.length())).or_default() += 1,
            Target::Session(_) => self.sessions += 1,
            Target::User(_) => {}
        }
        self.order.insert(self.next, block.target.clone());
        self.blocks.insert(block.target.clone(), (self.next, block));
        self.next += 1;
    }

    pub(super) fn take(&mut self, target: &Target) -> Option<Block> {
        let (order, block) = self.blocks.remove(target)?;
        self.order.remove(&order);
        self.sessions -= usize::from(matches!(target, Target::Session(_)));
        if let Target::Ip(prefix) = target {
            let length = (prefix.is_v6(), prefix.length());
            if let Some(count) = self.lengths.get_mut(&length) {
                *count -= 1;
                if *count == 0 {
                    self.lengths.remove(&length);
                }
            }
        }
        Some(block)
    }

    /// Counts the refusal of an address for the longest prefix in force that contains it.
    pub(super) fn refuse_address(&mut self, host: Prefix, entry: Entry, counts: bool, now_s: u64) -> Refusal {
        for host in [Some(host), host.translated()].into_iter().flatten() {
            for (_, length) in self.lengths.keys().rev().filter(|(v6, _)| *v6 == host.is_v6()) {
                let target = Target::Ip(host.cut(*length));
                if let Some((_, block)) = self.blocks.get_mut(&target).filter(|(_, block)| block.holds(now_s)) {
                    return block.refusal(target, entry, counts, now_s);
                }
            }
        }
        Refusal { look: look(entry), target: Target::Ip(host), until_s: end(entry), signal: None }
    }

    pub(super) fn refuse(&mut self, target: Target, entry: Entry, counts: bool, now_s: u64) -> Refusal {
        match self.blocks.get_mut(&target) {
            Some((_, block)) => block.refusal(target, entry, counts, now_s),
            None => Refusal { look: look(entry), target, until_s: end(entry), signal: None },
        }
    }

    pub(super) fn in_order(&self) -> impl Iterator<Item = &Block> {
        self.order.values().filter_map(|target| self.blocks.get(target)).map(|(_, block)| block)
    }

    /// Removes the expired ones of the next few records.
    pub(super) fn sweep(&mut self, now_s: u64) {
        let slice: Vec<(u64, Target)> =
            self.order.range(self.swept..).take(SWEPT).map(|(order, target)| (*order, target.clone())).collect();
        self.swept = slice.last().filter(|_| slice.len() == SWEPT).map_or(0, |(order, _)| order + 1);
        for (_, target) in slice {
            if self.blocks.get(&target).is_some_and(|(_, block)| !block.holds(now_s)) {
                self.take(&target);
            }
        }
    }

    pub(super) fn note(&mut self, now_s: u64, what: &'static str, whom: String) {
        if self.audit.len() >= AUDITED {
            self.audit.pop_front();
        }
        self.audit.push_back((now_s, what, whom));
    }
}
