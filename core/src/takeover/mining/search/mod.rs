//! The search for what an attack's requests have in common and honest requests lack.
//!
//! | file | concept |
//! |---|---|
//! | this file | the search, which is done in parts |
//! | [`samples`] | a copy of the samples, and sets of them |
//! | [`rows`] | the items that are common enough, and lists of values |
//! | [`names`] | the items about the presence of headers |
//! | [`beam`] | combinations of items |
//! | [`cover`] | the choice of combinations |
//! | [`measure`] | what is shown of the chosen ones |
//!
//! The result depends on the samples only, not on how the search is divided into parts.

pub mod beam;
pub mod cover;
pub mod measure;
pub mod names;
pub mod rows;
pub mod samples;

use super::dictionary::Dictionary;
use super::history::History;
use super::item::Item;
use super::matcher::Matcher;
use super::metrics::{Level, Metrics};
use super::sample::{COLUMNS, Columns, NAMES};
use beam::{Beam, Combination};
use cover::Cover;
use measure::Times;
use names::Names;
use rows::{LEAST_SHARE, Row};
use samples::Samples;

/// The share of the attack from which on no lists of values are tried.
const COVERED: f64 = 0.5;

/// Why a set of items is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The search chose it.
    Chosen,
    /// It is in use, and the search did not choose it again.
    Former,
    /// An analyst defined it.
    Custom,
}

/// A set of items with what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The items.
    pub items: Vec<Item>,
    /// Why it is measured.
    pub why: Why,
    /// Their metrics.
    pub metrics: Metrics,
    /// The share of known offenders among the sources that match.
    pub offenders: f64,
    /// See [`measure::nonexistent`].
    pub nonexistent: f64,
    /// See [`measure::present_before`].
    pub present_before: f64,
    /// See [`measure::timing`].
    pub correlation: f64,
    /// See [`measure::is_stale`].
    pub stale: Option<bool>,
}

/// The result of a search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The chosen sets of items, then former ones and those of analysts.
    pub measured: Vec<Measured>,
    /// The share of known offenders among the sources of honest successes.
    pub usual_offenders: f64,
    /// The share of the attack's samples that the chosen sets match.
    pub covered: f64,
    /// The number of sampled successes.
    pub successes: u32,
}

/// What is done next.
enum Phase {
    Column(usize),
    Names(Box<Names>),
    Combine(Box<Beam>),
    Choose(Box<Cover>),
    List(usize),
    Measure(usize),
}

/// A search.
pub struct Search {
    samples: Samples,
    columns: Columns,
    level: Level,
    times: Times,
    /// The items of clusters in use, and those of analysts.
    in_use: Vec<Vec<Item>>,
    custom: Vec<Vec<Item>>,
    phase: Phase,
    rows: Vec<Row>,
    lists: Vec<Row>,
    tried_lists: bool,
    chosen: Vec<Vec<Item>>,
    covered: f64,
    found: Found,
}

impl Search {
    /// Starts a search.
    pub fn new(
        samples: Samples,
        columns: Columns,
        level: Level,
        times: Times,
        in_use: Vec<Vec<Item>>,
        custom: Vec<Vec<Item>>,
    ) -> Self {
        Search {
            samples,
            columns,
            level,
            times,
            in_use,
            custom,
            phase: Phase::Column(0),
            rows: vec![],
            lists: vec![],
            tried_lists: false,
            chosen: vec![],
            covered: 0.0,
            found: Found::default(),
        }
    }

    /// Does a part of the search, a few hundred microseconds at most; returns the result once it is complete.
    pub fn step(&mut self, strings: &Dictionary, history: &History) -> Option<Found> {
        match &mut self.phase {
            Phase::Column(COLUMNS) => {
                self.rows.extend(rows::of_cookies(&self.samples, &self.level));
                self.phase = Phase::Names(Box::new(Names::new(&self.samples)));
            }
            Phase::Column(column) => {
                let at = *column;
                self.phase = Phase::Column(at + 1);
                if at != NAMES {
                    self.rows.extend(rows::of_column(at, &self.samples, &self.columns, strings, &self.level));
                }
            }
            Phase::Names(names) => {
                if let Some(rows) = names.step(&self.samples, strings, &self.level) {
                    self.rows.extend(rows);
                    self.combine();
                }
            }
            Phase::Combine(beam) => {
                if beam.step(&self.rows, &self.samples, &self.level) {
                    let mut candidates = std::mem::take(&mut beam.candidates);
                    candidates.extend(self.former());
                    self.phase = Phase::Choose(Box::new(Cover::new(candidates, &self.samples)));
                }
            }
            Phase::Choose(cover) => {
                if cover.step(&self.rows, &self.samples, &self.level, &self.in_use) {
                    self.chosen = std::mem::take(&mut cover.chosen);
                    let attack = f64::from(self.samples.counts().attack.max(1));
                    self.covered = f64::from(cover.covered.0[0].count()) / attack;
                    let is_done = self.tried_lists || cover.share(&self.samples, &self.level) >= COVERED;
                    self.phase = if is_done { self.begin_measuring() } else { Phase::List(0) };
                }
            }
            Phase::List(COLUMNS) => {
                self.tried_lists = true;
                let lists = std::mem::take(&mut self.lists);
                if lists.is_empty() {
                    self.phase = self.begin_measuring();
                } else {
                    self.rows.extend(lists);
                    self.combine();
                }
            }
            Phase::List(column) => {
                let at = *column;
                self.phase = Phase::List(at + 1);
                let list = rows::list(at, &self.samples, &self.columns, strings, &self.level);
                self.lists.extend(list.filter(|list| list.metrics.share >= LEAST_SHARE));
            }
            Phase::Measure(nth) => {
                let at = *nth;
                if at == self.found.measured.len() {
                    return Some(std::mem::take(&mut self.found));
                }
                self.phase = Phase::Measure(at + 1);
                self.measure(at, strings, history);
            }
        }
        None
    }

    fn combine(&mut self) {
        let kept: Vec<Item> = self.in_use.iter().flatten().cloned().collect();
        self.rows = rows::distinct(std::mem::take(&mut self.rows), rows::support(self.samples.counts().attack), &kept);
        self.phase = Phase::Combine(Box::new(Beam::new(&self.rows)));
    }

    /// The combinations of clusters in use, which the beam may have missed.
    fn former(&self) -> Vec<Combination> {
        let combination = |items: &Vec<Item>| {
            let row = |item: &Item| self.rows.iter().position(|row| row.item == *item).map(|row| row as u16);
            let mut rows = items.iter().map(row).collect::<Option<Vec<_>>>()?;
            rows.sort_unstable();
            let sets = Combination { rows: rows.clone(), metrics: Metrics::default() }.sets(&self.rows);
            Some(Combination { rows, metrics: Metrics::of(sets.counts(), self.samples.counts(), &self.level) })
        };
        self.in_use.iter().filter_map(combination).collect()
    }

    fn begin_measuring(&mut self) -> Phase {
        let chosen = std::mem::take(&mut self.chosen);
        let former = self.in_use.iter().filter(|items| !chosen.contains(items));
        let former = former.map(|items| Measured::unmeasured(items, Why::Former));
        let custom = self.custom.iter().map(|items| Measured::unmeasured(items, Why::Custom));
        let chosen = chosen.iter().map(|items| Measured::unmeasured(items, Why::Chosen));
        self.found = Found {
            measured: chosen.chain(former).chain(custom).collect(),
            usual_offenders: measure::offenders(self.samples.0[2].iter()),
            covered: self.covered,
            successes: self.samples.counts().successes,
        };
        Phase::Measure(0)
    }

    fn measure(&mut self, nth: usize, strings: &Dictionary, history: &History) {
        let measured = &mut self.found.measured[nth];
        let mut matcher = Matcher::new(&measured.items, &self.columns, strings);
        let sets = self.samples.filter(|sample| matcher.matches(sample, strings));
        measured.metrics = Metrics::of(sets.counts(), self.samples.counts(), &self.level);
        measured.offenders = measure::offenders(measure::matching(&self.samples, &sets));
        measured.nonexistent = measure::nonexistent(measure::matching(&self.samples, &sets));
        measured.present_before = measure::present_before(&self.samples, &sets, history, self.times);
        measured.correlation = measure::timing(&self.samples, &sets, history);
        measured.stale = measure::is_stale(&self.samples, &sets, self.times);
    }
}

impl Measured {
    fn unmeasured(items: &[Item], why: Why) -> Self {
        Measured {
            items: items.to_vec(),
            why,
            metrics: Metrics::default(),
            offenders: 0.0,
            nonexistent: 0.0,
            present_before: 0.0,
            correlation: 0.0,
            stale: None,
        }
    }
}
