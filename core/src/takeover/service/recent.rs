//! Pending successes: recent ones, which a signal that opens later may include, and quarantined ones, which are
//! trusted after a day without a signal.

use crate::takeover::address::Prefix;
use crate::takeover::state::{Key, Origin};

/// A success from an origin not known to be familiar.
pub(in crate::takeover) struct RecentSuccess {
    pub at_s: u64,
    pub who: Who,
    /// The groups it belongs to.
    pub groups: Vec<Key>,
    pub network: Option<u64>,
}

/// The account of a success.
#[derive(Clone)]
pub(in crate::takeover) struct Who {
    pub account: Key,
    pub login: Option<String>,
    pub user_id: Option<String>,
    pub ip: Option<Prefix>,
}

/// A success whose origin is recorded only if no signal names the account meanwhile.
pub(in crate::takeover) struct Quarantined {
    pub due_s: u64,
    pub account: Key,
    pub origin: Origin,
}
