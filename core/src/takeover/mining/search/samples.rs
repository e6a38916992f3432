//! The samples of a search: a copy, so that new requests do not change them on the way.

use super::super::bitmap::Bitmap;
use super::super::metrics::Counts;
use super::super::sample::Sample;

/// The samples of an attack, of honest failures and of honest successes.
pub struct Samples(pub [Vec<Sample>; 3]);

/// A set of samples of each of the three kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sets(pub [Bitmap; 3]);

impl Samples {
    /// The samples of the attack.
    pub fn attack(&self) -> &[Sample] {
        &self.0[0]
    }

    /// How many samples there are.
    pub fn counts(&self) -> Counts {
        let [attack, failures, successes] = &self.0;
        let count = |samples: &Vec<Sample>| samples.len() as u32;
        Counts { attack: count(attack), failures: count(failures), successes: count(successes) }
    }

    /// Sets without samples.
    pub fn none(&self) -> Sets {
        Sets([0, 1, 2].map(|kind| Bitmap::new(self.0[kind].len())))
    }

    /// The sets of the samples for which a test holds.
    pub fn filter(&self, mut test: impl FnMut(&Sample) -> bool) -> Sets {
        let mut sets = self.none();
        for (samples, set) in self.0.iter().zip(&mut sets.0) {
            samples.iter().enumerate().filter(|(_, sample)| test(sample)).for_each(|(nth, _)| set.insert(nth));
        }
        sets
    }
}

impl Sets {
    /// How many samples they have.
    pub fn counts(&self) -> Counts {
        let [attack, failures, successes] = &self.0;
        Counts { attack: attack.count(), failures: failures.count(), successes: successes.count() }
    }

    /// The samples that both have.
    #[must_use]
    pub fn and(&self, other: &Sets) -> Self {
        Sets([0, 1, 2].map(|kind| self.0[kind].and(&other.0[kind])))
    }

    /// How many samples these have and others lack.
    pub fn beyond(&self, other: &Sets) -> Counts {
        let beyond = |kind: usize| self.0[kind].beyond(&other.0[kind]);
        Counts { attack: beyond(0), failures: beyond(1), successes: beyond(2) }
    }

    /// Adds samples.
    pub fn add(&mut self, other: &Sets) {
        self.0.iter_mut().zip(&other.0).for_each(|(set, more)| set.add(more));
    }
}
