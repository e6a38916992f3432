//! The latest attempts, of which a signal that opens can tell who made them.
//!
//! The tables know how many accounts and sources a group had, but not which, so whoever attacks before and after a
//! signal opens would be counted twice or not at all.

use crate::takeover::signal::Counts;
use crate::takeover::state::Key;
use std::collections::VecDeque;

/// The number of attempts.
const KEPT: usize = 8192;
/// The number of groups of an attempt; more only custom rules have.
const GROUPS: usize = 8;

/// An attempt that rules counted.
struct Attempt {
    at_s: u32,
    /// The upper halves of the keys of its groups.
    groups: [u32; GROUPS],
    account: Option<Key>,
    source: Option<u64>,
    network: Option<u64>,
    /// Whether it counts as an unfamiliar failure of the service, which no signal explains.
    unexplained: bool,
}

/// See the [module](self).
#[derive(Default)]
pub(super) struct Attempts {
    kept: VecDeque<Attempt>,
    /// The groups of the attempt at hand.
    groups: Vec<u32>,
    /// The time of the latest attempt that was dropped.
    dropped_s: Option<u32>,
}

impl Attempts {
    /// Notes a group in which the attempt at hand was counted.
    pub fn counted(&mut self, group: Key) {
        self.groups.push(short(group));
    }

    /// Adds the attempt at hand, if it was counted in a group.
    pub fn add(
        &mut self,
        at_s: u32,
        account: Option<Key>,
        source: Option<u64>,
        network: Option<u64>,
        unexplained: bool,
    ) {
        if self.groups.is_empty() {
            return;
        }
        if self.kept.len() >= KEPT {
            self.dropped_s = self.kept.pop_front().map(|oldest| oldest.at_s);
        }
        let mut groups = [0; GROUPS];
        groups.iter_mut().zip(self.groups.drain(..)).for_each(|(place, group)| *place = group);
        self.groups.clear();
        self.kept.push_back(Attempt { at_s, groups, account, source, network, unexplained });
    }

    /// Returns time and source of the attempts of a group that were not explained, which they are from now on.
    pub fn explain(&mut self, group: Key) -> Vec<(u32, Option<u64>)> {
        let group = short(group);
        let of_group = self.kept.iter_mut().filter(|one| one.unexplained && one.groups.contains(&group));
        let explained = of_group.map(|one| {
            one.unexplained = false;
            (one.at_s, one.source)
        });
        explained.collect()
    }

    /// Adds those who made the attempts of a group from `since_s` on to the counts of a signal. Returns whether these
    /// are all attempts since then.
    pub fn count(&self, group: Key, since_s: u32, counts: &mut Counts) -> bool {
        let group = short(group);
        for attempt in self.kept.iter().filter(|one| one.at_s >= since_s && one.groups.contains(&group)) {
            attempt.account.into_iter().for_each(|account| counts.users.insert(account.get()));
            attempt.source.into_iter().for_each(|source| counts.ips.insert(source));
            attempt.network.into_iter().for_each(|network| counts.networks.insert(network));
        }
        self.dropped_s.is_none_or(|dropped_s| dropped_s < since_s)
    }
}

fn short(group: Key) -> u32 {
    (group.get() >> 32) as u32
}
