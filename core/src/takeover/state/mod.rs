//! What the detector remembers between events: counts per group, where accounts log in from, and the spelling of keys.
//!
//! Rules see memory only through the trait [`State`], so that it can live in this process, in a file that processes of one
//! host share, or in a server. Every method costs O(1) with a fixed ceiling, none allocates on the benign path, and the
//! whole has a size that no input can change.
//!
//! | file | concept |
//! |---|---|
//! | this one | the trait, its keys, updates and readings |
//! | [`bounded`] | the implementation in memory: tables, accounts and spellings, in the sizes of a [`profile`] |
//! | [`table`] | groups in sets of [`set`]; [`sketch`] says who may enter a full one |
//! | [`slot`] | one group: rings of counts, [`members`], [`linear`] counters |
//! | [`accounts`] | where accounts log in from |
//! | [`spellings`] | what keys stand for |
//! | [`snapshot`] | the bytes that outlive a restart |
//! | [`time`] | the clock that all of it lives by, whatever becomes of the machine's |
//! | [`model`] | the plainest implementation, which says what the bounded one must answer while it is not full |
//!
//! Nothing an attacker chooses indexes memory: callers hand in [`Key`]s, which are keyed hashes of a group (class and
//! value together, so that classes may share a table).

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

/// A keyed 64-bit hash of a group. Zero is an empty slot in tables, so it is never a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub std::num::NonZeroU64);

impl Key {
    /// The key for a hash.
    pub fn new(hash: u64) -> Self {
        Key(std::num::NonZeroU64::new(hash).unwrap_or(std::num::NonZeroU64::MIN))
    }

    /// The hash.
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

/// A table of counters: groups of one kind, with one length of window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// By client address; 15 minutes.
    Ip,
    /// By login; 15 minutes.
    Login,
    /// By network; 15 minutes.
    Network,
    /// By network and user agent; 15 minutes.
    Pair,
    /// By client address and event; 5 minutes.
    Event,
    /// For rules of a configuration: any group, with this window in seconds (one of [`WINDOWS`]).
    Window(u32),
}

/// The windows a rule may have, in seconds.
pub const WINDOWS: [u32; 11] = [60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/// Sub-buckets in a window; a ring has one more, for the one that is being filled.
pub const SUB_BUCKETS: u32 = 12;

/// The cells of a ring.
pub const RING: usize = SUB_BUCKETS as usize + 1;

/// The cells of the ring of the last day, of four hours each.
pub const LONG_RING: usize = 6;

/// Seconds in a cell of the ring of the last day.
pub const LONG_SUB_S: u32 = 4 * 3600;

/// How many members a slot knows exactly.
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

/// When something happened, and when it is told; seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Event time: it decides the sub-bucket.
    pub at_s: u32,
    /// Engine time: it decides what has expired. Never before `at_s` by more than the 5 s that clocks may differ.
    pub now_s: u32,
}

/// What one event adds to one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// It counts in the window and in the day. One that does not count takes a slot only where one is free: it neither
    /// asks for admission nor evicts.
    pub counted: bool,
    /// One more attempt of any kind, counted or not.
    pub all: bool,
    /// One more success.
    pub success: bool,
    /// The account has no such user.
    pub nonexistent: bool,
    /// The request was an attack by itself.
    pub waf: bool,
    /// The source is a known offender.
    pub flagged: bool,
    /// A member of the group for [`Reading::distinct`].
    pub member: Option<u64>,
    /// A member of another kind for [`Reading::second`].
    pub second: Option<u64>,
    /// A member of a third kind for [`Reading::third`].
    pub third: Option<u64>,
    /// An account that succeeded from where it is known, for [`Reading::familiar`].
    pub familiar: Option<u64>,
}

/// What is known of a group after an update, or now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Counts per sub-bucket, newest first: cell 0 holds the sub-bucket of `now` (of the newest event, if later).
    pub ring: [u16; RING],
    /// The length of a sub-bucket, in seconds.
    pub sub_s: u32,
    /// Count over the last day: the four-hour cell of now and the five before it.
    pub long: u32,
    /// Different members last seen within the ring: exact up to [`EXACT_MEMBERS`]; where there are more, an estimate over
    /// all since the ring last was empty.
    pub distinct: u32,
    /// Different members of the second kind since both rings last were empty; an estimate.
    pub second: u32,
    /// Likewise of the third kind.
    pub third: u32,
    /// Likewise of accounts that succeeded from where they are known.
    pub familiar: u32,
    /// Attempts of any kind. This and the next four are halved whenever the ring has advanced by six sub-buckets, and are
    /// zero once it is empty.
    pub all: u32,
    /// Successes.
    pub successes: u32,
    /// Attempts on accounts that do not exist.
    pub nonexistent: u32,
    /// Attempts that were attacks by themselves.
    pub waf: u32,
    /// Attempts from known offenders.
    pub flagged: u32,
    /// When the group was first and last seen, in seconds since the epoch.
    pub first_s: u32,
    /// See `first_s`.
    pub last_s: u32,
    /// What was estimated to have been missed before admission: never part of a count.
    pub missed: u32,
}

impl Reading {
    /// The count over a window: the sub-bucket being filled and as many full ones as cover the window, so that nothing
    /// younger than the window is missed. Windows beyond the ring read the day.
    pub fn count(&self, window_s: u32) -> u32 {
        let full = window_s.div_ceil(self.sub_s.max(1)) as usize;
        if full >= RING {
            return self.long;
        }
        self.ring.iter().take(full + 1).map(|count| u32::from(*count)).sum()
    }

    /// The count over the whole ring.
    pub fn window(&self) -> u32 {
        self.ring.iter().map(|count| u32::from(*count)).sum()
    }
}

/// What became of an update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Counted {
    /// Counted; what the group is now.
    Yes(Reading),
    /// No slot for a key seen so rarely.
    NotAdmitted,
    /// Older than the ring: counted in the day only, if at all.
    Late,
}

impl Counted {
    /// The reading, if it was counted.
    pub fn reading(self) -> Option<Reading> {
        match self {
            Counted::Yes(reading) => Some(reading),
            _ => None,
        }
    }
}

/// Where a login comes from, as hashes of any width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The network.
    pub network: Option<u64>,
    /// The device, or its traits where they are rare enough to tell.
    pub device: Option<u64>,
}

/// A success makes its origin familiar after this time, and not before.
pub const FAMILIAR_AFTER_S: u32 = 3600;

/// An origin is forgotten this long after the last success from it.
pub const FAMILIAR_FOR_S: u32 = 60 * 86_400;

/// The memory of one service.
pub trait State: Send + Sync {
    /// Adds to a group.
    fn add(&self, table: Table, key: Key, when: Moment, update: &Update) -> Counted;

    /// What is known of a group, without changing it; nothing, once neither the ring nor the day has anything of it.
    fn read(&self, table: Table, key: Key, now_s: u32) -> Option<Reading>;

    /// Whether a value was counted as a member of the group within its window, as far as that is known: a slot with more than
    /// [`EXACT_MEMBERS`] may say yes by mistake. No if the group is not known.
    fn has_member(&self, table: Table, key: Key, member: u64, now_s: u32) -> bool;

    /// Keeps the group's slot while a signal about it is open, or no longer.
    fn pin(&self, table: Table, key: Key, pinned: bool);

    /// Forgets a group.
    fn forget(&self, table: Table, key: Key);

    /// Keeps the spelling of a key as long as there is room; the first one stays.
    fn spell(&self, key: Key, text: &str);

    /// The spelling of a key.
    fn spelling(&self, key: Key) -> Option<String>;

    /// Forgets the spelling of a key.
    fn unspell(&self, key: Key);

    /// Whether the account has succeeded from this network or device, [`FAMILIAR_AFTER_S`] to [`FAMILIAR_FOR_S`] ago, or
    /// `None` when nothing is known of the account. A part of the origin that is absent matches nothing.
    fn familiar(&self, account: Key, origin: Origin, now_s: u32) -> Option<bool>;

    /// Remembers a success. An origin known by either part stays known, and familiar if it is: the time that is kept moves
    /// up to [`FAMILIAR_AFTER_S`] before now, never beyond, so that logging in twice in an hour makes nobody a stranger.
    fn remember(&self, account: Key, origin: Origin, now_s: u32);

    /// Forgets an account.
    fn forget_account(&self, account: Key);

    /// Frees what has expired, a bounded slice of the whole a call.
    fn sweep(&self, now_s: u32);

    /// The engine's clock was set back: every time that is kept moves by this many seconds, so that counts stay.
    fn rebase(&self, by_s: i64);

    /// Writes what outlives a restart: the accounts. Counters fill again within a window.
    fn save(&self, out: &mut Vec<u8>);

    /// Reads what [`State::save`] wrote; on an error nothing has changed.
    fn load(&self, bytes: &[u8], now_s: u32) -> Result<(), &'static str>;

    /// Bytes of memory, as allocated (pages that nobody touched included).
    fn memory(&self) -> usize;
}
