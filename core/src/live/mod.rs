//! Denylists of users and addresses that change while requests are served, without compiling a ruleset.
//!
//! Lists in configurations (`rules_data`) are compiled when they arrive, which takes a second for a million entries.
//! These sets serve decisions of the process itself: when an operator or a detector blocks somebody, the next request
//! must be refused. They hold millions of entries, take a microsecond per insertion, and are read without locks, so a
//! request waits neither for a writer nor for one that a `fork` interrupted.
//!
//! | file | concept |
//! |---|---|
//! | [`end`] | when an entry expires |
//! | [`prefix`] | addresses and networks |
//! | [`terms`] | the expiry and flags of an entry, packed into 32 bits |
//! | [`cells`] | a fixed-size hash table, with one atomic word per entry beside its key |
//! | [`table`] | a sharded hash table that grows incrementally |
//! | `room` | the size limit, and eviction when it is reached |
//! | [`addresses`], [`users`] | the two sets |
//!
//! An entry is in force up to and including its last second. If several networks contain an address, the one with the
//! latest end decides, as for the same entries in `rules_data`.

pub mod addresses;
pub mod cells;
pub mod end;
pub mod prefix;
mod refused;
mod room;
mod sync;
pub mod table;
pub mod terms;
pub mod users;

pub use addresses::Addresses;
pub use end::Until;
pub use prefix::Prefix;
pub use refused::Refused;
pub use terms::Entry;
pub use users::Users;

/// The sets of one process.
#[derive(Debug)]
pub struct LiveSets {
    /// The set that conditions name `blocked_ips`.
    pub addresses: Addresses,
    /// The set that conditions name `blocked_users`.
    pub users: Users,
}

impl LiveSets {
    /// The default limit of entries in each set.
    pub const LIMIT: usize = 4_194_304;

    /// Creates empty sets of at most `limit` entries each.
    pub fn with_limit(limit: usize) -> Self {
        Self { addresses: Addresses::with_limit(limit), users: Users::with_limit(limit) }
    }

    /// Removes expired entries from a bounded slice of the sets; repeated calls cover all of them.
    pub fn sweep(&self, now: u64) {
        self.addresses.sweep(now);
        self.users.sweep(now);
    }

    /// Sets whether automatic entries are enforced. Entries made by operators always are; automatic ones stay in the
    /// sets in any case.
    pub fn arm(&self, armed: bool) {
        self.addresses.arm(armed);
        self.users.arm(armed);
    }

    /// The memory allocated, in bytes.
    pub fn memory(&self) -> usize {
        self.addresses.memory() + self.users.memory()
    }
}

impl Default for LiveSets {
    fn default() -> Self {
        Self::with_limit(Self::LIMIT)
    }
}
