//! What analysts ask of the miner: clusters of their own, when traits occur, and whether the clusters explain an attack.

use super::cluster::{Cluster, Grade};
use super::item::Item;
use super::matcher::Matcher;
use super::metrics::Metrics;
use super::miner::Mining;
use super::reservoir::Reservoir;

/// The maximum number of clusters that analysts define.
const CUSTOM: usize = 32;

/// Login attempts that have the items of a cluster, in one hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explored {
    /// The beginning of the hour, in seconds since the Unix epoch.
    pub at_s: u64,
    /// Whether these are attempts of the attack, or logins before it.
    pub during: bool,
    /// All logins or attempts of the hour.
    pub logins: u64,
    /// How many of them match, as estimated from the samples.
    pub matches: f64,
}

/// Whether the clusters explain the attack, and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Isolated {
    /// The failures that no cluster matches, relative to the expected level: about 1 if the clusters are complete.
    pub residual: f64,
    /// For each cluster its id, and its matches per hour before the attack relative to those of the attack.
    pub present_before: Vec<(String, f64)>,
}

impl Mining {
    /// Defines a cluster on behalf of an analyst; an earlier one of this id is replaced. Its metrics are known after
    /// the next search. The id has 1 to 64 characters of `a-z`, `A-Z`, `0-9`, `_` and `-`, and is not one that the miner
    /// gives: `k` and a number.
    pub fn define(&mut self, id: &str, items: Vec<Item>) -> Result<(), String> {
        let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        let is_ours = id.strip_prefix('k').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        if !(1..=64).contains(&id.len()) || !is_plain || is_ours {
            return Err(
                "invalid id of a cluster, expected 1 to 64 of a-z, A-Z, 0-9, '_' and '-', not 'k1', 'k2', ...".into()
            );
        }
        if self.since_s.is_none() {
            return Err("there is no attack to compare with".into());
        }
        self.custom.retain(|cluster| cluster.id != id);
        self.searched_s = None;
        if self.custom.len() == CUSTOM {
            return Err(format!("there are already {CUSTOM} clusters of analysts"));
        }
        self.custom.push(Cluster {
            id: id.into(),
            items,
            metrics: Metrics { collateral_upper: 1.0, ..Metrics::default() },
            threat_intel: [0.0; 2],
            nonexistent: 0.0,
            present_before: 0.0,
            correlation: 0.0,
            grade: Grade::Monitor,
            stale: false,
            custom: true,
        });
        Ok(())
    }

    /// The logins per hour that have these items, before and during the attack, oldest first.
    pub fn explore(&self, items: &[Item]) -> Vec<Explored> {
        let mut matcher = Matcher::new(items, &self.columns, &self.strings);
        let mut share = |reservoir: &Reservoir, hour: u32| {
            let of_hour = reservoir.samples().iter().filter(|sample| sample.at_s / 3600 == hour);
            let (all, matches) = of_hour.fold((0u32, 0u32), |(all, matches), sample| {
                (all + 1, matches + u32::from(matcher.matches(sample, &self.strings)))
            });
            f64::from(matches) / f64::from(all.max(1))
        };
        let start_s = |hour: u32| u64::from(hour) * 3600;
        let mut explored = vec![];
        for hour in self.history.hours() {
            let successes = f64::from(hour.successes) * share(&self.successes, hour.hour);
            let failures = f64::from(hour.failures) * share(&self.failures, hour.hour);
            let logins = u64::from(hour.successes) + u64::from(hour.failures);
            let matches = successes + failures;
            explored.push(Explored { at_s: start_s(hour.hour), during: false, logins, matches });
        }
        let minutes: Vec<_> = self.history.minutes().collect();
        for of_hour in minutes.chunk_by(|one, other| one.minute / 60 == other.minute / 60) {
            let hour = of_hour[0].minute / 60;
            let logins: u64 = of_hour.iter().map(|minute| u64::from(minute.attempts)).sum();
            let matches = logins as f64 * share(&self.attack, hour);
            explored.push(Explored { at_s: start_s(hour), during: true, logins, matches });
        }
        explored
    }

    /// Tests whether the clusters explain the attack, given the failures and their expected number.
    pub fn isolate(&self, failures: f64, expected: f64) -> Isolated {
        let left = failures.max(0.0) * (1.0 - self.covered);
        let present = |cluster: &Cluster| (cluster.id.clone(), cluster.present_before);
        Isolated { residual: left / expected.max(0.5), present_before: self.clusters().map(present).collect() }
    }
}
