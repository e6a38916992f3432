//! The implementation of [`State`] in memory of fixed size: tables, accounts and spellings.

use super::accounts::Accounts;
use super::profile::Profile;
use super::snapshot::{self, Header};
use super::spellings::Spellings;
use super::table::HotTable;
use super::{Counted, Key, Moment, Origin, Reading, State, Table, Update, WINDOWS};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicUsize, Ordering};

/// The number of slices in which the state is swept.
const SLICES: usize = 512;
const ACCOUNTS: snapshot::Name = *b"acct";

/// See the [module](self).
#[derive(Debug)]
pub struct Bounded {
    ip: HotTable,
    login: HotTable,
    network: HotTable,
    pair: HotTable,
    event: HotTable,
    windows: [HotTable; WINDOWS.len()],
    accounts: Accounts,
    spellings: Spellings,
    /// The offset of engine time from stored times. If the clock is set back, only this number changes.
    ahead_s: AtomicI64,
    /// The latest stored time.
    now_s: AtomicU32,
    slice: AtomicUsize,
}

impl Bounded {
    /// Creates an empty state of these sizes.
    pub fn new(sizes: Profile) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let shards = (2 * cores.next_power_of_two()).clamp(2, 64);
        let of = |table: Table, size| HotTable::new(table.window_s(), table.sub_s(), size, shards);
        Self {
            ip: of(Table::Ip, sizes.wide),
            login: of(Table::Login, sizes.wide),
            network: of(Table::Network, sizes.narrow),
            pair: of(Table::Pair, sizes.narrow),
            event: of(Table::Event, sizes.narrow),
            windows: WINDOWS.map(|window_s| of(Table::Window(window_s), sizes.narrow)),
            accounts: Accounts::new(sizes.accounts, shards),
            spellings: Spellings::new(sizes.spellings),
            ahead_s: AtomicI64::new(0),
            now_s: AtomicU32::new(0),
            slice: AtomicUsize::new(0),
        }
    }

    fn table(&self, table: Table) -> &HotTable {
        match table {
            Table::Ip => &self.ip,
            Table::Login => &self.login,
            Table::Network => &self.network,
            Table::Pair => &self.pair,
            Table::Event => &self.event,
            // Windows are in ascending order; one that is not in the list uses the next longer one.
            Table::Window(window_s) => {
                let nth = WINDOWS.iter().position(|known| *known >= window_s).unwrap_or(WINDOWS.len() - 1);
                &self.windows[nth]
            }
        }
    }

    fn tables(&self) -> impl Iterator<Item = &HotTable> {
        [&self.ip, &self.login, &self.network, &self.pair, &self.event].into_iter().chain(&self.windows)
    }

    /// Converts engine time to stored time, and records the latest.
    fn kept(&self, engine_s: u32) -> u32 {
        let kept = shifted(engine_s, -self.ahead_s.load(Ordering::Relaxed));
        if kept > self.now_s.load(Ordering::Relaxed) {
            self.now_s.fetch_max(kept, Ordering::Relaxed);
        }
        kept
    }

    /// Converts the stored times of a reading to engine time.
    fn told(&self, mut reading: Reading) -> Reading {
        let ahead_s = self.ahead_s.load(Ordering::Relaxed);
        (reading.first_s, reading.last_s) = (shifted(reading.first_s, ahead_s), shifted(reading.last_s, ahead_s));
        reading
    }
}

fn shifted(seconds: u32, by_s: i64) -> u32 {
    u32::try_from(i64::from(seconds).saturating_add(by_s).max(0)).unwrap_or(u32::MAX)
}

impl State for Bounded {
    fn add(&self, table: Table, key: Key, when: Moment, update: &Update) -> Counted {
        let when = Moment { at_s: self.kept(when.at_s), now_s: self.kept(when.now_s) };
        match self.table(table).add(key, when, update) {
            Counted::Yes(reading) => Counted::Yes(self.told(reading)),
            other => other,
        }
    }

    fn read(&self, table: Table, key: Key, now_s: u32) -> Option<Reading> {
        self.table(table).read(key, self.kept(now_s)).map(|reading| self.told(reading))
    }

    fn has_member(&self, table: Table, key: Key, member: u64, now_s: u32) -> bool {
        self.table(table).has_member(key, member, self.kept(now_s))
    }

    fn pin(&self, table: Table, key: Key, pinned: bool) {
        self.table(table).pin(key, pinned);
    }

    fn forget(&self, table: Table, key: Key) {
        self.table(table).forget(key);
    }

    fn spell(&self, key: Key, text: &str) {
        self.spellings.keep(key, text, self.now_s.load(Ordering::Relaxed));
    }

    fn spelling(&self, key: Key) -> Option<String> {
        self.spellings.get(key, self.now_s.load(Ordering::Relaxed))
    }

    fn unspell(&self, key: Key) {
        self.spellings.forget(key);
    }

    fn familiar(&self, account: Key, origin: Origin, now_s: u32) -> Option<bool> {
        self.accounts.familiar(account, origin, self.kept(now_s))
    }

    fn remember(&self, account: Key, origin: Origin, now_s: u32) {
        self.accounts.remember(account, origin, self.kept(now_s));
    }

    fn forget_account(&self, account: Key) {
        self.accounts.forget(account);
    }

    fn sweep(&self, now_s: u32) {
        let (now_s, slice) = (self.kept(now_s), self.slice.fetch_add(1, Ordering::Relaxed) % SLICES);
        self.tables().for_each(|table| table.sweep(now_s, slice, SLICES));
        self.accounts.sweep(now_s, slice, SLICES);
        self.spellings.sweep(now_s, slice);
    }

    fn rebase(&self, by_s: i64) {
        self.ahead_s.fetch_add(by_s, Ordering::Relaxed);
    }

    fn save(&self, out: &mut Vec<u8>) {
        let ahead_s = self.ahead_s.load(Ordering::Relaxed);
        let now_s = shifted(self.now_s.load(Ordering::Relaxed), ahead_s);
        snapshot::start(Header { created_ms: u64::from(now_s) * 1000, key: [0; 2] }, out);
        snapshot::section(ACCOUNTS, out, |out| self.accounts.save(out, ahead_s));
        snapshot::finish(out);
    }

    fn load(&self, bytes: &[u8], now_s: u32) -> Result<(), &'static str> {
        let (header, sections) = snapshot::read(bytes)?;
        let saved_s = u32::try_from(header.created_ms / 1000).unwrap_or(u32::MAX);
        let ahead_s = self.ahead_s.load(Ordering::Relaxed);
        match sections.into_iter().find(|(name, _)| *name == ACCOUNTS) {
            Some((_, mut fields)) => self.accounts.load(&mut fields, saved_s, now_s, -ahead_s),
            None => Ok(()),
        }
    }

    fn memory(&self) -> usize {
        let tables: usize = self.tables().map(HotTable::memory).sum();
        size_of::<Self>() + tables + self.accounts.memory() + self.spellings.memory()
    }
}
