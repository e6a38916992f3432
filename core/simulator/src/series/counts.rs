//! The counts of a service in buckets of five minutes, over more than a year: seasons, growth, noise, holidays, and innocent
//! events that raise the number of failures.

use crate::people::daily::curve;
use crate::random::Random;

/// The buckets of a day.
pub const DAY: u32 = 288;
/// The days that are learned before anything is scored, and the scored days.
pub const LEARNED: u32 = 28;
pub const SCORED: u32 = 364;

/// Failures per login: those of familiar users, and of others. Measured in services whose medians are 1, 15 and 168 in five
/// minutes.
const FAMILIAR: f64 = 0.089;
const UNFAMILIAR: f64 = 0.0086;
/// The growth of the volume per day.
const GROWTH: f64 = 1.002;
/// The volume at weekends and on holidays.
const WEEKEND: f64 = 0.7;
const HOLIDAY: f64 = 0.5;
/// The noise of days, and that of buckets, which follows the bucket before.
const DAY_NOISE: f64 = 0.09;
const AR: (f64, f64) = (0.8, 0.06);
/// The period of holidays, flash crowds, outages and reset days, in days.
const HOLIDAYS: u32 = 33;
const CROWDS: u32 = 45;
const OUTAGES: u32 = 30;
const RESETS: u32 = 90;
/// How often a person tries during an outage or on a reset day.
const TRIES: f64 = 6.0;
/// The logins of a reset day in addition to the usual ones, and the failures of each.
const RESET: (f64, f64) = (0.75, 1.5);

/// How well the service knows its accounts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Memory {
    /// As measured.
    Good,
    /// This share of failures is unfamiliar, and drifts slowly.
    Poor(f64),
}

/// A bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Unfamiliar failures.
    pub unfamiliar: u32,
    /// The number of people and addresses behind them.
    pub people: u32,
    /// Familiar failures.
    pub familiar: u32,
    /// Successes.
    pub successes: u32,
}

/// Makes buckets.
#[derive(Clone, Debug)]
pub struct Year {
    random: Random,
    logins_per_day: f64,
    memory: Memory,
    bucket: u32,
    day_noise: f64,
    noise: f64,
    drift: f64,
    /// The crowd, outage or reset of the day: the first and last bucket, and how strong it is.
    crowd: (u32, u32, f64),
    outage: (u32, u32),
    is_reset: bool,
}

impl Year {
    /// A service of so many logins a day.
    pub fn new(seed: u64, logins_per_day: f64, memory: Memory) -> Self {
        Year {
            random: Random::new(seed, &format!("year {logins_per_day} {memory:?}")),
            logins_per_day,
            memory,
            bucket: 0,
            day_noise: 1.0,
            noise: 0.0,
            drift: 0.0,
            crowd: (0, 0, 1.0),
            outage: (0, 0),
            is_reset: false,
        }
    }

    /// The next bucket.
    pub fn next(&mut self) -> Counts {
        let (day, at) = (self.bucket / DAY, self.bucket % DAY);
        if at == 0 {
            self.begin_day(day);
        }
        self.noise = AR.0 * self.noise + AR.1 * self.random.normal();
        let mut logins = self.logins_per_day / f64::from(DAY) * curve(f64::from(at) / f64::from(DAY) * 24.0);
        logins *= GROWTH.powi(day as i32) * self.day_noise * self.noise.exp();
        if (day % 7) >= 5 {
            logins *= WEEKEND;
        }
        if day % HOLIDAYS == HOLIDAYS - 1 {
            logins *= HOLIDAY;
        }
        let within = |(from, to): (u32, u32)| (from..to).contains(&self.bucket);
        if within((self.crowd.0, self.crowd.1)) {
            logins *= self.crowd.2;
        }
        let mut failures = logins * (FAMILIAR + UNFAMILIAR);
        let (mut successes, mut tries) = (logins, 1.1);
        if within(self.outage) {
            (failures, successes, tries) = (logins * TRIES, 0.0, TRIES);
        } else if self.is_reset && (96..192).contains(&at) {
            (failures, successes, tries) = (failures + logins * RESET.0 * RESET.1, logins * (1.0 + RESET.0), 2.5);
        }
        let share = self.unfamiliar_share();
        self.bucket += 1;
        let people = self.random.poisson(failures * share / tries) as u32;
        Counts {
            unfamiliar: self.tries(people, tries),
            people,
            familiar: {
                let people = self.random.poisson(failures * (1.0 - share) / tries) as u32;
                self.tries(people, tries)
            },
            successes: self.random.poisson(successes) as u32,
        }
    }

    /// The tries of people who make so many on average, each at least one.
    fn tries(&mut self, people: u32, mean: f64) -> u32 {
        people + self.random.poisson(f64::from(people) * (mean - 1.0)) as u32
    }

    fn unfamiliar_share(&self) -> f64 {
        match self.memory {
            Memory::Good => UNFAMILIAR / (FAMILIAR + UNFAMILIAR),
            Memory::Poor(share) => share * self.drift.exp(),
        }
    }

    fn begin_day(&mut self, day: u32) {
        self.day_noise = (DAY_NOISE * self.random.normal()).exp();
        self.drift = 0.97 * self.drift + 0.01 * self.random.normal();
        let first = day * DAY;
        let random = &mut self.random;
        let hours = |random: &mut Random, from: u64, to: u64, least: u64, most: u64| {
            let from = first + random.between(from * 12, to * 12) as u32;
            (from, from + random.between(least, most) as u32)
        };
        if day % CROWDS == CROWDS - 5 {
            let (from, to) = hours(random, 8, 21, 6, 18);
            self.crowd = (from, to, 3.0 + 9.0 * random.unit());
        }
        if day % OUTAGES == OUTAGES - 8 {
            self.outage = hours(random, 7, 22, 4, 9);
        }
        self.is_reset = day % RESETS == RESETS - 20;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_as_measured() {
        let median = |of: fn(&Counts) -> u32| {
            let mut year = Year::new(1, 40_000.0, Memory::Good);
            let mut values: Vec<u32> = (0..DAY * 392).map(|_| of(&year.next())).collect();
            values.sort_unstable();
            values[values.len() / 2]
        };
        let (unfamiliar, familiar, successes) =
            (median(|counts| counts.unfamiliar), median(|counts| counts.familiar), median(|counts| counts.successes));
        assert!(
            (1..=2).contains(&unfamiliar) && (12..=18).contains(&familiar) && (140..=200).contains(&successes),
            "{unfamiliar} {familiar} {successes}"
        );
    }
}
