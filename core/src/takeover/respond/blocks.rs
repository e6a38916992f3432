//! Whom is refused, until when and why.
//!
//! Times are whole seconds of the wall clock, as in configurations: an entry still holds in its last second. Automatic
//! entries give way when there is no room, those that an operator made never do.

use super::Target;
use crate::takeover::address::Prefix;
use crate::value::Value;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Entries of all kinds.
pub const CAPACITY: usize = 4_194_304;
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
    fn holds(&self, now_s: u64) -> bool {
        self.until_s.is_none_or(|until| now_s <= until)
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

/// All entries.
#[derive(Default)]
pub struct Blocks {
    inner: Mutex<Inner>,
    /// Automatic entries are listed and not enforced.
    disarmed: AtomicBool,
}

#[derive(Default)]
struct Inner {
    blocks: HashMap<Target, (u64, Block)>,
    /// By the order in which they were made.
    order: BTreeMap<u64, Target>,
    next: u64,
    /// How many entries have each prefix length.
    lengths: BTreeMap<(bool, u8), usize>,
    audit: VecDeque<(u64, &'static str, String)>,
}

impl Blocks {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Automatic entries are enforced, or only listed.
    pub fn arm(&self, armed: bool) {
        self.disarmed.store(!armed, Ordering::Relaxed);
    }

    /// Adds an entry. Of two for one target the later end holds, and what a person made stays theirs. False without room.
    pub fn insert(&self, block: Block, now_s: u64) -> bool {
        let mut inner = self.inner();
        inner.note(now_s, "block", block.target.to_string());
        if let Some((_, known)) = inner.blocks.get_mut(&block.target) {
            let later = |one: Option<u64>, other: Option<u64>| one.zip(other).map(|(one, other)| one.max(other));
            let until_s = if known.holds(now_s) { later(known.until_s, block.until_s) } else { block.until_s };
            let automatic = known.automatic && block.automatic;
            *known = Block { until_s, automatic, hits: known.hits, hit_s: known.hit_s, ..block };
            return true;
        }
        if inner.blocks.len() >= CAPACITY {
            inner.evict(now_s);
            if inner.blocks.len() >= CAPACITY {
                return false;
            }
        }
        inner.add(block);
        true
    }

    /// Whether one of these is refused. Of several entries that hold the first asked about decides.
    pub fn refuses(
        &self,
        address: Option<IpAddr>,
        user: Option<&str>,
        session: Option<&str>,
        now_s: u64,
    ) -> Option<Refusal> {
        let inner = self.inner();
        let disarmed = self.disarmed.load(Ordering::Relaxed);
        let holding = |target: &Target| {
            let (_, block) = inner.blocks.get(target)?;
            (block.holds(now_s) && !(disarmed && block.automatic)).then_some(block)
        };
        let by_address = || {
            let host = Prefix::host(address?);
            let lengths = inner.lengths.keys().rev().filter(|(v6, _)| *v6 == host.is_v6());
            lengths.filter_map(|(_, length)| holding(&Target::Ip(host.cut(*length)))).next()
        };
        let by_user = || holding(&Target::User(user?.to_owned()));
        let by_session = || holding(&Target::Session(session?.to_owned()));
        let block = by_address().or_else(by_user).or_else(by_session)?;
        Some(Refusal {
            look: block.look,
            target: block.target.clone(),
            until_s: block.until_s,
            signal: block.signal.clone(),
        })
    }

    /// Counts a refusal of an entry.
    pub fn hit(&self, target: &Target, now_s: u64) {
        if let Some((_, block)) = self.inner().blocks.get_mut(target) {
            block.hits += 1;
            block.hit_s = Some((block.hit_s.map_or(now_s, |(first, _)| first), now_s));
        }
    }

    /// Takes entries out, and says which of them still held.
    pub fn remove(&self, selector: &Selector, now_s: u64) -> Vec<Block> {
        let mut inner = self.inner();
        let targets = inner.select(selector);
        let removed: Vec<Block> = targets.iter().filter_map(|target| inner.take(target)).collect();
        removed.iter().for_each(|block| inner.note(now_s, "unblock", block.target.to_string()));
        removed.into_iter().filter(|block| block.holds(now_s)).collect()
    }

    /// Gives entries that still hold another end, earlier or later. Says how many.
    pub fn extend(&self, selector: &Selector, until_s: Option<u64>, now_s: u64) -> usize {
        let mut inner = self.inner();
        let mut changed = 0;
        for target in inner.select(selector) {
            if let Some((_, block)) = inner.blocks.get_mut(&target).filter(|(_, block)| block.holds(now_s)) {
                block.until_s = until_s;
                changed += 1;
                inner.note(now_s, "extend", target.to_string());
            }
        }
        changed
    }

    /// The entries that hold, newest first.
    pub fn list(&self, skip: usize, most: usize, now_s: u64) -> Vec<Block> {
        let inner = self.inner();
        let newest = inner.order.values().rev().filter_map(|target| inner.blocks.get(target));
        newest.filter(|(_, block)| block.holds(now_s)).skip(skip).take(most).map(|(_, block)| block.clone()).collect()
    }

    /// How many there are, expired ones that were not swept yet included.
    pub fn len(&self) -> usize {
        self.inner().blocks.len()
    }

    /// True without entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops what has expired.
    pub fn sweep(&self, now_s: u64) {
        let mut inner = self.inner();
        let expired: Vec<Target> = inner
            .blocks
            .values()
            .filter(|(_, block)| !block.holds(now_s))
            .map(|(_, block)| block.target.clone())
            .collect();
        expired.iter().for_each(|target| drop(inner.take(target)));
    }

    /// The changes that are remembered, oldest first: when, what, whom.
    pub fn audit(&self) -> Vec<(u64, &'static str, String)> {
        self.inner().audit.iter().cloned().collect()
    }
}

impl Inner {
    fn add(&mut self, block: Block) {
        if let Target::Ip(prefix) = block.target {
            *self.lengths.entry((prefix.is_v6(), prefix.length())).or_default() += 1;
        }
        self.order.insert(self.next, block.target.clone());
        self.blocks.insert(block.target.clone(), (self.next, block));
        self.next += 1;
    }

    fn take(&mut self, target: &Target) -> Option<Block> {
        let (order, block) = self.blocks.remove(target)?;
        self.order.remove(&order);
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

    fn select(&self, selector: &Selector) -> Vec<Target> {
        match selector {
            Selector::Target(target) => self.blocks.get(target).map(|_| target.clone()).into_iter().collect(),
            _ => {
                let all = self.order.values().filter_map(|target| self.blocks.get(target));
                all.filter(|(_, block)| selector.selects(block)).map(|(_, block)| block.target.clone()).collect()
            }
        }
    }

    /// Makes room: expired entries, else the automatic one that ends next.
    fn evict(&mut self, now_s: u64) {
        let expired: Vec<Target> = self
            .blocks
            .values()
            .filter(|(_, block)| !block.holds(now_s))
            .map(|(_, block)| block.target.clone())
            .collect();
        if !expired.is_empty() {
            return expired.iter().for_each(|target| drop(self.take(target)));
        }
        let automatic = self.blocks.values().filter(|(_, block)| block.automatic);
        let next =
            automatic.min_by_key(|(_, block)| block.until_s.unwrap_or(u64::MAX)).map(|(_, block)| block.target.clone());
        next.iter().for_each(|target| drop(self.take(target)));
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

    #[test]
    fn lists_hold_as_lists_of_configurations_do() {
        let (live, dead, now) = (Some(200), Some(90), 100);
        let table: [(&[(&str, Option<u64>)], &[&str], &[&str]); 5] = [
            (&[("10.0.0.0/8", live), ("10.1.1.1", dead)], &["10.1.1.1", "10.1.1.2"], &[]),
            (&[("10.0.0.0/8", dead), ("10.1.1.1", live)], &["10.1.1.1"], &["10.1.1.2"]),
            (
                &[("10.1.1.0/24", dead), ("10.1.0.0/16", live), ("10.0.0.0/8", dead)],
                &["10.1.1.1", "10.1.2.1"],
                &["10.2.2.2"],
            ),
            (&[("::ffff:2.2.2.2", live)], &["2.2.2.2", "::ffff:2.2.2.2"], &[]),
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
        assert!(blocks.is_empty() && blocks.inner().lengths.is_empty());
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
