//! The choice of clusters: combinations that together cover the attack, the best ones first.

use super::super::item::Item;
use super::super::metrics::{Level, Metrics};
use super::beam::Combination;
use super::rows::{LEAST_SHARE, Row};
use super::samples::{Samples, Sets};
use crate::takeover::mining::bitmap::Bitmap;

/// The greatest collateral of a cluster.
const COLLATERAL: f64 = 0.02;
/// The least precision of a cluster.
const PRECISION: f64 = 0.95;
/// The maximum number of clusters.
const CLUSTERS: usize = 8;
/// By how much another combination must be better than one that is in use.
const IN_USE: f64 = 1.25;

/// A candidate with its samples.
struct Candidate {
    items: Vec<Item>,
    sets: Sets,
    metrics: Metrics,
    /// By how much known offenders and former use raise its rank.
    weight: f64,
}

/// The combinations that cover the attack.
#[derive(Debug, Default)]
pub struct Cover {
    /// Their items.
    pub chosen: Vec<Vec<Item>>,
    /// The samples that match any of them.
    pub covered: Sets,
}

impl Cover {
    /// The share of the attack that is covered.
    pub fn share(&self, samples: &Samples, level: &Level) -> f64 {
        Metrics::of(self.covered.counts(), samples.counts(), level).share
    }
}

/// Chooses among combinations; those of `in_use` stay unless others are clearly better.
pub fn choose(
    combinations: &[Combination],
    rows: &[Row],
    samples: &Samples,
    level: &Level,
    in_use: &[Vec<Item>],
) -> Cover {
    let all = samples.counts();
    let flagged = samples.filter(|sample| sample.facts.is_flagged());
    let usual = share(flagged.0[2].count(), all.successes);
    let fits = |metrics: &Metrics| metrics.collateral_upper <= COLLATERAL && metrics.precision >= PRECISION;
    let fitting = combinations.iter().filter(|combination| fits(&combination.metrics));
    let mut candidates: Vec<Candidate> = fitting
        .map(|combination| {
            let sets = combination.sets(rows);
            let items: Vec<Item> = combination.rows.iter().map(|row| rows[usize::from(*row)].item.clone()).collect();
            let offenders = of_offenders(&sets, &flagged.0[0]);
            let former = if in_use.contains(&items) { IN_USE } else { 1.0 };
            let weight = (1.0 + offenders - usual).max(0.1) * former;
            Candidate { items, sets, metrics: combination.metrics, weight }
        })
        .collect();
    let mut cover = Cover { chosen: vec![], covered: samples.none() };
    while cover.chosen.len() < CLUSTERS {
        let gain = |candidate: &Candidate| {
            let new = Metrics::of(candidate.sets.beyond(&cover.covered), all, level).share;
            (new >= LEAST_SHARE).then(|| new * candidate.metrics.lift.max(1e-9).log2() * candidate.weight)
        };
        let gains = candidates.iter().enumerate().filter_map(|(nth, candidate)| Some((nth, gain(candidate)?)));
        // Of equally good ones the first is taken: it has fewer items.
        let best = gains.reduce(|best, other| if other.1 > best.1 { other } else { best });
        let Some((nth, _)) = best else { break };
        let best = candidates.remove(nth);
        cover.covered.add(&best.sets);
        cover.chosen.push(best.items);
    }
    cover
}

fn of_offenders(sets: &Sets, flagged: &Bitmap) -> f64 {
    share(sets.0[0].common(flagged), sets.0[0].count())
}

fn share(part: u32, whole: u32) -> f64 {
    f64::from(part) / f64::from(whole.max(1))
}
