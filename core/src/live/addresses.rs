//! The set of refused addresses and networks, for IPv4 and IPv6.
//!
//! An IPv4 address takes one word, its terms (expiry and flags) included. Networks are keyed by prefix and prefix
//! length, so a lookup probes once for each length in use; these are few, and an attacker cannot add any. IPv6
//! networks up to /64, the usual unit of refusal, take two words; longer prefixes take three.

use super::end::Until;
use super::prefix::Prefix;
use super::refused::Refused;
use super::room::Room;
use super::sync::{AtomicU64, Ordering, SHARDS};
use super::table::Table;
use super::terms::{Base, Entry, Terms};
use std::net::IpAddr;

/// The number of tables in the set.
const TABLES: usize = 4;
/// `::ffff:0:0/96`, the IPv4-mapped part of IPv6.
const MAPPED: u128 = 0xFFFF << 32;
const MAPPED_LENGTH: u8 = 96;

/// See the [module](self).
#[derive(Debug)]
pub struct Addresses {
    hosts_v4: Table<0>,
    networks_v4: Table<1>,
    wide_v6: Table<1>,
    long_v6: Table<2>,
    /// Bitmaps of the prefix lengths that have been inserted: IPv4, IPv6 below /64, and IPv6 from /64 on (bit n is
    /// length 64 + n). Bits are never cleared, so a reader cannot miss an entry because of a concurrent removal.
    lengths: [AtomicU64; 3],
    base: Base,
    room: Room,
    /// The number of changes to the set.
    changes: AtomicU64,
    /// The value of `changes` at which no entry was in force.
    none_since: AtomicU64,
}

impl Addresses {
    /// Creates an empty set of at most `limit` entries.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            hosts_v4: Table::default(),
            networks_v4: Table::default(),
            wide_v6: Table::default(),
            long_v6: Table::default(),
            lengths: Default::default(),
            base: Base::default(),
            room: Room::new(limit),
            changes: AtomicU64::new(0),
            none_since: AtomicU64::new(u64::MAX),
        }
    }

    /// Adds an entry. If the network already has one in force, the later end applies, and an entry made by an
    /// operator stays manual.
    pub fn insert(&self, network: Prefix, entry: Entry, now: u64) -> Result<(), Refused> {
        if self.terms_of(network).is_none() {
            let make = |part: usize| {
                let over = |terms| self.is_over(terms, now);
                match part % TABLES {
                    0 => self.hosts_v4.make_room(part / TABLES, over),
                    1 => self.networks_v4.make_room(part / TABLES, over),
                    2 => self.wide_v6.make_room(part / TABLES, over),
                    _ => self.long_v6.make_room(part / TABLES, over),
                }
            };
            if !self.room.has_some(self.len(), now, TABLES * SHARDS, make) {
                return Err(Refused::Full);
            }
            self.note_length(network);
        }
        self.change(network, |before| {
            let entry = before.map_or(entry, |before| self.base.entry(before).joined(entry, now));
            Some(self.base.terms(entry, now))
        });
        Ok(())
    }

    /// Changes the end of an entry in force, to an earlier or later time; returns false if there is none.
    pub fn extend(&self, network: Prefix, until: Until, now: u64) -> bool {
        let (before, _) = self.change(network, |before| {
            let entry = self.base.entry(before?);
            let extended = if entry.until.holds(now) { Entry { until, ..entry } } else { entry };
            Some(self.base.terms(extended, now))
        });
        before.is_some_and(|before| !self.is_over(before, now))
    }

    /// Removes an entry; returns false if there was none.
    pub fn remove(&self, network: Prefix) -> bool {
        let (before, _) = self.change(network, |_| None);
        self.room.was_made();
        before.is_some()
    }

    /// Returns the entry of exactly this network, if it is in force.
    pub fn get(&self, network: Prefix, now: u64) -> Option<Entry> {
        self.terms_of(network).map(|terms| self.base.entry(terms)).filter(|entry| entry.until.holds(now))
    }

    /// Returns the entry that refuses an address: of all networks that contain it, the one with the latest end.
    ///
    /// An address of NAT64 is also refused by entries about the IPv4 address that it stands for.
    pub fn find(&self, address: IpAddr, now: u64) -> Option<Entry> {
        if self.base.is_unused() {
            return None;
        }
        let host = Prefix::host(address);
        let translated = host.translated().and_then(|host| self.terms_around(host, now));
        let found = self.lasting(self.terms_around(host, now).into_iter().chain(translated), now);
        found.map(|terms| self.base.entry(terms))
    }

    /// Returns the entry with the latest end among those about an address and the networks that contain it.
    fn terms_around(&self, host: Prefix, now: u64) -> Option<Terms> {
        match host.is_v6() {
            false => {
                let lengths = self.lengths[0].load(Ordering::Acquire);
                let networks = bits(lengths).filter_map(|length| self.terms_of(host.cut(length)));
                let around_v4 = bits(self.lengths[1].load(Ordering::Acquire))
                    .chain(bits(self.lengths[2].load(Ordering::Acquire)).map(|length| length + 64))
                    .filter(|length| *length < MAPPED_LENGTH)
                    .filter_map(|length| self.terms_of(Prefix::v6(MAPPED, length)));
                self.lasting(self.terms_of(host).into_iter().chain(networks).chain(around_v4), now)
            }
            true => {
                let short = bits(self.lengths[1].load(Ordering::Acquire));
                let long = bits(self.lengths[2].load(Ordering::Acquire)).map(|length| length + 64);
                let networks = short.chain(long).filter_map(|length| self.terms_of(host.cut(length)));
                self.lasting(self.terms_of(host).into_iter().chain(networks), now)
            }
        }
    }

    /// Returns the entries in force, in no particular order.
    pub fn entries(&self, now: u64) -> Vec<(Prefix, Entry)> {
        let mut entries = Vec::new();
        let mut add = |network, terms| {
            if !self.is_over(terms, now) {
                entries.push((network, self.base.entry(terms)));
            }
        };
        self.hosts_v4.for_each(|_, bits, terms| add(Prefix::v4(bits, 32), terms));
        self.networks_v4.for_each(|[bits], length, terms| add(Prefix::v4(bits as u32, length as u8), terms));
        self.wide_v6.for_each(|[bits], length, terms| add(Prefix::v6(u128::from(bits) << 64, length as u8), terms));
        self.long_v6.for_each(|[high, low], length, terms| {
            add(Prefix::v6(u128::from(high) << 64 | u128::from(low), length as u8), terms);
        });
        entries
    }

    /// Whether any entry is in force. A negative answer is cached until the next change, so that repeated requests
    /// cannot cause repeated scans of the set.
    pub fn hold_any(&self, now: u64) -> bool {
        let changes = self.changes.load(Ordering::Acquire);
        if self.base.is_unused() || self.none_since.load(Ordering::Relaxed) == changes {
            return false;
        }
        let holds = |terms| !self.is_over(terms, now);
        let any = self.hosts_v4.any(holds)
            || self.networks_v4.any(holds)
            || self.wide_v6.any(holds)
            || self.long_v6.any(holds);
        if !any {
            self.none_since.store(changes, Ordering::Relaxed);
        }
        any
    }

    /// The number of entries, including expired ones that were not swept yet.
    pub fn len(&self) -> usize {
        self.hosts_v4.len() + self.networks_v4.len() + self.wide_v6.len() + self.long_v6.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn sweep(&self, now: u64) {
        let (shard, over) = (self.room.next(SHARDS), |terms| self.is_over(terms, now));
        self.hosts_v4.sweep(shard, over);
        self.networks_v4.sweep(shard, over);
        self.wide_v6.sweep(shard, over);
        self.long_v6.sweep(shard, over);
    }

    pub(super) fn arm(&self, armed: bool) {
        self.room.arm(armed);
    }

    /// The memory allocated, in bytes.
    pub fn memory(&self) -> usize {
        self.hosts_v4.memory() + self.networks_v4.memory() + self.wide_v6.memory() + self.long_v6.memory()
    }

    fn terms_of(&self, network: Prefix) -> Option<Terms> {
        let (bits, length) = (network.bits(), network.length());
        match (network.is_v6(), length) {
            (false, 32) => self.hosts_v4.find([], bits as u32),
            (false, _) => self.networks_v4.find([bits as u64], length.into()),
            (true, ..=64) => self.wide_v6.find([(bits >> 64) as u64], length.into()),
            (true, _) => self.long_v6.find([(bits >> 64) as u64, bits as u64], length.into()),
        }
    }

    fn change(
        &self,
        network: Prefix,
        change: impl Fn(Option<Terms>) -> Option<Terms>,
    ) -> (Option<Terms>, Option<Terms>) {
        let (bits, length) = (network.bits(), network.length());
        let both = match (network.is_v6(), length) {
            (false, 32) => self.hosts_v4.change([], bits as u32, change),
            (false, _) => self.networks_v4.change([bits as u64], length.into(), change),
            (true, ..=64) => self.wide_v6.change([(bits >> 64) as u64], length.into(), change),
            (true, _) => self.long_v6.change([(bits >> 64) as u64, bits as u64], length.into(), change),
        };
        self.changes.fetch_add(1, Ordering::Release);
        both
    }

    /// Records a prefix length in use. Single addresses need no bit, because every lookup probes for them.
    fn note_length(&self, network: Prefix) {
        let (nth, length) = match (network.is_v6(), network.length()) {
            (false, length) => (0, length),
            (true, length @ ..64) => (1, length),
            (true, length) => (2, length - 64),
        };
        if !network.is_host() && self.lengths[nth].load(Ordering::Relaxed) >> length & 1 == 0 {
            self.lengths[nth].fetch_or(1 << length, Ordering::Release);
        }
    }

    fn lasting(&self, terms: impl Iterator<Item = Terms>, now: u64) -> Option<Terms> {
        let disarmed = self.room.is_disarmed();
        let enforced = terms.filter(|terms| !self.is_over(*terms, now) && (!disarmed || terms.are_manual()));
        enforced.max_by_key(|terms| terms.end())
    }

    fn is_over(&self, terms: Terms, now: u64) -> bool {
        !self.base.entry(terms).until.holds(now)
    }
}

/// Iterates over the positions of the bits that are set.
fn bits(mut set: u64) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let lowest = set.trailing_zeros();
        set &= set.wrapping_sub(1);
        (lowest < 64).then_some(lowest as u8)
    })
}
