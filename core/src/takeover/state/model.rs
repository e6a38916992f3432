//! A reference implementation of [`State`] with unbounded hash maps. The bounded tables must give the same answers
//! while they are not full.

use super::*;
use crate::support::fork::Renewable;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::MutexGuard;

/// The state, without a size limit.
#[derive(Default)]
pub struct Model(Renewable<Inner>);

#[derive(Default)]
struct Inner {
    groups: HashMap<(Table, Key), Group>,
    spellings: HashMap<Key, String>,
    accounts: HashMap<Key, Vec<Known>>,
    /// The offset of engine time from stored times.
    ahead_s: i64,
}

/// One origin of an account.
#[derive(Clone, Copy)]
struct Known {
    origin: Origin,
    since_s: u32,
}

#[derive(Default)]
struct Group {
    /// Counts by the number of the sub-bucket and by that of the four-hour cell.
    ring: BTreeMap<u32, u16>,
    long: BTreeMap<u32, u16>,
    /// The newest sub-bucket and four-hour cell, and the number of sub-buckets advanced since the last halving.
    newest: u32,
    newest_long: u32,
    advanced: u32,
    first_s: u32,
    last_s: u32,
    members: BTreeMap<u64, u32>,
    /// The bits of the linear counter of members; `None` while they are counted exactly.
    overflow: Option<BTreeSet<u64>>,
    second: BTreeSet<u64>,
    third: BTreeSet<u64>,
    familiar: BTreeSet<u64>,
    approximate: [u16; 5],
}

/// The linear-counting estimate for `bits` bits, of which `set` are set.
fn linear_count(bits: u32, set: usize) -> u32 {
    let zero = (f64::from(bits) - set as f64).max(1.0);
    (-f64::from(bits) * (zero / f64::from(bits)).ln()).round() as u32
}

/// The number of bits of the linear counter of members.
const MEMBER_BITS: u32 = 192;
/// The number of bits of the other linear counters.
const OTHER_BITS: u32 = 64;

impl Group {
    /// Whether both the ring and the day of the group are empty.
    fn is_forgotten(&self, sub_s: u32, now_s: u32) -> bool {
        let (sub, long) = (self.last_s / sub_s, self.last_s / LONG_SUB_S);
        (now_s / sub_s).saturating_sub(sub) >= RING as u32
            && (now_s / LONG_SUB_S).saturating_sub(long) >= LONG_RING as u32
    }

    fn roll(&mut self, sub_s: u32, now_s: u32) {
        let (sub, long) = (now_s / sub_s, now_s / LONG_SUB_S);
        if sub > self.newest {
            self.advanced += sub - self.newest;
            self.newest = sub;
            self.ring.retain(|at, _| sub - at < RING as u32);
            self.members.retain(|_, at| sub - *at < RING as u32);
            while self.advanced >= 6 {
                self.advanced -= 6;
                self.approximate.iter_mut().for_each(|count| *count /= 2);
            }
            if sub - (self.last_s / sub_s).min(sub) >= RING as u32 {
                self.approximate = [0; 5];
                self.overflow = None;
                self.members.clear();
            }
        }
        if long > self.newest_long {
            self.newest_long = long;
            self.long.retain(|at, _| long - at < LONG_RING as u32);
        }
    }

    fn enter(&mut self, member: u64, sub: u32) {
        let short = member >> 48; // as many bits as a slot keeps
        if let Some(bits) = &mut self.overflow {
            bits.insert(short % u64::from(MEMBER_BITS));
            return;
        }
        let at = self.members.entry(short).or_insert(sub);
        *at = sub.max(*at);
        if self.members.len() > EXACT_MEMBERS {
            self.overflow = Some(self.members.keys().map(|member| member % u64::from(MEMBER_BITS)).collect());
        }
    }

    fn reading(&self, sub_s: u32) -> Reading {
        let mut ring = [0; RING];
        for (at, count) in &self.ring {
            if let Some(cell) = ring.get_mut((self.newest - at) as usize) {
                *cell = *count;
            }
        }
        let [all, successes, nonexistent, waf, flagged] = self.approximate.map(u32::from);
        Reading {
            ring,
            sub_s,
            long: self.long.values().map(|count| u32::from(*count)).sum(),
            distinct: match &self.overflow {
                Some(bits) => linear_count(MEMBER_BITS, bits.len()),
                None => self.members.len() as u32,
            },
            second: linear_count(OTHER_BITS, self.second.len()),
            third: linear_count(OTHER_BITS, self.third.len()),
            familiar: linear_count(OTHER_BITS, self.familiar.len()),
            all,
            successes,
            nonexistent,
            waf,
            flagged,
            first_s: self.first_s,
            last_s: self.last_s,
            missed: 0,
        }
    }
}

impl Inner {
    /// Converts engine time to stored time.
    fn kept_s(&self, engine_s: u32) -> u32 {
        (i64::from(engine_s) - self.ahead_s).max(0) as u32
    }

    fn kept(&self, when: Moment) -> Moment {
        Moment { at_s: self.kept_s(when.at_s), now_s: self.kept_s(when.now_s) }
    }

    /// Converts the stored times of a reading to engine time.
    fn told(&self, mut reading: Reading) -> Reading {
        let engine_s = |kept_s| (i64::from(kept_s) + self.ahead_s).max(0) as u32;
        (reading.first_s, reading.last_s) = (engine_s(reading.first_s), engine_s(reading.last_s));
        reading
    }
}

impl Model {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock()
    }
}

impl State for Model {
    fn add(&self, table: Table, key: Key, when: Moment, update: &Update) -> Counted {
        let sub_s = table.sub_s();
        let mut inner = self.inner();
        let when = inner.kept(when);
        let (sub, long) = (when.at_s / sub_s, when.at_s / LONG_SUB_S);
        let newest_s = when.now_s.max(when.at_s);
        if inner.groups.get(&(table, key)).is_some_and(|group| group.is_forgotten(sub_s, newest_s)) {
            inner.groups.remove(&(table, key));
        }
        let group = inner.groups.entry((table, key)).or_insert_with(|| Group {
            newest: sub,
            newest_long: long,
            first_s: when.at_s,
            last_s: when.at_s,
            ..Group::default()
        });
        group.roll(sub_s, newest_s);
        group.first_s = group.first_s.min(when.at_s);
        group.last_s = group.last_s.max(when.at_s);
        let late = group.newest - sub.min(group.newest) >= RING as u32;
        if update.counted && group.newest_long.saturating_sub(long) < LONG_RING as u32 {
            let count = group.long.entry(long).or_default();
            *count = count.saturating_add(1);
        }
        if late {
            return Counted::Late;
        }
        if update.counted {
            let count = group.ring.entry(sub).or_default();
            *count = count.saturating_add(1);
        }
        let flags = [update.all, update.success, update.nonexistent, update.waf, update.flagged];
        for (count, flag) in group.approximate.iter_mut().zip(flags) {
            *count = count.saturating_add(flag.into());
        }
        if let Some(member) = update.member {
            group.enter(member, sub);
        }
        group.second.extend(update.second.map(|member| member % u64::from(OTHER_BITS)));
        group.third.extend(update.third.map(|member| member % u64::from(OTHER_BITS)));
        group.familiar.extend(update.familiar.map(|member| member % u64::from(OTHER_BITS)));
        let reading = group.reading(sub_s);
        Counted::Yes(inner.told(reading))
    }

    fn read(&self, table: Table, key: Key, now_s: u32) -> Option<Reading> {
        let mut inner = self.inner();
        let now_s = inner.kept_s(now_s);
        let group = inner.groups.get_mut(&(table, key)).filter(|group| !group.is_forgotten(table.sub_s(), now_s))?;
        group.roll(table.sub_s(), now_s);
        let reading = group.reading(table.sub_s());
        Some(inner.told(reading))
    }

    fn has_member(&self, table: Table, key: Key, member: u64, now_s: u32) -> bool {
        let mut inner = self.inner();
        let now_s = inner.kept_s(now_s);
        let Some(group) = inner.groups.get_mut(&(table, key)) else { return false };
        if group.is_forgotten(table.sub_s(), now_s) {
            return false;
        }
        group.roll(table.sub_s(), now_s);
        match &group.overflow {
            Some(bits) => bits.contains(&((member >> 48) % u64::from(MEMBER_BITS))),
            None => group.members.contains_key(&(member >> 48)),
        }
    }

    fn pin(&self, _: Table, _: Key, _: bool) {}

    fn forget(&self, table: Table, key: Key) {
        self.inner().groups.remove(&(table, key));
    }

    fn spell(&self, key: Key, text: &str) {
        self.inner().spellings.entry(key).or_insert_with(|| text.into());
    }

    fn spelling(&self, key: Key) -> Option<String> {
        self.inner().spellings.get(&key).cloned()
    }

    fn unspell(&self, key: Key) {
        self.inner().spellings.remove(&key);
    }

    fn familiar(&self, account: Key, origin: Origin, now_s: u32) -> Option<bool> {
        let inner = self.inner();
        let now_s = inner.kept_s(now_s);
        let known = inner.accounts.get(&account)?;
        let mut known = known.iter().filter(|known| now_s.saturating_sub(known.since_s) <= FAMILIAR_FOR_S).peekable();
        known.peek()?;
        Some(known.any(|known| now_s.saturating_sub(known.since_s) >= FAMILIAR_AFTER_S && known.origin.meets(origin)))
    }

    fn remember(&self, account: Key, origin: Origin, now_s: u32) {
        let mut inner = self.inner();
        let now_s = inner.kept_s(now_s);
        let known = inner.accounts.entry(account).or_default();
        known.retain(|known| now_s.saturating_sub(known.since_s) <= FAMILIAR_FOR_S);
        match known.iter_mut().find(|known| known.origin.meets(origin)) {
            Some(known) => {
                known.since_s = known.since_s.max(now_s.saturating_sub(FAMILIAR_AFTER_S));
                known.origin = Origin {
                    network: origin.network.or(known.origin.network),
                    device: origin.device.or(known.origin.device),
                };
            }
            None => {
                if known.len() == 4 {
                    let oldest = (0..4).min_by_key(|nth| known[*nth].since_s).unwrap_or(0);
                    known.remove(oldest);
                }
                known.push(Known { origin, since_s: now_s });
            }
        }
    }

    fn forget_account(&self, account: Key) {
        self.inner().accounts.remove(&account);
    }

    fn sweep(&self, now_s: u32) {
        let mut inner = self.inner();
        let now_s = inner.kept_s(now_s);
        inner.groups.retain(|(table, _), group| !group.is_forgotten(table.sub_s(), now_s));
    }

    fn rebase(&self, by_s: i64) {
        self.inner().ahead_s += by_s;
    }

    fn save(&self, _: &mut Vec<u8>) {}

    fn load(&self, _: &[u8], _: u32) -> Result<(), &'static str> {
        Ok(())
    }

    fn memory(&self) -> usize {
        0
    }
}

impl Origin {
    /// Whether the network or the device is present in both and equal.
    fn meets(self, other: Origin) -> bool {
        let same = |one: Option<u64>, other: Option<u64>| one.is_some() && one == other;
        same(self.network, other.network) || same(self.device, other.device)
    }
}
