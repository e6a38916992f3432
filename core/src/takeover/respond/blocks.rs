//! Whom is refused, until when and why.
//!
//! Who is refused stands in the [live sets](crate::live), which requests read without a lock. Why, and how often, stands in
//! a record beside, for people. There are fewer records than the sets have room for: without one an entry holds as before,
//! and only its story is lost.

use super::Target;
use crate::live::{Entry, LiveSets, Prefix, Until};
use crate::support::fork::Renewable;
use crate::value::Value;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard};

/// Records of all kinds.
const RECORDS: usize = 262_144;
/// Sessions that may be refused.
const SESSIONS: usize = 65_536;
/// Records that are looked at in one sweep.
const SWEPT: usize = 4096;
/// Changes that are remembered.
const AUDITED: usize = 10_000;

/// How a refusal looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// A block page.
    #[default]
    Block,
    /// The application's own login failure.
    Stealth,
}

impl Look {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Look::Block => "block",
            Look::Stealth => "stealth",
        }
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Whom.
    pub target: Target,
    /// The last second of it since the epoch; none is for ever.
    pub until_s: Option<u64>,
    /// How.
    pub look: Look,
    /// Why.
    pub reason: String,
    /// Made by a rule, not by a person.
    pub automatic: bool,
    /// The signal it was made for.
    pub signal: Option<String>,
    /// The rule of that signal.
    pub rule: Option<String>,
    /// When it was made.
    pub created_s: u64,
    /// How many attempts it refused.
    pub hits: u64,
    /// The first and the last of them.
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

    /// What is known of an entry without a record.
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

    /// As a map.
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

/// Which entries are meant.
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

/// What an entry answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// How.
    pub look: Look,
    /// Which entry.
    pub target: Target,
    /// Its last second.
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

/// All entries.
#[derive(Default)]
pub struct Blocks {
    live: Arc<LiveSets>,
    /// Sessions that have a record, which for them is the entry.
    sessions: AtomicUsize,
    records: Renewable<Records>,
}

#[derive(Default)]
struct Records {
    blocks: HashMap<Target, (u64, Block)>,
    /// By the order in which they were made.
    order: BTreeMap<u64, Target>,
    next: u64,
    /// Where the next sweep begins.
    swept: u64,
    disarmed: bool,
    /// How many are about sessions.
    sessions: usize,
    /// How many records have each prefix length.
    lengths: BTreeMap<(bool, u8), usize>,
    audit: VecDeque<(u64, &'static str, String)>,
}

impl Blocks {
    /// Blocks in these sets.
    pub fn new(live: Arc<LiveSets>) -> Self {
        Blocks { live, ..Blocks::default() }
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock()
    }

    /// Automatic entries are enforced, or only listed.
    pub fn arm(&self, armed: bool) {
        self.live.arm(armed);
        self.records().disarmed = !armed;
    }

    /// Adds an entry. Of two for one target the later end holds, and what a person made stays theirs. False without room.
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

    /// Whether one of these is refused: the address, else the user, else the session. The refusal is counted.
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

    /// Takes entries out, and says which of them still held.
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

    /// Gives entries that still hold another end, earlier or later. Says how many.
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

    /// Entries whose record had to give way; in the order of what they are about.
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

    /// Whether the sets have the entry that a record is about: whoever is admitted again in another way has no more.
    fn has(&self, block: &Block, now_s: u64) -> bool {
        match &block.target {
            Target::Ip(prefix) => self.live.addresses.get(*prefix, now_s).is_some(),
            Target::User(user) => self.live.users.get(user, now_s).is_some(),
            Target::Session(_) => true,
        }
    }

    /// The entries that hold, newest first; those without a record last.
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

    /// How many there are, expired ones that were not swept yet included.
    pub fn count(&self) -> usize {
        self.live.addresses.len() + self.live.users.len() + self.sessions.load(Ordering::Relaxed)
    }

    /// Drops some of what has expired.
    pub fn sweep(&self, now_s: u64) {
        self.live.sweep(now_s);
        let mut records = self.records();
        records.sweep(now_s);
        self.sessions.store(records.sessions, Ordering::Relaxed);
    }

    /// The changes that are remembered, oldest first: when, what, whom.
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

    /// Counts the refusal of an address by the longest prefix around it that holds.
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

    /// Drops what has expired of the next few records.
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
    fn lists_hold_as_lists_of_configurations_do() {
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
