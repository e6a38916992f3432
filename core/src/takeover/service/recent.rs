//! Successes that wait for what comes of them: for a signal that opens after them, or for a day without one.

use crate::takeover::address::Prefix;
use crate::takeover::state::{Key, Origin};

/// A success from where the account is not known to be.
pub(in crate::takeover) struct RecentSuccess {
    pub at_s: u64,
    pub who: Who,
    /// The groups it belongs to.
    pub groups: Vec<Key>,
    pub network: Option<u64>,
}

/// Whose success it was.
#[derive(Clone)]
pub(in crate::takeover) struct Who {
    pub account: Key,
    pub login: Option<String>,
    pub user_id: Option<String>,
    pub ip: Option<Prefix>,
}

/// A success that is remembered only if nothing comes of it.
pub(in crate::takeover) struct Quarantined {
    pub due_s: u64,
    pub account: Key,
    pub origin: Origin,
}
