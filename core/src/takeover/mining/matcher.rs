//! Items compiled for samples: strings are replaced by their numbers, so that a comparison is one of numbers.

use super::dictionary::Dictionary;
use super::dimension::Dimension;
use super::item::Item;
use super::sample::{Columns, NAMES, Sample};
use crate::support::NumberMap;

/// The items of a cluster, for one dictionary.
pub struct Matcher {
    tests: Vec<Test>,
    /// For each set of header names seen so far, whether it fits.
    sets: NumberMap<u64, bool>,
    names: Vec<(String, bool)>,
}

enum Test {
    /// The column has one of these numbers, which are ascending.
    Column(usize, Vec<u16>),
    Cookies(bool),
    /// The dimension is not sampled, or not any more.
    Never,
}

impl Matcher {
    /// Compiles items.
    pub fn new(items: &[Item], columns: &Columns, strings: &Dictionary) -> Self {
        let (mut tests, mut names) = (vec![], vec![]);
        for item in items {
            match item.dimension {
                Dimension::Missing => names.push((item.header.clone(), false)),
                Dimension::Present => names.push((item.header.clone(), true)),
                Dimension::Cookies => tests.push(match item.values.as_slice() {
                    [one] => Test::Cookies(one == "some"),
                    _ => Test::Never,
                }),
                dimension => tests.push(match columns.column(dimension, &item.header) {
                    Some(column) => {
                        let ids = item.values.iter().filter_map(|value| strings.find(value, item.cut));
                        let mut ids: Vec<u16> = ids.collect();
                        ids.sort_unstable();
                        Test::Column(column, ids)
                    }
                    None => Test::Never,
                }),
            }
        }
        Matcher { tests, sets: NumberMap::default(), names }
    }

    /// Whether a sample has all of the items.
    pub fn matches(&mut self, sample: &Sample, strings: &Dictionary) -> bool {
        let holds = |test: &Test| match test {
            Test::Column(column, ids) => ids.binary_search(&sample.ids[*column]).is_ok(),
            Test::Cookies(wanted) => sample.facts.has_cookies() == Some(*wanted),
            Test::Never => false,
        };
        self.tests.iter().all(holds) && (self.names.is_empty() || self.has_names(sample.ids[NAMES], strings))
    }

    fn has_names(&mut self, set: u16, strings: &Dictionary) -> bool {
        let names = &self.names;
        *self.sets.entry(set.into()).or_insert_with(|| {
            strings.text(set).is_some_and(|set| {
                names.iter().all(|(name, present)| set.split('\n').any(|one| one == name) == *present)
            })
        })
    }
}
