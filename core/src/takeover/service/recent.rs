//! Pending successes: recent ones, which a signal that opens later may include, and quarantined ones, which are
//! trusted after a day without a signal.

use crate::takeover::address::Prefix;
use crate::takeover::state::{Key, Origin};
use std::collections::{HashMap, VecDeque};

/// A success from an origin not known to be familiar.
pub(in crate::takeover) struct RecentSuccess {
    pub at_s: u64,
    pub who: Who,
    /// The groups it belongs to.
    pub groups: Vec<Key>,
    pub network: Option<u64>,
}

/// The maximum number of accounts that are remembered as new.
const NEWCOMERS: usize = 65_536;
/// How long an account is new, in seconds.
const NEW_FOR_S: u32 = 86_400;

/// The accounts that first succeeded within a day. Somebody who is about to attack can make accounts and log in to
/// them, but not yesterday, so they do not protect an address from being blocked.
#[derive(Default)]
pub(in crate::takeover) struct Newcomers {
    /// The times of their first successes.
    since_s: HashMap<Key, u32>,
    /// The same in order.
    order: VecDeque<(u32, Key)>,
}

impl Newcomers {
    /// Notes the first success of an account. If there are too many, the oldest is no longer new.
    pub fn note(&mut self, account: Key, now_s: u32) {
        if self.since_s.insert(account, now_s).is_none() {
            self.order.push_back((now_s, account));
        }
        while self.order.front().is_some_and(|(at, _)| self.order.len() > NEWCOMERS || !is_new(*at, now_s)) {
            if let Some((_, account)) = self.order.pop_front() {
                self.since_s.remove(&account);
            }
        }
    }

    /// Whether an account is new.
    pub fn contains(&self, account: Key, now_s: u32) -> bool {
        self.since_s.get(&account).is_some_and(|since_s| is_new(*since_s, now_s))
    }
}

fn is_new(since_s: u32, now_s: u32) -> bool {
    now_s.saturating_sub(since_s) < NEW_FOR_S
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
