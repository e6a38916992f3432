//! The choice of clusters: combinations that together cover the attack, the best ones first.

use super::super::item::Item;
use super::super::metrics::{Level, Metrics};
use super::beam::Combination;
use super::rows::{LEAST_SHARE, Row};
use super::samples::{Samples, Sets};

/// The greatest collateral of a cluster.
const COLLATERAL: f64 = 0.02;
/// The least precision of a cluster.
const PRECISION: f64 = 0.95;
/// The maximum number of clusters.
const CLUSTERS: usize = 8;
/// By how much another combination must be better than one that is in use.
const IN_USE: f64 = 1.25;
/// The number of candidates that are compared at once.
const CHUNK: usize = 64;

/// A candidate with its samples.
struct Candidate {
    items: Vec<Item>,
    sets: Sets,
    metrics: Metrics,
    /// By how much known offenders and former use raise its rank.
    weight: f64,
}

/// The choice, which is made in parts.
pub struct Cover {
    /// The combinations that are not yet candidates, in reverse.
    combinations: Vec<Combination>,
    candidates: Vec<Candidate>,
    /// The samples of known offenders.
    flagged: Sets,
    /// The candidate to compare next, and the best so far with its gain.
    at: usize,
    best: Option<(usize, f64)>,
    /// The items of the chosen combinations.
    pub chosen: Vec<Vec<Item>>,
    /// The samples that match any of them.
    pub covered: Sets,
}

impl Cover {
    /// Starts to choose among combinations.
    pub fn new(combinations: Vec<Combination>, samples: &Samples) -> Self {
        let fits = |metrics: &Metrics| metrics.collateral_upper <= COLLATERAL && metrics.precision >= PRECISION;
        let fitting = combinations.into_iter().filter(|combination| fits(&combination.metrics));
        Cover {
            combinations: fitting.rev().collect(),
            candidates: vec![],
            flagged: samples.filter(|sample| sample.facts.is_flagged()),
            at: 0,
            best: None,
            chosen: vec![],
            covered: samples.none(),
        }
    }

    /// Does a part of the choice; returns whether it is complete. Combinations of `in_use` stay unless others are
    /// clearly better.
    pub fn step(&mut self, rows: &[Row], samples: &Samples, level: &Level, in_use: &[Vec<Item>]) -> bool {
        if !self.combinations.is_empty() {
            for _ in 0..CHUNK {
                let Some(combination) = self.combinations.pop() else { break };
                let candidate = self.candidate(&combination, rows, samples, in_use);
                self.candidates.push(candidate);
            }
            return false;
        }
        let end = (self.at + CHUNK).min(self.candidates.len());
        for nth in self.at..end {
            // Of equally good ones the first is taken: it has fewer items.
            if let Some(gain) = self.gain(&self.candidates[nth], samples, level)
                && self.best.is_none_or(|(_, best)| gain > best)
            {
                self.best = Some((nth, gain));
            }
        }
        self.at = end;
        if end < self.candidates.len() {
            return false;
        }
        let Some((nth, _)) = self.best.take() else { return true };
        let best = self.candidates.remove(nth);
        self.covered.add(&best.sets);
        self.chosen.push(best.items);
        self.at = 0;
        self.chosen.len() == CLUSTERS
    }

    fn candidate(&self, found: &Combination, rows: &[Row], samples: &Samples, in_use: &[Vec<Item>]) -> Candidate {
        let sets = found.sets(rows);
        let items: Vec<Item> = found.rows.iter().map(|row| rows[usize::from(*row)].item.clone()).collect();
        let offenders = share(sets.0[0].common(&self.flagged.0[0]), found.metrics.matches.attack);
        let usual = share(self.flagged.0[2].count(), samples.counts().successes);
        let former = if in_use.contains(&items) { IN_USE } else { 1.0 };
        Candidate { items, sets, metrics: found.metrics, weight: (1.0 + offenders - usual).max(0.1) * former }
    }

    /// The value of a candidate: the share of the attack that it adds times the logarithm of its lift; `None` if it
    /// adds too little.
    fn gain(&self, candidate: &Candidate, samples: &Samples, level: &Level) -> Option<f64> {
        let new = Metrics::of(candidate.sets.beyond(&self.covered), samples.counts(), level).share;
        (new >= LEAST_SHARE).then(|| new * candidate.metrics.lift.max(1e-9).log2() * candidate.weight)
    }

    /// The share of the attack that is covered.
    pub fn share(&self, samples: &Samples, level: &Level) -> f64 {
        Metrics::of(self.covered.counts(), samples.counts(), level).share
    }
}

fn share(part: u32, whole: u32) -> f64 {
    f64::from(part) / f64::from(whole.max(1))
}
