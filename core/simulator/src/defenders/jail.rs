//! fail2ban's defaults: five failures of an address within ten minutes ban it for ten minutes.

use super::{Alarm, Bans, ByAddress, alarm};
use crate::event::Event;
use crate::time::MINUTE;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

const FAILURES: usize = 5;
const WITHIN_MS: u64 = 10 * MINUTE;
const BAN_MS: u64 = 10 * MINUTE;

/// A jail.
pub struct Jail {
    /// The times of failures, by address.
    failures: HashMap<IpAddr, VecDeque<u64>>,
    bans: Bans,
}

impl Jail {
    /// An empty jail.
    pub fn new() -> Self {
        Jail { failures: HashMap::new(), bans: Bans::default() }
    }
}

impl ByAddress for Jail {
    fn bans(&self) -> &Bans {
        &self.bans
    }

    fn failed(&mut self, event: &Event, alarms: &mut Vec<Alarm>) {
        let times = self.failures.entry(event.ip).or_default();
        times.push_back(event.at_ms);
        times.retain(|at| event.at_ms - at < WITHIN_MS);
        if times.len() >= FAILURES {
            self.failures.remove(&event.ip);
            self.bans.ban(event.ip, event.at_ms + BAN_MS);
            alarms.push(alarm(event, "jail"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::by_hand::{failure, run};
    use super::*;

    #[test]
    fn the_fifth_failure_in_ten_minutes_bans_for_ten_minutes() {
        let burst: Vec<_> =
            (0..6).map(|n| failure(n, 1, n)).chain([failure(4 + 599, 1, 0), failure(4 + 600, 1, 0)]).collect();
        assert_eq!(run(&mut Jail::new(), &burst), (vec![4], vec![5, 6]));
        let slow: Vec<_> = (0..20).map(|n| failure(n * 150, 1, n)).collect();
        assert_eq!(run(&mut Jail::new(), &slow), (vec![], vec![]));
        let faster: Vec<_> = (0..6).map(|n| failure(n * 149, 1, n)).collect();
        assert_eq!(run(&mut Jail::new(), &faster).0, [4]);
    }
}
