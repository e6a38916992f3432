//! Blocks: who is refused, until when and why.
//!
//! The [live sets](crate::live), which requests read without a lock, say who is refused. For operators, a record
//! beside each entry says why, and how often. There can be fewer records than entries: an entry without a record is
//! enforced all the same, and only its history is lost.

use super::Target;
use crate::live::{Entry, LiveSets, Prefix, Until};
use crate::support::fork::Renewable;
use crate::value::Value;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard};

/// The maximum number of records.
const RECORDS: usize = 262_144;
/// The maximum number of refused sessions.
const SESSIONS: usize = 65_536;
/// The number of records checked in one sweep.
const SWEPT: usize = 4096;
/// The number of changes kept in the audit log.
const AUDITED: usize = 10_000;

/// The appearance of a refusal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// A block page.
    #[default]
    Block,
    /// The application's own login failure.
    Stealth,
}

impl Look {
    /// The name in maps.
    pub fn name(self) -> &'static str {
        match self {
            Look::Block => "block",
            Look::Stealth => "stealth",
        }
    }
}

/// A block.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The target.
    pub target: Target,
    /// The last second in force, since the Unix epoch; `None` for no end.
    pub until_s: Option<u64>,
    /// The appearance.
    pub look: Look,
    /// The reason.
    pub reason: String,
    /// Whether a rule rather than an operator made it.
    pub automatic: bool,
    /// The signal it was made for.
    pub signal: Option<String>,
    /// The rule of the signal.
    pub rule: Option<String>,
    /// The time at which it was made.
    pub created_s: u64,
    /// The number of attempts that it refused.
    pub hits: u64,
    /// The times of the first and the last refusal.
    pub hit_s: Option<(u64, u64)>,
}

impl Block {
    /// Counts a refusal.
    fn refusal(&mut self, target: Target, entry: Entry, now_s: u64) -> Refusal {
        self.hits += 1;
        self.hit_s = Some((self.hit_s.map_or(now_s, |(first, _)| first), now_s));
        Refusal { look: look(entry), target, until_s: end(entry), signal: self.signal.clone() }
    }

    fn holds(&self, now_s: u64) -> bool {
        self.until_s.is_none_or(|until| now_s <= until)
    }

    fn entry(&self) -> Entry {
        let until = self.until_s.map_or(Until::Forever, Until::Time);
        Entry { until, stealth: self.look == Look::Stealth, manual: !self.automatic }
    }

    /// A block for an entry without a record.
    fn untold(target: Target, entry: Entry) -> Self {
        Block {
            target,
            until_s: end(entry),
            look: look(entry),
            reason: String::new(),
            automatic: !entry.manual,
            signal: None,
            rule: None,
            created_s: 0,
            hits: 0,
            hit_s: None,
        }
    }

    /// Returns the block as a map.
    pub fn to_value(&self) -> Value {
        let text = |text: &Option<String>| text.as_ref().map_or_else(Value::null, Value::from);
        let number = |number: Option<u64>| number.map_or_else(Value::null, Value::from);
        Value::from_entries([
            ("kind", Value::from(self.target.kind())),
            ("value", Value::from(self.target.to_string())),
            ("until", number(self.until_s)),
            ("mode", Value::from(self.look.name())),
            ("reason", Value::from(&self.reason)),
            ("origin", Value::from(if self.automatic { "automatic" } else { "manual" })),
            ("signal", text(&self.signal)),
            ("rule", text(&self.rule)),
            ("created_at", Value::from(self.created_s)),
            ("hits", Value::from(self.hits)),
            ("first_hit", number(self.hit_s.map(|(first, _)| first))),
            ("last_hit", number(self.hit_s.map(|(_, last)| last))),
        ])
    }
}

/// Selects blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Selector {
    Target(Target),
    Signal(String),
    Rule(String),
    Kind(String),
    All,
}

impl Selector {
    fn selects(&self, block: &Block) -> bool {
        match self {
            Self::Target(target) => block.target == *target,
            Self::Signal(id) => block.signal.as_ref() == Some(id),
            Self::Rule(id) => block.rule.as_ref() == Some(id),
            Self::Kind(kind) => block.target.kind() == kind,
            Self::All => true,
        }
    }
}

/// The result of refusing an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The appearance.
    pub look: Look,
    /// The target of the block.
    pub target: Target,
    /// The last second in force.
    pub until_s: Option<u64>,
    /// The signal it was made for.
    pub signal: Option<String>,
}

fn end(entry: Entry) -> Option<u64> {
    match entry.until {
        Until::Time(seconds) => Some(seconds),
        Until::Forever => None,
    }
}

fn look(entry: Entry) -> Look {
    if entry.stealth { Look::Stealth } else { Look::Block }
}

/// All blocks.
#[derive(Default)]
pub struct Blocks {
    live: Arc<LiveSets>,
    /// The number of sessions with a record; a session has no other entry.
    sessions: AtomicUsize,
    records: Renewable<Records>,
}

#[derive(Default)]
struct Records {
    blocks: HashMap<Target, (u64, Block)>,
    /// The targets in order of creation.
    order: BTreeMap<u64, Target>,
    next: u64,
    /// The position at which the next sweep starts.
    swept: u64,
    disarmed: bool,
    /// The number of records about sessions.
    sessions: usize,
    /// The number of records for each prefix length.
    lengths: BTreeMap<(bool, u8), usize>,
    audit: VecDeque<(u64, &'static str, String)>,
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
            let mut records = self.records();
            records.note(now_s, "block", block.target.to_string());
            records.insert(block, now_s);
            self.sessions.store(records.sessions, Ordering::Relaxed);
        }
        taken
    }

    /// Returns what refuses the address, else the user, else the session, and counts the refusal.
    pub fn refuses(
        &self,
        address: Option<IpAddr>,
        user: Option<&str>,
        session: Option<&str>,
        now_s: u64,
    ) -> Option<Refusal> {
        if let Some((address, entry)) = address.and_then(|ip| Some((ip, self.live.addresses.find(ip, now_s)?))) {
            return Some(self.records().refuse_address(Prefix::host(address), entry, now_s));
        }
        if let Some((user, entry)) = user.and_then(|user| Some((user, self.live.users.find(user.as_bytes(), now_s)?))) {
            return Some(self.records().refuse(Target::User(user.into()), entry, now_s));
        }
        let session = session.filter(|_| self.sessions.load(Ordering::Relaxed) > 0)?;
        let mut records = self.records();
        let target = Target::Session(session.into());
        let (_, block) = records.blocks.get(&target)?;
        let enforced = block.holds(now_s) && !(records.disarmed && block.automatic);
        let entry = block.entry();
        enforced.then(|| records.refuse(target, entry, now_s))
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

impl Records {
    fn insert(&mut self, block: Block, now_s: u64) {
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

    fn take(&mut self, target: &Target) -> Option<Block> {
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
    fn refuse_address(&mut self, host: Prefix, entry: Entry, now_s: u64) -> Refusal {
        let lengths = self.lengths.keys().rev().filter(|(v6, _)| *v6 == host.is_v6());
        for (_, length) in lengths {
            let target = Target::Ip(host.cut(*length));
            if let Some((_, block)) = self.blocks.get_mut(&target).filter(|(_, block)| block.holds(now_s)) {
                return block.refusal(target, entry, now_s);
            }
        }
        Refusal { look: look(entry), target: Target::Ip(host), until_s: end(entry), signal: None }
    }

    fn refuse(&mut self, target: Target, entry: Entry, now_s: u64) -> Refusal {
        match self.blocks.get_mut(&target) {
            Some((_, block)) => block.refusal(target, entry, now_s),
            None => Refusal { look: look(entry), target, until_s: end(entry), signal: None },
        }
    }

    fn in_order(&self) -> impl Iterator<Item = &Block> {
        self.order.values().filter_map(|target| self.blocks.get(target)).map(|(_, block)| block)
    }

    /// Removes the expired ones of the next few records.
    fn sweep(&mut self, now_s: u64) {
        let slice: Vec<(u64, Target)> =
            self.order.range(self.swept..).take(SWEPT).map(|(order, target)| (*order, target.clone())).collect();
        self.swept = slice.last().filter(|_| slice.len() == SWEPT).map_or(0, |(order, _)| order + 1);
        for (_, target) in slice {
            if self.blocks.get(&target).is_some_and(|(_, block)| !block.holds(now_s)) {
                self.take(&target);
            }
        }
    }

    fn note(&mut self, now_s: u64, what: &'static str, whom: String) {
        if self.audit.len() >= AUDITED {
            self.audit.pop_front();
        }
        self.audit.push_back((now_s, what, whom));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(target: Target, until_s: Option<u64>, automatic: bool) -> Block {
        Block {
            target,
            until_s,
            look: Look::Block,
            reason: String::new(),
            automatic,
            signal: None,
            rule: None,
            created_s: 0,
            hits: 0,
            hit_s: None,
        }
    }

    fn ip(text: &str) -> Target {
        Target::Ip(Prefix::parse(text).unwrap())
    }

    fn refused(blocks: &Blocks, address: &str, now_s: u64) -> bool {
        blocks.refuses(Some(address.parse().unwrap()), None, None, now_s).is_some()
    }

    /// Entries with their ends, addresses that match, and addresses that do not.
    type Case = (&'static [(&'static str, Option<u64>)], &'static [&'static str], &'static [&'static str]);

    #[test]
    fn blocks_match_like_entries_of_configurations() {
        const LIVE: Option<u64> = Some(200);
        const DEAD: Option<u64> = Some(90);
        let now = 100;
        let table: [Case; 5] = [
            (&[("10.0.0.0/8", LIVE), ("10.1.1.1", DEAD)], &["10.1.1.1", "10.1.1.2"], &[]),
            (&[("10.0.0.0/8", DEAD), ("10.1.1.1", LIVE)], &["10.1.1.1"], &["10.1.1.2"]),
            (
                &[("10.1.1.0/24", DEAD), ("10.1.0.0/16", LIVE), ("10.0.0.0/8", DEAD)],
                &["10.1.1.1", "10.1.2.1"],
                &["10.2.2.2"],
            ),
            (&[("::ffff:2.2.2.2", LIVE)], &["2.2.2.2", "::ffff:2.2.2.2"], &[]),
            (&[("3.3.3.3/32", None)], &["3.3.3.3"], &["3.3.3.4"]),
        ];
        for (entries, hits, misses) in table {
            let blocks = Blocks::default();
            for (text, until) in entries {
                assert!(blocks.insert(block(ip(text), *until, true), now));
            }
            hits.iter().for_each(|address| assert!(refused(&blocks, address, now), "{address}"));
            misses.iter().for_each(|address| assert!(!refused(&blocks, address, now), "{address}"));
        }
    }

    #[test]
    fn an_entry_holds_in_its_last_second_and_the_later_end_wins() {
        let blocks = Blocks::default();
        blocks.insert(block(ip("1.1.1.1"), Some(100), true), 0);
        blocks.insert(block(ip("1.1.1.1"), Some(50), true), 0);
        assert!(refused(&blocks, "1.1.1.1", 100) && !refused(&blocks, "1.1.1.1", 101));
        assert_eq!(blocks.extend(&Selector::All, Some(10), 0), 1);
        assert!(!refused(&blocks, "1.1.1.1", 11));
        assert_eq!(blocks.extend(&Selector::All, Some(20), 11), 0);
        blocks.insert(block(ip("1.1.1.1"), None, true), 11);
        assert!(refused(&blocks, "1.1.1.1", u64::MAX));
        assert_eq!(blocks.remove(&Selector::Kind("ip".into()), 12).len(), 1);
        assert!(blocks.count() == 0 && blocks.records().lengths.is_empty());
        assert_eq!(blocks.audit().len(), 5);
    }

    #[test]
    fn automatic_entries_can_be_disarmed() {
        let blocks = Blocks::default();
        blocks.insert(block(ip("1.1.1.1"), None, true), 0);
        blocks.insert(block(Target::User("5".into()), None, false), 0);
        blocks.arm(false);
        assert!(!refused(&blocks, "1.1.1.1", 0));
        assert!(blocks.refuses(None, Some("5"), None, 0).is_some());
        assert_eq!(blocks.list(0, 10, 0).len(), 2);
        blocks.arm(true);
        assert!(refused(&blocks, "1.1.1.1", 0));
    }
}
