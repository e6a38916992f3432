//! The thresholds per account and per address that a vendor documents for its detection rules, in windows of fifteen
//! minutes. Attacking addresses are blocked for twelve hours. The vendor's distributed rules are closed, so they are not
//! modelled.

use super::{Alarm, Bans, ByAddress, alarm};
use crate::event::{Event, Login};
use crate::time::{HOUR, MINUTE};
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;

const WINDOW_MS: u64 = 15 * MINUTE;
/// More failures than these on an account.
const BY_ACCOUNT: usize = 40;
/// More failures of an address than these, on more accounts than these.
const BY_ADDRESS: usize = 30;
const ACCOUNTS: usize = 5;
/// The failures in a group from which an address is blocked.
const OF_ADDRESS: usize = 3;
const BLOCK_MS: u64 = 12 * HOUR;
/// How long a signal stays open after the last failure.
const KEEP_ALIVE_MS: u64 = HOUR;

/// The rules.
pub struct Documented {
    accounts: Groups<Login, IpAddr>,
    addresses: Groups<IpAddr, Login>,
    bans: Bans,
}

/// Failures of groups within the window: when, and on or from what.
struct Groups<K, M>(HashMap<K, Group<M>>);

struct Group<M> {
    failures: VecDeque<(u64, M)>,
    /// Until when the signal is open.
    open_ms: u64,
}

impl<K: Eq + Hash, M> Groups<K, M> {
    fn note(&mut self, key: K, at_ms: u64, member: M) -> &mut Group<M> {
        let group = self.0.entry(key).or_insert_with(|| Group { failures: VecDeque::new(), open_ms: 0 });
        group.failures.push_back((at_ms, member));
        while group.failures.front().is_some_and(|(at, _)| at_ms - at >= WINDOW_MS) {
            group.failures.pop_front();
        }
        group
    }
}

impl<M> Group<M> {
    /// Opens the signal, or keeps it open. Returns whether it is open, and whether it was not before.
    fn open(&mut self, at_ms: u64, found: bool) -> (bool, bool) {
        let was_open = at_ms < self.open_ms;
        if found || was_open {
            self.open_ms = at_ms + KEEP_ALIVE_MS;
        }
        (found || was_open, found && !was_open)
    }
}

impl Documented {
    /// The rules, without any history.
    pub fn new() -> Self {
        Documented { accounts: Groups(HashMap::new()), addresses: Groups(HashMap::new()), bans: Bans::default() }
    }
}

impl ByAddress for Documented {
    fn bans(&self) -> &Bans {
        &self.bans
    }

    fn failed(&mut self, event: &Event, alarms: &mut Vec<Alarm>) {
        let group = self.accounts.note(event.login, event.at_ms, event.ip);
        let found = group.failures.len() > BY_ACCOUNT;
        let (open, opened) = group.open(event.at_ms, found);
        if opened {
            alarms.push(alarm(event, "bruteforce"));
        }
        let mut blocked = vec![];
        if open {
            let mut counts: HashMap<IpAddr, usize> = HashMap::new();
            group.failures.iter().for_each(|(_, ip)| *counts.entry(*ip).or_default() += 1);
            blocked.extend(counts.into_iter().filter(|(_, count)| *count >= OF_ADDRESS).map(|(ip, _)| ip));
        }
        let group = self.addresses.note(event.ip, event.at_ms, event.login);
        let accounts = || group.failures.iter().map(|(_, login)| login).collect::<HashSet<_>>().len();
        let found = group.failures.len() > BY_ADDRESS && accounts() > ACCOUNTS;
        let (open, opened) = group.open(event.at_ms, found);
        if opened {
            alarms.push(alarm(event, "stuffing"));
        }
        blocked.extend(Some(event.ip).filter(|_| open));
        blocked.into_iter().for_each(|ip| self.bans.ban(ip, event.at_ms + BLOCK_MS));
    }
}

#[cfg(test)]
mod tests {
    use super::super::by_hand::{failure, run};
    use super::*;

    #[test]
    fn the_31st_failure_on_a_sixth_account_is_stuffing() {
        let six: Vec<_> = (0..32).map(|n| failure(n, 1, n % 6)).collect();
        assert_eq!(run(&mut Documented::new(), &six), (vec![30], vec![31]));
        let five: Vec<_> = (0..41).map(|n| failure(n, 1, n % 5)).collect();
        assert_eq!(run(&mut Documented::new(), &five).0, []);
        let slow: Vec<_> = (0..100).map(|n| failure(n * 30, 1, n)).collect();
        assert_eq!(run(&mut Documented::new(), &slow).0, [], "30 in a window");
    }

    #[test]
    fn the_41st_failure_on_an_account_is_bruteforce_and_blocks_who_made_three() {
        let botnet: Vec<_> = (0..60).map(|n| failure(n, n as u32, 7)).collect();
        assert_eq!(run(&mut Documented::new(), &botnet), (vec![40], vec![]), "single-use addresses are not blocked");
        let few: Vec<_> = (0..60).map(|n| failure(n, n as u32 % 3, 7)).collect();
        assert_eq!(run(&mut Documented::new(), &few), (vec![40], (41..60).collect()));
    }
}
