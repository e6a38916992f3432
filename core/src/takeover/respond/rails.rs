//! Limits on the collateral damage of automatic blocks.
//!
//! Damage is measured by the successful logins from familiar origins in the last 24 hours that a block would have
//! refused. Small services have few logins, so up to four sessions and addresses are always allowed: otherwise a
//! share of a very small number would protect an attacker.

use super::super::signal::distinct::Distinct;
use std::collections::VecDeque;

/// The number of familiar accounts in 24 hours from which a source counts as shared; it is then never blocked
/// automatically.
pub const SHARED_ACCOUNTS: u32 = 5;
/// The number of sessions and addresses that may always be affected.
const ALWAYS: f64 = 4.0;
/// The share of the day's sessions that blocks may affect.
const SESSIONS: f64 = 0.005;
/// The share of the day's addresses that blocks may affect.
const ADDRESSES: f64 = 0.01;
/// The maximum number of new blocks per minute.
const PER_MINUTE: u32 = 20_000;
/// The number of hours that are counted.
const HOURS: u32 = 24;

/// The familiar logins and the blocks of the last day.
#[derive(Clone, Debug, Default)]
pub struct Rails {
    /// The familiar successes per hour.
    hours: VecDeque<(u32, u32)>,
    /// The addresses of familiar successes, of today and yesterday.
    addresses: [Distinct; 2],
    day: u32,
    /// The time of each block, and the number of sessions it would have affected.
    hits: VecDeque<(u32, u32)>,
    minute: (u32, u32),
}

impl Rails {
    /// Records a success from a familiar origin.
    pub fn note(&mut self, address: u64, now_s: u32) {
        let (hour, day) = (now_s / 3600, now_s / 86_400);
        if day != self.day {
            self.addresses.swap(0, 1);
            self.addresses[0] = Distinct::default();
            if day > self.day + 1 {
                self.addresses[1] = Distinct::default();
            }
            self.day = day;
        }
        self.addresses[0].insert(address);
        match self.hours.back_mut().filter(|(at, _)| *at == hour) {
            Some((_, count)) => *count += 1,
            None => self.hours.push_back((hour, 1)),
        }
        self.expire(now_s);
    }

    fn expire(&mut self, now_s: u32) {
        while self.hours.front().is_some_and(|(hour, _)| now_s / 3600 - hour.min(&(now_s / 3600)) >= HOURS) {
            self.hours.pop_front();
        }
        while self.hits.front().is_some_and(|(at, _)| now_s.saturating_sub(*at) >= HOURS * 3600) {
            self.hits.pop_front();
        }
    }

    /// Checks whether a block that would have affected this many sessions of the day is allowed. If so it is counted;
    /// otherwise the reason is returned.
    pub fn allow(&mut self, sessions: u32, now_s: u32) -> Result<(), &'static str> {
        self.expire(now_s);
        let minute = now_s / 60;
        if self.minute.0 != minute {
            self.minute = (minute, 0);
        }
        if self.minute.1 >= PER_MINUTE {
            return Err("more than 20,000 new blocks in a minute");
        }
        let total: u32 = self.hours.iter().map(|(_, count)| count).sum();
        let hit = sessions + self.hits.iter().map(|(_, sessions)| sessions).sum::<u32>();
        if sessions > 0 && f64::from(hit) > ALWAYS.max(SESSIONS * f64::from(total)) {
            return Err("blocks would hit more than 0.5 % of the sessions of the last 24 hours");
        }
        let addresses = self.addresses.iter().map(Distinct::count).max().unwrap_or(0) as f64;
        let hit = usize::from(sessions > 0) + self.hits.len();
        if sessions > 0 && hit as f64 > ALWAYS.max(ADDRESSES * addresses) {
            return Err("blocks would hit more than 1 % of the addresses of the last 24 hours");
        }
        if sessions > 0 {
            self.hits.push_back((now_s, sessions));
        }
        self.minute.1 += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_may_affect_few_sessions_of_the_day() {
        let mut rails = Rails::default();
        for n in 0..2000u64 {
            rails.note(n % 400, n as u32);
        }
        assert_eq!(rails.allow(10, 3000), Ok(()));
        assert!(rails.allow(1, 3000).is_err(), "0.5 % of 2,000 are 10");
        assert_eq!(rails.allow(0, 3000), Ok(()));
        assert_eq!(rails.allow(4, 3000 + 86_400), Ok(()), "a day later there are none, and four may always be hit");
        assert!(rails.allow(1, 3000 + 86_400).is_err());
    }

    #[test]
    fn blocks_per_minute_are_bounded() {
        let mut rails = Rails::default();
        assert!((0..20_000).all(|_| rails.allow(0, 60).is_ok()));
        assert!(rails.allow(0, 119).is_err() && rails.allow(0, 120).is_ok());
    }
}
