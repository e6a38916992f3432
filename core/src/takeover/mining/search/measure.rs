//! What is shown of a cluster besides its metrics: known offenders, matches before the attack, and their timing.

use super::super::history::History;
use super::super::metrics::correlation;
use super::super::sample::Sample;
use super::samples::{Samples, Sets};
use crate::support::NumberMap;

/// How long the present is, for the question whether a cluster is stale, in seconds.
const RECENT_S: u32 = 600;
/// The least number of recent samples that answer it.
const ENOUGH_RECENT: u32 = 30;
/// The share of recent attempts below which a cluster is stale.
const STALE: f64 = 0.01;
/// The length of the day before the attack, in seconds.
const DAY_S: u32 = 86_400;
/// The number of samples of that day that are enough; with fewer, all samples are used.
const ENOUGH_BEFORE: u32 = 100;
/// The number of minutes that are compared with the level of failures.
const MINUTES: usize = 120;
/// The number of minutes by which the level may follow.
const LAGS: usize = 3;

/// When the attack began, and what time it is, in seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Times {
    pub since_s: u32,
    pub now_s: u32,
}

/// The share of known offenders among the sources of samples.
pub fn offenders<'s>(samples: impl Iterator<Item = &'s Sample>) -> f64 {
    let mut sources = NumberMap::default();
    let flagged = samples
        .filter(|sample| sources.insert(sample.source, ()).is_none())
        .filter(|sample| sample.facts.is_flagged())
        .count();
    flagged as f64 / sources.len().max(1) as f64
}

/// The share of samples on accounts that do not exist, among those that say so.
pub fn nonexistent<'s>(samples: impl Iterator<Item = &'s Sample>) -> f64 {
    let known = samples.filter_map(|sample| sample.facts.exists());
    let (all, missing) = known.fold((0u32, 0u32), |(all, missing), exists| (all + 1, missing + u32::from(!exists)));
    f64::from(missing) / f64::from(all.max(1))
}

/// The samples of the attack that are in a set.
pub fn matching<'s>(samples: &'s Samples, sets: &'s Sets) -> impl Iterator<Item = &'s Sample> {
    let attack = samples.attack().iter().enumerate();
    attack.filter(|(nth, _)| sets.0[0].contains(*nth)).map(|(_, sample)| sample)
}

/// Whether fewer than 1 % of the attempts of the last ten minutes match; `None` if there are too few to say.
pub fn is_stale(samples: &Samples, sets: &Sets, times: Times) -> Option<bool> {
    let (mut all, mut matches) = (0, 0);
    for (nth, sample) in samples.attack().iter().enumerate() {
        if sample.at_s + RECENT_S >= times.now_s {
            all += 1;
            matches += u32::from(sets.0[0].contains(nth));
        }
    }
    (all >= ENOUGH_RECENT).then(|| f64::from(matches) < STALE * f64::from(all))
}

/// The matches per hour on the day before the attack, relative to those of its last hour.
pub fn present_before(samples: &Samples, sets: &Sets, history: &History, times: Times) -> f64 {
    let start_s = times.since_s.saturating_sub(DAY_S);
    let hours = history.hours().filter(|hour| (start_s / 3600..=times.since_s / 3600).contains(&hour.hour));
    let (failures, successes) = hours.fold((0, 0), |(failures, successes), hour| {
        (failures + u64::from(hour.failures), successes + u64::from(hour.successes))
    });
    let matches = |kind: usize, logins: u64| logins as f64 * share_of_day(samples, sets, kind, start_s);
    let before = (matches(1, failures) + matches(2, successes)) / 24.0;
    let attack = samples.attack().len().max(1) as f64;
    let recent_s = times.since_s.max(times.now_s.saturating_sub(3600));
    let now = history.attempts_per_hour(recent_s, times.now_s) * f64::from(sets.0[0].count()) / attack;
    if before > 0.0 { before / now.max(before / 100.0) } else { 0.0 }
}

/// The share of samples of a kind since a time that match.
fn share_of_day(samples: &Samples, sets: &Sets, kind: usize, start_s: u32) -> f64 {
    let of = |since_s: u32| {
        let (mut all, mut matches) = (0, 0);
        for (nth, _) in samples.0[kind].iter().enumerate().filter(|(_, sample)| sample.at_s >= since_s) {
            all += 1;
            matches += u32::from(sets.0[kind].contains(nth));
        }
        (all, matches)
    };
    let (all, matches) = of(start_s);
    let (all, matches) = if all >= ENOUGH_BEFORE { (all, matches) } else { of(0) };
    f64::from(matches) / f64::from(all.max(1))
}

/// The correlation of the matches per minute with the failures beyond the expected level, which may follow within two
/// minutes.
pub fn timing(samples: &Samples, sets: &Sets, history: &History) -> f64 {
    let mut by_minute: NumberMap<u32, (u32, u32)> = NumberMap::default();
    for (nth, sample) in samples.attack().iter().enumerate() {
        let (all, matches) = by_minute.entry(sample.at_s / 60).or_default();
        *all += 1;
        *matches += u32::from(sets.0[0].contains(nth));
    }
    let minutes: Vec<_> = history.minutes().collect();
    let minutes = &minutes[minutes.len().saturating_sub(MINUTES)..];
    let matches = minutes.iter().map(|minute| {
        let (all, matches) = by_minute.get(&minute.minute).copied().unwrap_or_default();
        f64::from(minute.attempts) * f64::from(matches) / f64::from(all.max(1))
    });
    let matches: Vec<f64> = matches.collect();
    let excess: Vec<f64> = minutes.iter().map(|minute| minute.excess).collect();
    let with_lag = |lag: usize| {
        let until = matches.len().saturating_sub(lag);
        correlation(&matches[..until], excess.get(lag..).unwrap_or_default())
    };
    (0..LAGS).map(with_lag).fold(-1.0, f64::max)
}
