//! The detector's memory between events: counts per group, familiar origins of accounts, and the spelling of keys.
//!
//! Rules access it only through the trait [`State`], so that it can live in this process, in a file shared by the
//! processes of a host, or in a server. Every method takes O(1) time with a fixed bound, none allocates for benign
//! events, and no input can change the total size.
//!
//! | file | concept |
//! |---|---|
//! | this file | the trait, its keys, updates and readings |
//! | [`bounded`] | the implementation in memory: tables, accounts and spellings, in the sizes of a [`profile`] |
//! | [`table`] | a set-associative table of groups; its [`set`]s are its buckets, and a [`sketch`] decides who is admitted to a full one |
//! | [`slot`] | one group: rings of counts, [`members`], [`linear`] counters |
//! | [`accounts`] | the familiar origins of accounts |
//! | [`spellings`] | the texts behind keys |
//! | [`snapshot`] | the file format of the state that survives a restart |
//! | [`time`] | a clock that tolerates jumps of the system clock |
//! | [`model`] | a reference implementation, which the bounded one must agree with while it is not full |
//!
//! No value that an attacker chooses indexes memory directly: callers pass [`Key`]s, which are keyed hashes of a
//! group. They cover class and value together, so that classes can share a table.

pub mod accounts;
pub mod bounded;
pub mod linear;
pub mod members;
pub mod model;
pub mod profile;
pub mod set;
pub mod sketch;
pub mod slot;
pub mod snapshot;
pub mod spellings;
pub mod table;
pub mod time;

pub use bounded::Bounded;
pub use profile::Profile;

/// A keyed 64-bit hash of a group; never zero, which marks an empty slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub std::num::NonZeroU64);

impl Key {
    /// Creates the key for a hash.
    pub fn new(hash: u64) -> Self {
        Key(std::num::NonZeroU64::new(hash).unwrap_or(std::num::NonZeroU64::MIN))
    }

    /// The hash.
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

/// A table of counters for groups of one kind and one window length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Groups by client address, with a window of 15 minutes.
    Ip,
    /// Groups by login, with a window of 15 minutes.
    Login,
    /// Groups by network, with a window of 15 minutes.
    Network,
    /// Groups by network and user agent, with a window of 15 minutes.
    Pair,
    /// Other groups, such as client address and event, with a window of 5 minutes.
    Event,
    /// Groups of any kind for configured rules, with this window in seconds (one of [`WINDOWS`]).
    Window(u32),
}

/// The window lengths that rules may have, in seconds.
pub const WINDOWS: [u32; 11] = [60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/// The number of sub-buckets in a window; a ring has one more, for the one being filled.
pub const SUB_BUCKETS: u32 = 12;

/// The number of cells in a ring.
pub const RING: usize = SUB_BUCKETS as usize + 1;

/// The number of four-hour cells in the ring of the last day.
pub const LONG_RING: usize = 6;

/// The length of a cell in the ring of the last day, in seconds.
pub const LONG_SUB_S: u32 = 4 * 3600;

/// The number of members up to which a slot counts exactly.
pub const EXACT_MEMBERS: usize = 10;

impl Table {
    /// The length of its window, in seconds.
    pub fn window_s(self) -> u32 {
        match self {
            Table::Ip | Table::Login | Table::Network | Table::Pair => 900,
            Table::Event => 300,
            Table::Window(seconds) => seconds,
        }
    }

    /// The length of a sub-bucket, in seconds. Every window is a multiple of twelve seconds.
    pub fn sub_s(self) -> u32 {
        (self.window_s() / SUB_BUCKETS).max(1)
    }
}

/// When an event happened and when it was reported, in seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The event time, which selects the sub-bucket.
    pub at_s: u32,
    /// The engine time, which decides what has expired; at most 5 s before `at_s`, the tolerance for clocks.
    pub now_s: u32,
}

/// The contribution of one event to one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// Whether the event counts in the window and in the day. One that does not count takes a slot only if one is
    /// free: it is neither counted in the sketch nor evicts anything.
    pub counted: bool,
    /// Whether the event is an attempt of any kind, counted or not.
    pub all: bool,
    /// Whether the event is a success.
    pub success: bool,
    /// Whether the account does not exist.
    pub nonexistent: bool,
    /// Whether the attempt looks like a scanner's: the firewall found an attack in the request, or the login of an
    /// account that does not exist is an attack payload.
    pub waf: bool,
    /// Whether the source is a known offender.
    pub flagged: bool,
    /// A member to count in [`Reading::distinct`].
    pub member: Option<u64>,
    /// A member of another kind, to count in [`Reading::second`].
    pub second: Option<u64>,
    /// A member of a third kind, to count in [`Reading::third`].
    pub third: Option<u64>,
    /// An account that succeeded from a familiar origin, to count in [`Reading::familiar`].
    pub familiar: Option<u64>,
}

/// The state of a group, after an update or on request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Counts per sub-bucket, newest first: cell 0 is the sub-bucket of `now`, or of the newest event if that is
    /// later.
    pub ring: [u16; RING],
    /// The length of a sub-bucket, in seconds.
    pub sub_s: u32,
    /// The count over the last day: the current four-hour cell and the five before it.
    pub long: u32,
    /// The number of distinct members last seen within the ring: exact up to [`EXACT_MEMBERS`], beyond that an
    /// estimate over all since the ring was last empty.
    pub distinct: u32,
    /// An estimate of the number of distinct members of the second kind since both rings were last empty.
    pub second: u32,
    /// The same estimate for members of the third kind.
    pub third: u32,
    /// The same estimate for accounts that succeeded from familiar origins.
    pub familiar: u32,
    /// The number of attempts of any kind. This field and the next four are halved whenever the ring has advanced by
    /// six sub-buckets, and are zero once it is empty.
    pub all: u32,
    /// The number of successes.
    pub successes: u32,
    /// The number of attempts on accounts that do not exist.
    pub nonexistent: u32,
    /// The number of attempts that look like a scanner's.
    pub waf: u32,
    /// The number of attempts from known offenders.
    pub flagged: u32,
    /// The time at which the group was first seen, in seconds since the Unix epoch.
    pub first_s: u32,
    /// The time at which the group was last seen, in seconds since the Unix epoch.
    pub last_s: u32,
    /// An estimate of the events missed before admission; it is never part of a count.
    pub missed: u32,
}

impl Reading {
    /// Returns the count over a window: the sub-bucket being filled and as many full ones as cover the window, so
    /// that no event within the window is missed. Windows longer than the ring use the day.
    pub fn count(&self, window_s: u32) -> u32 {
        let full = window_s.div_ceil(self.sub_s.max(1)) as usize;
        if full >= RING {
            return self.long;
        }
        self.ring.iter().take(full + 1).map(|count| u32::from(*count)).sum()
    }

    /// Returns the count over the whole ring.
    pub fn window(&self) -> u32 {
        self.ring.iter().map(|count| u32::from(*count)).sum()
    }
}

/// The outcome of an update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Counted {
    /// The update was counted, with this result.
    Yes(Reading),
    /// The key was not seen often enough to be admitted to a full set.
    NotAdmitted,
    /// The event is older than the ring, and was counted in the day at most.
    Late,
}

impl Counted {
    /// Returns the reading, if the update was counted.
    pub fn reading(self) -> Option<Reading> {
        match self {
            Counted::Yes(reading) => Some(reading),
            _ => None,
        }
    }
}

/// The origin of a login, as hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The network.
    pub network: Option<u64>,
    /// The device, or its traits if they are rare enough to identify it.
    pub device: Option<u64>,
}

/// How long after a success its origin becomes familiar, in seconds.
pub const FAMILIAR_AFTER_S: u32 = 3600;

/// How long after the last success an origin is forgotten, in seconds.
pub const FAMILIAR_FOR_S: u32 = 60 * 86_400;

/// The state of one service.
pub trait State: Send + Sync {
    /// Adds an event to a group.
    fn add(&self, table: Table, key: Key, when: Moment, update: &Update) -> Counted;

    /// Returns the state of a group without changing it; `None` once both the ring and the day are empty.
    fn read(&self, table: Table, key: Key, now_s: u32) -> Option<Reading>;

    /// Whether a value was counted as a member of the group within its window. A slot with more than
    /// [`EXACT_MEMBERS`] members may return false positives; an unknown group has no members.
    fn has_member(&self, table: Table, key: Key, member: u64, now_s: u32) -> bool;

    /// Pins the slot of a group while a signal about it is open, so that it is not evicted, or unpins it.
    fn pin(&self, table: Table, key: Key, pinned: bool);

    /// Forgets a group.
    fn forget(&self, table: Table, key: Key);

    /// Stores the text behind a key, if there is room and none is stored yet.
    fn spell(&self, key: Key, text: &str);

    /// Returns the text behind a key, if it is stored.
    fn spelling(&self, key: Key) -> Option<String>;

    /// Forgets the text behind a key.
    fn unspell(&self, key: Key);

    /// Whether the account has succeeded from this network or device, [`FAMILIAR_AFTER_S`] to [`FAMILIAR_FOR_S`] ago,
    /// or `None` if nothing is known of the account. An absent part of the origin matches nothing.
    fn familiar(&self, account: Key, origin: Origin, now_s: u32) -> Option<bool>;

    /// Records a success. An origin that matches a known one in either part updates it. The stored time advances to
    /// [`FAMILIAR_AFTER_S`] before now at most, so that a second login within an hour does not make a familiar origin
    /// unfamiliar.
    fn remember(&self, account: Key, origin: Origin, now_s: u32);

    /// Forgets an account.
    fn forget_account(&self, account: Key);

    /// Frees expired entries in a bounded slice of the state; repeated calls cover all of it.
    fn sweep(&self, now_s: u32);

    /// Shifts all stored times by this many seconds after the engine's clock was set back, so that counts are kept.
    fn rebase(&self, by_s: i64);

    /// Writes the part that survives a restart: the accounts. Counters fill again within a window.
    fn save(&self, out: &mut Vec<u8>);

    /// Reads what [`State::save`] wrote; on an error nothing has changed.
    fn load(&self, bytes: &[u8], now_s: u32) -> Result<(), &'static str>;

    /// The memory allocated, in bytes, including pages that were never touched.
    fn memory(&self) -> usize;
}
