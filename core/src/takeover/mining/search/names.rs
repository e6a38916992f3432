//! The items about the presence of headers.
//!
//! Considered are the commonest names of honest requests, which an attacker's program may lack, and a few of the
//! attack's own, which it may have in addition.

use super::super::dictionary::Dictionary;
use super::super::dimension::Dimension;
use super::super::item::Item;
use super::super::metrics::Level;
use super::super::sample::NAMES;
use super::rows::{Row, row};
use super::samples::{Samples, Sets};
use crate::support::NumberMap;
use std::collections::HashMap;

/// The number of names of honest requests.
const HONEST: usize = 24;
/// The number of further names of the attack.
const OWN: usize = 8;
/// The number of different sets of names that are read at once.
const CHUNK: usize = 128;
/// The number of samples that are looked at at once.
const SAMPLES: usize = 4096;

/// The search for these items.
#[derive(Default)]
pub struct Names {
    /// For each set of names, how many samples of the attack and of honest requests have it.
    sets: Vec<(u16, [u32; 2])>,
    /// The number of sets that were read.
    read: usize,
    /// How many samples of the attack and of honest requests have a name.
    counts: HashMap<String, [u64; 2]>,
    chosen: Vec<String>,
    /// For each set, which of the chosen names it has.
    masks: NumberMap<u16, u32>,
    is_counted: bool,
    /// The samples that have the chosen names, those that lack them, and the sample to look at next.
    present: Vec<Sets>,
    missing: Vec<Sets>,
    at: [usize; 2],
}

impl Names {
    /// Counts the sets of names.
    pub fn new(samples: &Samples) -> Self {
        let mut sets: NumberMap<u16, [u32; 2]> = NumberMap::default();
        for (kind, samples) in samples.0.iter().enumerate() {
            for sample in samples {
                sets.entry(sample.ids[NAMES]).or_default()[usize::from(kind > 0)] += 1;
            }
        }
        let mut sets: Vec<_> = sets.into_iter().collect();
        sets.sort_unstable();
        Names { sets, ..Names::default() }
    }

    /// Does a part of the search; returns the items once it is complete.
    pub fn step(&mut self, samples: &Samples, strings: &Dictionary, level: &Level) -> Option<Vec<Row>> {
        if self.read < self.sets.len() {
            self.read_sets(strings);
        } else if !self.is_counted {
            (self.chosen, self.is_counted, self.read) = (choose(std::mem::take(&mut self.counts)), true, 0);
            self.present = vec![samples.none(); self.chosen.len()];
            self.missing = self.present.clone();
        } else if self.at[0] < samples.0.len() {
            self.look_at(samples);
        } else {
            return Some(self.rows(samples, level));
        }
        None
    }

    /// Counts the names of some sets, or finds which of the chosen names they have.
    fn read_sets(&mut self, strings: &Dictionary) {
        let end = (self.read + CHUNK).min(self.sets.len());
        for (id, counts) in &self.sets[self.read..end] {
            let Some(set) = strings.text(*id) else { continue };
            if self.is_counted {
                self.masks.insert(*id, mask(set, &self.chosen));
            } else {
                count(&mut self.counts, set, counts);
            }
        }
        self.read = end;
    }

    /// Enters some samples in the sets of the names that they have and lack.
    fn look_at(&mut self, samples: &Samples) {
        let [kind, start] = self.at;
        let of_kind = &samples.0[kind];
        let end = (start + SAMPLES).min(of_kind.len());
        for (nth, sample) in of_kind.iter().enumerate().take(end).skip(start) {
            let Some(mask) = self.masks.get(&sample.ids[NAMES]) else { continue };
            for name in 0..self.chosen.len() {
                let sets = if mask >> name & 1 == 1 { &mut self.present } else { &mut self.missing };
                sets[name].0[kind].insert(nth);
            }
        }
        self.at = if end < of_kind.len() { [kind, end] } else { [kind + 1, 0] };
    }

    fn rows(&mut self, samples: &Samples, level: &Level) -> Vec<Row> {
        let (missing, present) = (std::mem::take(&mut self.missing), std::mem::take(&mut self.present));
        let items = |dimension, sets: Vec<Sets>| {
            let row = move |(name, sets): (&String, Sets)| row(Item::header(dimension, name), sets, samples, level);
            self.chosen.iter().zip(sets).map(row)
        };
        items(Dimension::Missing, missing).chain(items(Dimension::Present, present)).collect()
    }
}

fn count(counts: &mut HashMap<String, [u64; 2]>, set: &str, of_set: &[u32; 2]) {
    for name in set.split('\n') {
        let add = |counts: &mut [u64; 2]| {
            counts.iter_mut().zip(of_set).for_each(|(count, more)| *count += u64::from(*more));
        };
        match counts.get_mut(name) {
            Some(counts) => add(counts),
            None => add(counts.entry(name.to_owned()).or_default()),
        }
    }
}

fn choose(counts: HashMap<String, [u64; 2]>) -> Vec<String> {
    let mut all: Vec<(String, [u64; 2])> = counts.into_iter().collect();
    all.sort_by(|(one, [_, ones]), (other, [_, others])| others.cmp(ones).then_with(|| one.cmp(other)));
    let mut own = all.split_off(HONEST.min(all.len()));
    own.sort_by(|(one, [ones, _]), (other, [others, _])| others.cmp(ones).then_with(|| one.cmp(other)));
    own.truncate(OWN);
    all.extend(own);
    all.into_iter().map(|(name, _)| name).collect()
}

fn mask(set: &str, chosen: &[String]) -> u32 {
    set.split('\n').filter_map(|name| chosen.iter().position(|one| one == name)).fold(0, |mask, nth| mask | 1 << nth)
}
