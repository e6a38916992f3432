//! Combinations of items: a beam search.
//!
//! A combination is extended by an item only if that at least halves the collateral and enough of the attack remains.
//! Of all combinations of one size, the best are extended further.

use super::super::metrics::{Counts, Level, Metrics};
use super::rows::{LEAST_SHARE, Row};
use super::samples::{Samples, Sets};
use std::collections::HashSet;

/// The number of combinations of one size that are extended.
const WIDTH: usize = 64;
/// The maximum number of items of a combination.
const ITEMS: usize = 4;
/// The collateral from which on a combination is not extended.
const ENOUGH: f64 = 0.0005;
/// The maximum number of combinations of one size that become candidates.
const CANDIDATES: usize = 256;
/// The number of combinations at which those that will not become candidates are dropped.
const MANY: usize = 1024;
/// The number of items that are tried in one step.
const CHUNK: usize = 32;

/// A combination: the numbers of its rows, ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct Combination {
    /// The rows.
    pub rows: Vec<u16>,
    /// Its metrics.
    pub metrics: Metrics,
}

/// The search.
#[derive(Default)]
pub struct Beam {
    /// All combinations found that may become clusters.
    pub candidates: Vec<Combination>,
    /// The combinations to extend, with their samples.
    front: Vec<(Combination, Sets)>,
    /// The combination and the row to try next.
    at: (usize, usize),
    next: Vec<Combination>,
    known: HashSet<Vec<u16>>,
}

impl Combination {
    /// The samples that have all of its items.
    pub fn sets(&self, rows: &[Row]) -> Sets {
        let mut all = self.rows.iter().map(|row| &rows[usize::from(*row)].sets);
        let Some(first) = all.next() else { return Sets::default() };
        all.fold(first.clone(), |sets, more| sets.and(more))
    }
}

impl Beam {
    /// Starts with single items.
    pub fn new(rows: &[Row]) -> Self {
        let single = |(nth, row): (usize, &Row)| Combination { rows: vec![nth as u16], metrics: row.metrics };
        let mut beam = Beam { next: rows.iter().enumerate().map(single).collect(), ..Beam::default() };
        beam.advance(rows);
        beam
    }

    /// Tries some extensions; returns whether the search is complete.
    pub fn step(&mut self, rows: &[Row], samples: &Samples, level: &Level) -> bool {
        let Some((former, sets)) = self.front.get(self.at.0) else {
            let can_grow = self.next.first().is_some_and(|combination| combination.rows.len() < ITEMS);
            self.advance(rows);
            if !can_grow {
                self.front.clear();
            }
            return self.front.is_empty();
        };
        let end = (self.at.1 + CHUNK).min(rows.len());
        for nth in self.at.1..end {
            let Some(extended) = extend(former, sets, nth as u16, rows, samples, level) else { continue };
            if self.known.insert(extended.rows.clone()) {
                self.next.push(extended);
            }
        }
        if self.next.len() >= MANY {
            best_first(&mut self.next);
        }
        self.at = if end < rows.len() { (self.at.0, end) } else { (self.at.0 + 1, 0) };
        false
    }

    /// Goes on to combinations of the next size.
    fn advance(&mut self, rows: &[Row]) {
        let mut found = std::mem::take(&mut self.next);
        best_first(&mut found);
        let open = found.iter().filter(|one| one.metrics.collateral_upper > ENOUGH).take(WIDTH);
        self.front = open.map(|one| (one.clone(), one.sets(rows))).collect();
        self.candidates.extend(found);
        self.known.clear();
        self.at = (0, 0);
    }
}

/// Orders combinations and keeps the best.
fn best_first(found: &mut Vec<Combination>) {
    found.sort_by(|one, other| {
        other.metrics.rank().total_cmp(&one.metrics.rank()).then_with(|| one.rows.cmp(&other.rows))
    });
    found.truncate(CANDIDATES);
}

fn extend(
    former: &Combination,
    sets: &Sets,
    nth: u16,
    rows: &[Row],
    samples: &Samples,
    level: &Level,
) -> Option<Combination> {
    let row = &rows[usize::from(nth)];
    if former.rows.iter().any(|known| rows[usize::from(*known)].item.excludes(&row.item)) {
        return None;
    }
    // Most extensions fail for the attack or the successes alone, so the others are not counted for them.
    let all = samples.counts();
    let common = |kind: usize| sets.0[kind].common(&row.sets.0[kind]);
    let attack = common(0);
    if f64::from(attack) < LEAST_SHARE * level.assumed_share() * f64::from(all.attack) {
        return None;
    }
    let successes = common(2);
    if 2 * successes > former.metrics.matches.successes {
        return None;
    }
    let matches = Counts { attack, successes, failures: common(1) };
    let metrics = Metrics::of(matches, all, level);
    let is_better = metrics.collateral_upper <= former.metrics.collateral_upper / 2.0;
    if metrics.share < LEAST_SHARE || !is_better {
        return None;
    }
    let place = former.rows.partition_point(|known| *known < nth);
    let mut rows = former.rows.clone();
    rows.insert(place, nth);
    Some(Combination { rows, metrics })
}
