//! The items that are common enough in the attack, with the samples that have them.

use super::super::dictionary::{Dictionary, NONE, OTHER};
use super::super::dimension::Dimension;
use super::super::item::{Item, VALUES};
use super::super::metrics::{Counts, Level, Metrics, wilson_upper};
use super::super::sample::{Columns, Sample};
use super::samples::{Samples, Sets};
use crate::support::NumberMap;
use std::cmp::Reverse;
use std::collections::HashMap;

/// The least number of samples of the attack that have an item.
const LEAST: u32 = 30;
/// The least share of the attack that a cluster covers.
pub const LEAST_SHARE: f64 = 0.05;
/// The maximum number of items.
const ROWS: usize = 1024;
/// The least number of samples of the attack that have a value of a list: more than one honest user who tries again
/// and again is expected to leave.
const LEAST_LISTED: u32 = 10;
/// The least share of the attack's samples that have a value of a list.
const LEAST_LISTED_SHARE: f64 = 0.002;
/// The greatest collateral of a value of a list.
const LISTED_COLLATERAL: f64 = 0.0005;

/// An item with its samples.
#[derive(Clone, Debug)]
pub struct Row {
    /// The item.
    pub item: Item,
    /// The samples that have it.
    pub sets: Sets,
    /// Its metrics.
    pub metrics: Metrics,
}

/// The number of samples of an attack from which an item is considered.
pub fn support(attack: u32) -> u32 {
    LEAST.max((0.05 * f64::from(attack) / 2.0).ceil() as u32)
}

/// The items of one column.
pub fn of_column(column: usize, samples: &Samples, columns: &Columns, strings: &Dictionary, level: &Level) -> Vec<Row> {
    let Some((dimension, header)) = columns.dimension(column) else { return vec![] };
    let counts = count(samples.attack(), column);
    let least = support(samples.counts().attack);
    let mut frequent: Vec<u16> = counts.into_iter().filter(|(_, count)| *count >= least).map(|(id, _)| id).collect();
    frequent.sort_by(|one, other| strings.text(*one).cmp(&strings.text(*other)).then(one.cmp(other)));
    let place: NumberMap<u16, usize> = frequent.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let mut sets = vec![samples.none(); frequent.len()];
    for (kind, of_kind) in samples.0.iter().enumerate() {
        for (nth, sample) in of_kind.iter().enumerate() {
            if let Some(place) = place.get(&sample.ids[column]) {
                sets[*place].0[kind].insert(nth);
            }
        }
    }
    let item = |id: &u16| Item {
        cut: strings.is_cut(*id),
        ..Item::of(dimension, header, strings.text(*id).unwrap_or_default())
    };
    frequent.iter().zip(sets).map(|(id, sets)| row(item(id), sets, samples, level)).collect()
}

/// The items about cookies.
pub fn of_cookies(samples: &Samples, level: &Level) -> Vec<Row> {
    let rows = [("none", false), ("some", true)].map(|(value, has)| {
        let sets = samples.filter(|sample| sample.facts.has_cookies() == Some(has));
        row(Item::of(Dimension::Cookies, "", value), sets, samples, level)
    });
    rows.into()
}

/// An item with its metrics.
pub fn row(item: Item, sets: Sets, samples: &Samples, level: &Level) -> Row {
    let metrics = Metrics::of(sets.counts(), samples.counts(), level);
    Row { item, sets, metrics }
}

/// How often each string occurs in a column.
fn count(samples: &[Sample], column: usize) -> NumberMap<u16, u32> {
    let mut counts = NumberMap::default();
    for sample in samples {
        let id = sample.ids[column];
        if id != NONE && id != OTHER {
            *counts.entry(id).or_default() += 1;
        }
    }
    counts
}

/// The dimensions whose values can be listed.
pub fn is_listed(dimension: Dimension) -> bool {
    matches!(dimension, Dimension::UserAgent | Dimension::Network | Dimension::Value)
}

/// The values of a column that occur often in the attack and hardly elsewhere, as one item; `None` if there are fewer
/// than two.
pub fn list(column: usize, samples: &Samples, columns: &Columns, strings: &Dictionary, level: &Level) -> Option<Row> {
    let (dimension, header) = columns.dimension(column).filter(|(dimension, _)| is_listed(*dimension))?;
    let [attack, _, successes] = &samples.0;
    let honest = count(successes, column);
    let least = LEAST_LISTED.max((LEAST_LISTED_SHARE * attack.len() as f64).ceil() as u32);
    let is_rare = |id: &u16| {
        wilson_upper(honest.get(id).copied().unwrap_or(0), successes.len() as u32) <= LISTED_COLLATERAL
            && !strings.is_cut(*id)
    };
    let mut listed: Vec<(u32, &str, u16)> = count(attack, column)
        .into_iter()
        .filter(|(id, count)| *count >= least && is_rare(id))
        .filter_map(|(id, count)| Some((count, strings.text(id)?, id)))
        .collect();
    listed.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    listed.truncate(VALUES);
    if listed.len() < 2 {
        return None;
    }
    let ids: NumberMap<u16, ()> = listed.iter().map(|(.., id)| (*id, ())).collect();
    let sets = samples.filter(|sample| ids.contains_key(&sample.ids[column]));
    let mut values: Vec<String> = listed.iter().map(|(_, text, _)| (*text).to_owned()).collect();
    values.sort();
    Some(row(Item { dimension, header: header.into(), values, cut: false }, sets, samples, level))
}

/// Keeps items that `least` samples of the attack have and that cover enough of it. Of those that the same samples have only one is kept: one of `kept`,
/// or else the most stable. The result is ordered by item.
pub fn distinct(mut rows: Vec<Row>, least: u32, kept: &[Item]) -> Vec<Row> {
    rows.retain(|row| row.metrics.matches.attack >= least && row.metrics.share >= LEAST_SHARE);
    let is_kept = |row: &Row| kept.contains(&row.item);
    rows.sort_by_cached_key(|row| (Reverse((is_kept(row), row.item.stability())), row.item.clone()));
    let mut distinct: Vec<Row> = vec![];
    let mut by_counts: HashMap<Counts, Vec<usize>> = HashMap::new();
    for row in rows {
        let alike = by_counts.entry(row.metrics.matches).or_default();
        // Items of a cluster that is in use stay apart, so that it can be found again.
        if is_kept(&row) || !alike.iter().any(|other| distinct[*other].sets == row.sets) {
            alike.push(distinct.len());
            distinct.push(row);
        }
    }
    let mut rows = distinct;
    if rows.len() > ROWS {
        rows.sort_by(|one, other| other.metrics.rank().total_cmp(&one.metrics.rank()));
        rows.truncate(ROWS);
    }
    rows.sort_by(|one, other| one.item.cmp(&other.item));
    rows
}
