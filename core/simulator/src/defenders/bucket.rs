//! CrowdSec's leaky buckets: one per source address, which overflows when failures come faster than they leak.
//!
//! The parameters are those of the scenarios `http-generic-bf` and, for distinct users, of the slow user enumeration that
//! its hub has for SSH, with the ban of the default profile. A bucket overflows when it would hold more than its capacity;
//! a bucket that ran empty is forgotten.

use super::{Alarm, Bans, ByAddress, alarm};
use crate::event::{Event, Login};
use crate::time::{HOUR, SECOND};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// How long an address is banned.
const BAN_MS: u64 = 4 * HOUR;

/// A scenario.
pub struct Buckets {
    name: &'static str,
    capacity: f64,
    /// The time in which one event leaks.
    leak_ms: f64,
    /// Whether several events of one user count once.
    distinct: bool,
    buckets: HashMap<IpAddr, Bucket>,
    bans: Bans,
}

#[derive(Default)]
struct Bucket {
    level: f64,
    at_ms: u64,
    users: HashSet<Login>,
}

impl Buckets {
    /// `http-generic-bf`: capacity 5, an event leaks in 10 s.
    pub fn generic() -> Self {
        Self::new("generic", 5.0, 10 * SECOND, false)
    }

    /// The slow user enumeration: capacity 10, an event leaks in 60 s, distinct users.
    pub fn slow_enumeration() -> Self {
        Self::new("slow enumeration", 10.0, 60 * SECOND, true)
    }

    fn new(name: &'static str, capacity: f64, leak_ms: u64, distinct: bool) -> Self {
        let (buckets, bans) = (HashMap::new(), Bans::default());
        Buckets { name, capacity, leak_ms: leak_ms as f64, distinct, buckets, bans }
    }
}

impl ByAddress for Buckets {
    fn bans(&self) -> &Bans {
        &self.bans
    }

    fn failed(&mut self, event: &Event, alarms: &mut Vec<Alarm>) {
        let bucket = self.buckets.entry(event.ip).or_default();
        bucket.level -= (event.at_ms - bucket.at_ms) as f64 / self.leak_ms;
        bucket.at_ms = event.at_ms;
        if bucket.level <= 0.0 {
            *bucket = Bucket { at_ms: event.at_ms, ..Bucket::default() };
        }
        if self.distinct && !bucket.users.insert(event.login) {
            return;
        }
        bucket.level += 1.0;
        if bucket.level > self.capacity {
            self.buckets.remove(&event.ip);
            self.bans.ban(event.ip, event.at_ms + BAN_MS);
            alarms.push(alarm(event, self.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::by_hand::{failure, run};
    use super::*;

    #[test]
    fn the_sixth_of_a_burst_overflows_and_bans_for_four_hours() {
        let mut burst: Vec<_> = (0..8).map(|n| failure(n, 1, 0)).collect();
        burst.push(failure(5 + 4 * 3600 - 1, 1, 0));
        burst.push(failure(5 + 4 * 3600, 1, 0));
        assert_eq!(run(&mut Buckets::generic(), &burst), (vec![5], vec![6, 7, 8]));
    }

    #[test]
    fn what_leaks_as_fast_as_it_comes_never_overflows() {
        let slow: Vec<_> = (0..100).map(|n| failure(n * 10, 1, 0)).collect();
        assert_eq!(run(&mut Buckets::generic(), &slow), (vec![], vec![]));
        // Of events each 7 s, three tenths remain: 1 + 0.3 n exceeds 5 for n = 14.
        let faster: Vec<_> = (0..30).map(|n| failure(n * 7, 1, 0)).collect();
        assert_eq!(run(&mut Buckets::generic(), &faster).0, [14]);
    }

    #[test]
    fn only_distinct_users_count_as_enumeration() {
        let same: Vec<_> = (0..100).map(|n| failure(n, 1, n % 10)).collect();
        assert_eq!(run(&mut Buckets::slow_enumeration(), &same).0, []);
        let distinct: Vec<_> = (0..12).map(|n| failure(n, 1, n)).collect();
        assert_eq!(run(&mut Buckets::slow_enumeration(), &distinct), (vec![10], vec![11]));
    }
}
