//! Familiar origins: the four from which each account last succeeded, in 32 bytes.
//!
//! Only successes are recorded, so nobody without valid credentials can fill the table. A network or a device is
//! stored as 16 bits of its hash, so a stranger's matches one of the four with a probability of 0.00006. A time is
//! stored as the lower 23 bits of its second, which wrap around after 97 days; that suffices, because nothing is kept
//! longer than 60 days. An account is identified by its set and 32 bits of its hash.

use super::snapshot::Fields;
use super::{FAMILIAR_AFTER_S, FAMILIAR_FOR_S, Key, Origin};
use crate::support::fork::Renewable;
use std::cmp::Reverse;
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicU32, Ordering};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout};

/// The size of a record in bytes.
pub const RECORD: usize = size_of::<Record>();
/// The number of records in a set.
const WAYS: usize = 8;
/// The number of origins of an account.
const ORIGINS: usize = 4;
/// The lowest bit of the hash that a record stores. Sets are selected by the bits below it and, in tables of more
/// than [`FEWEST_SETS`] sets, also by some of the stored bits. A record therefore finds its set in a table of any
/// size.
const TAG_SHIFT: u32 = 11;
const FEWEST_SETS: usize = 1 << TAG_SHIFT;
/// `USED` is set in every stored time, `TIME` masks its seconds.
const USED: u32 = 1 << 23;
const TIME: u32 = USED - 1;
/// Ages from here to the wrap-around stand for times in the future, since clocks differ slightly.
const FUTURE: u32 = TIME - 86_400;
/// After a pause of this length between sweeps, times may be about to wrap around.
const LONG_BREAK_S: u32 = 30 * 86_400;

/// The familiar origins of a service's accounts.
#[derive(Debug)]
pub struct Accounts {
    shards: Box<[Renewable<Shard>]>,
    /// The number of sets in a shard.
    sets: usize,
    swept_s: AtomicU32,
}

/// A shard, allocated when its first account is looked up.
#[derive(Debug, Default)]
struct Shard(Vec<Set>);

type Set = [Record; WAYS];

/// An account; all zero if the record is unused.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Record {
    tag: u32,
    /// Hashes, or zero for none. Used origins come first, in the order in which they were added.
    networks: [u16; ORIGINS],
    devices: [u16; ORIGINS],
    times: [[u8; 3]; ORIGINS],
}

/// A copy of one origin.
#[derive(Clone, Copy)]
struct Known {
    network: u16,
    device: u16,
    time: u32,
}

impl Accounts {
    /// Creates a table of `accounts` accounts in `shards` shards, both powers of two.
    pub fn new(accounts: usize, shards: usize) -> Self {
        let sets = (accounts / WAYS).max(FEWEST_SETS);
        Self {
            shards: (0..shards).map(|_| Renewable::default()).collect(),
            sets: sets / shards.max(1),
            swept_s: AtomicU32::new(0),
        }
    }

    /// See [`State::familiar`](super::State::familiar).
    pub fn familiar(&self, account: Key, origin: Origin, now_s: u32) -> Option<bool> {
        let shard = self.shard(account);
        let record = shard.0[self.place(account)].iter().find(|record| record.tag == tag(account))?;
        let mut known = record.known().filter(|known| !known.is_expired(now_s)).peekable();
        known.peek()?;
        Some(known.any(|known| known.age(now_s) >= FAMILIAR_AFTER_S && known.meets(origin)))
    }

    /// See [`State::remember`](super::State::remember).
    pub fn remember(&self, account: Key, origin: Origin, now_s: u32) {
        let mut shard = self.shard(account);
        let record = record_for(&mut shard.0[self.place(account)], tag(account), now_s);
        record.forget_expired(now_s);
        record.tag = tag(account);
        let known = record.known().position(|known| known.meets(origin));
        match known {
            Some(nth) => {
                let mut known = record.at(nth);
                if known.age(now_s) > FAMILIAR_AFTER_S {
                    known.time = time(now_s.wrapping_sub(FAMILIAR_AFTER_S));
                }
                let origin = Known::new(origin, now_s);
                known.network = if origin.network == 0 { known.network } else { origin.network };
                known.device = if origin.device == 0 { known.device } else { origin.device };
                record.set(nth, known);
            }
            None => {
                let oldest = (0..ORIGINS).min_by_key(|nth| Reverse(record.at(*nth).age(now_s))).unwrap_or(0);
                if record.known().count() == ORIGINS {
                    record.remove(oldest);
                }
                record.set(record.known().count(), Known::new(origin, now_s));
            }
        }
    }

    /// Forgets an account.
    pub fn forget(&self, account: Key) {
        let mut shard = self.shard(account);
        let set = &mut shard.0[self.place(account)];
        set.iter_mut().filter(|record| record.tag == tag(account)).for_each(|record| *record = Record::default());
    }

    /// Forgets expired origins and accounts in one of `slices` slices.
    pub fn sweep(&self, now_s: u32, slice: usize, slices: usize) {
        let before = self.swept_s.swap(now_s, Ordering::Relaxed);
        let elapsed = now_s.saturating_sub(before);
        if before != 0 && elapsed > LONG_BREAK_S {
            return self.change_all(|record| record.forget(|known| known.age(before) + elapsed > FAMILIAR_FOR_S));
        }
        let sets = self.sets * self.shards.len();
        for nth in sets * slice / slices..sets * (slice + 1) / slices {
            let mut shard = self.shards[nth / self.sets].lock();
            if let Some(set) = shard.0.get_mut(nth % self.sets) {
                let used = set.iter_mut().filter(|record| record.tag != 0);
                used.for_each(|record| record.forget_expired(now_s));
            }
        }
    }

    /// Writes all accounts: their number and, for each, the lower bits of its hash and its record, with times shifted
    /// by `by_s`.
    pub fn save(&self, out: &mut Vec<u8>, by_s: i64) {
        let start = out.len();
        out.extend(0_u64.to_le_bytes());
        let mut count = 0_u64;
        for (nth, shard) in self.shards.iter().enumerate() {
            for (place, set) in shard.lock().0.iter().enumerate() {
                for record in set.iter().filter(|record| record.tag != 0) {
                    let place = (nth * self.sets + place) as u16 & (FEWEST_SETS as u16 - 1);
                    out.extend(place.to_le_bytes());
                    let mut record = *record;
                    record.shift(by_s);
                    record.write(out);
                    count += 1;
                }
            }
        }
        out[start..start + 8].copy_from_slice(&count.to_le_bytes());
    }

    /// Reads what [`Accounts::save`] wrote at `saved_s`, with times shifted by `by_s`. Accounts that are already
    /// known keep their origins. On an error nothing has changed.
    pub fn load(&self, fields: &mut Fields<'_>, saved_s: u32, now_s: u32, by_s: i64) -> Result<(), &'static str> {
        let count = fields.u64()?;
        let mut records = Vec::new();
        for _ in 0..count {
            let (place, mut record) = (fields.u16()?, Record::read(fields)?);
            // If the clock was set back since the save, times are moved back with it; otherwise they age.
            match now_s.checked_sub(saved_s) {
                Some(elapsed) => record.forget(|known| known.age(saved_s).saturating_add(elapsed) > FAMILIAR_FOR_S),
                None => record.shift(i64::from(now_s) - i64::from(saved_s)),
            }
            record.shift(by_s);
            records.push((place, record));
        }
        for (place, record) in records.into_iter().filter(|(_, record)| record.tag != 0) {
            let hash = u64::from(record.tag) << TAG_SHIFT | u64::from(place);
            let account = Key::new(hash);
            let mut shard = self.shard(account);
            let set = &mut shard.0[self.place(account)];
            let known = record_for(set, record.tag, now_s.wrapping_add(by_s as u32));
            if known.known().next().is_none() {
                *known = record;
            }
        }
        Ok(())
    }

    /// The memory allocated, in bytes.
    pub fn memory(&self) -> usize {
        let of_shard = |shard: &Renewable<Shard>| shard.lock().0.len() * size_of::<Set>();
        size_of_val(&*self.shards) + self.shards.iter().map(of_shard).sum::<usize>()
    }

    fn change_all(&self, change: impl Fn(&mut Record)) {
        for shard in &self.shards {
            shard.lock().0.as_flattened_mut().iter_mut().for_each(&change);
        }
    }

    fn shard(&self, account: Key) -> MutexGuard<'_, Shard> {
        let set = account.get() as usize & (self.sets * self.shards.len() - 1);
        let mut shard = self.shards[set / self.sets].lock();
        if shard.0.is_empty() {
            // The system provides the pages of zeroed memory on first touch.
            shard.0 = Set::new_vec_zeroed(self.sets).unwrap_or_else(|_| vec![Set::default(); self.sets]);
        }
        shard
    }

    /// The index of an account's set in its shard.
    fn place(&self, account: Key) -> usize {
        account.get() as usize & (self.sets - 1)
    }
}

/// Finds the record of an account, else a free one, else evicts the account whose newest origin is the oldest.
fn record_for(set: &mut Set, tag: u32, now_s: u32) -> &mut Record {
    let known =
        set.iter().position(|record| record.tag == tag).or_else(|| set.iter().position(|record| record.tag == 0));
    let newest = |record: &Record| record.known().map(|known| known.age(now_s)).min().unwrap_or(u32::MAX);
    let nth = known.or_else(|| (0..WAYS).max_by_key(|nth| newest(&set[*nth]))).unwrap_or(0);
    if set[nth].tag != tag {
        set[nth] = Record { tag, ..Record::default() };
    }
    &mut set[nth]
}

fn tag(account: Key) -> u32 {
    ((account.get() >> TAG_SHIFT) as u32).max(1)
}

fn time(seconds: u32) -> u32 {
    USED | seconds & TIME
}

impl Record {
    fn at(&self, nth: usize) -> Known {
        let [low, middle, high] = self.times[nth];
        Known {
            network: self.networks[nth],
            device: self.devices[nth],
            time: u32::from_le_bytes([low, middle, high, 0]),
        }
    }

    fn set(&mut self, nth: usize, known: Known) {
        let [low, middle, high, _] = known.time.to_le_bytes();
        (self.networks[nth], self.devices[nth], self.times[nth]) = (known.network, known.device, [low, middle, high]);
    }

    /// Iterates over the origins in use.
    fn known(&self) -> impl Iterator<Item = Known> {
        (0..ORIGINS).map(|nth| self.at(nth)).take_while(|known| known.time != 0)
    }

    fn remove(&mut self, nth: usize) {
        (nth + 1..ORIGINS).for_each(|later| self.set(later - 1, self.at(later)));
        self.set(ORIGINS - 1, Known { network: 0, device: 0, time: 0 });
    }

    fn forget_expired(&mut self, now_s: u32) {
        self.forget(|known| known.is_expired(now_s));
    }

    /// Forgets the origins that satisfy `which`, and the account if none is left.
    fn forget(&mut self, which: impl Fn(&Known) -> bool) {
        for nth in (0..self.known().count()).rev() {
            if which(&self.at(nth)) {
                self.remove(nth);
            }
        }
        if self.known().next().is_none() {
            *self = Self::default();
        }
    }

    /// Shifts all times.
    fn shift(&mut self, by_s: i64) {
        for nth in 0..self.known().count() {
            let known = self.at(nth);
            self.set(nth, Known { time: time(known.time.wrapping_add(by_s as u32)), ..known });
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.tag.to_le_bytes());
        for nth in 0..ORIGINS {
            out.extend(self.networks[nth].to_le_bytes());
            out.extend(self.devices[nth].to_le_bytes());
            out.extend(self.times[nth]);
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, &'static str> {
        let mut record = Self { tag: fields.u32()?, ..Self::default() };
        for nth in 0..ORIGINS {
            (record.networks[nth], record.devices[nth], record.times[nth]) =
                (fields.u16()?, fields.u16()?, fields.array()?);
        }
        Ok(record)
    }
}

impl Known {
    fn new(origin: Origin, now_s: u32) -> Self {
        Self { network: short(origin.network), device: short(origin.device), time: time(now_s) }
    }

    /// The age in seconds.
    fn age(&self, now_s: u32) -> u32 {
        let age = now_s.wrapping_sub(self.time) & TIME;
        if age > FUTURE { 0 } else { age }
    }

    fn is_expired(&self, now_s: u32) -> bool {
        self.age(now_s) > FAMILIAR_FOR_S
    }

    /// Whether the network or the device is present in both and equal.
    fn meets(&self, other: Origin) -> bool {
        let same = |one: u16, other: u16| one != 0 && one == other;
        same(self.network, short(other.network)) || same(self.device, short(other.device))
    }
}

/// Shortens a hash to 16 bits; zero stands for none.
fn short(hash: Option<u64>) -> u16 {
    hash.map_or(0, |hash| ((hash >> 48) as u16).max(1))
}
