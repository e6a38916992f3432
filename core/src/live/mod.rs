//! Users and addresses refused from now on, until a time: changed while requests are served, without a new ruleset.
//!
//! Lists of configurations (`rules_data`) are compiled when they arrive, which takes a second for a million entries. These
//! sets are for what the process itself decides: a person or a detector blocks somebody, and the next request is refused.
//! They hold millions of entries, take one in a microsecond, and are read without locks: a request never waits for whoever
//! is writing, nor for one who stopped half way because the process forked.
//!
//! | file | concept |
//! |---|---|
//! | [`end`] | until when an entry holds |
//! | [`prefix`] | addresses and networks |
//! | [`terms`] | what an entry says, in 32 bits |
//! | [`cells`] | entries in one block of memory, one atomic word each beside its key |
//! | [`table`] | blocks that grow without stopping anybody |
//! | `room` | who gives way where there is no room |
//! | [`addresses`], [`users`] | the two sets |
//!
//! An entry still holds in its last second. Where several networks hold an address, the one that lasts longest decides, so
//! results are those of the same entries in `rules_data`.

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
    /// What conditions know as `blocked_ips`.
    pub addresses: Addresses,
    /// What conditions know as `blocked_users`.
    pub users: Users,
}

impl LiveSets {
    /// How many entries each set has room for, if nobody says.
    pub const LIMIT: usize = 4_194_304;

    /// Empty sets with room for this many entries each.
    pub fn with_limit(limit: usize) -> Self {
        Self { addresses: Addresses::with_limit(limit), users: Users::with_limit(limit) }
    }

    /// Frees some of what has expired, a bounded slice of the whole a call.
    pub fn sweep(&self, now: u64) {
        self.addresses.sweep(now);
        self.users.sweep(now);
    }

    /// Whether entries that no person made are enforced; they stay in the sets if not.
    pub fn arm(&self, armed: bool) {
        self.addresses.arm(armed);
        self.users.arm(armed);
    }

    /// Bytes of memory, as allocated.
    pub fn memory(&self) -> usize {
        self.addresses.memory() + self.users.memory()
    }
}

impl Default for LiveSets {
    fn default() -> Self {
        Self::with_limit(Self::LIMIT)
    }
}
