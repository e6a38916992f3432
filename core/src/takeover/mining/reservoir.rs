//! A random sample of a stream, in which older requests become rarer.
//!
//! The weight of a request falls exponentially with its age. As long as the stream is younger than the mean age, this
//! is a uniform sample of all of it. A request is kept with the probability capacity / weight of the stream, and then
//! replaces a random one (biased reservoir sampling); so the share of a service with many logins is as old as that of
//! one with few, and most requests cost a random number and nothing else.

use super::dictionary::Dictionary;
use super::sample::Sample;

/// A random sample of bounded size.
#[derive(Debug)]
pub struct Reservoir {
    samples: Vec<Sample>,
    capacity: usize,
    mean_age_s: f64,
    /// The number of requests so far, each weighted by its age, at the time `at_s`.
    weight: f64,
    at_s: u32,
    random: u64,
}

impl Reservoir {
    /// An empty reservoir; requests are on average this old, in seconds. Equal seeds lead to equal choices.
    pub fn new(capacity: usize, mean_age_s: f64, seed: u64) -> Self {
        Reservoir { samples: vec![], capacity, mean_age_s, weight: 0.0, at_s: 0, random: seed }
    }

    /// A reservoir with samples from elsewhere.
    pub fn restored(self, samples: Vec<Sample>, weight: f64, at_s: u32) -> Self {
        Reservoir { samples, weight, at_s, ..self }
    }

    /// Offers the next request; it is sampled by `take` only if it is kept.
    pub fn offer(&mut self, now_s: u32, strings: &mut Dictionary, take: impl FnOnce(&mut Dictionary) -> Sample) {
        self.age(now_s);
        self.weight += 1.0;
        let is_full = self.samples.len() >= self.capacity;
        if is_full && self.below_one() * self.weight >= self.capacity as f64 {
            return;
        }
        if !is_full {
            let sample = take(strings);
            return self.samples.push(sample);
        }
        let place = ((self.below_one() * self.capacity as f64) as usize).min(self.capacity - 1);
        self.samples[place].release(strings);
        self.samples[place] = take(strings);
    }

    /// Lets the weight of former requests decline.
    fn age(&mut self, now_s: u32) {
        if now_s > self.at_s {
            self.weight *= (-f64::from(now_s - self.at_s) / self.mean_age_s).exp();
            self.at_s = now_s;
        }
    }

    /// A random number from zero to one, exclusive (SplitMix64).
    fn below_one(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// The samples, in no particular order.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The samples, to change what they refer to.
    pub fn samples_mut(&mut self) -> &mut [Sample] {
        &mut self.samples
    }

    /// The weight of the stream, and the time at which it was that.
    pub fn weight(&self) -> (f64, u32) {
        (self.weight, self.at_s)
    }

    /// Forgets the samples from a time on.
    pub fn forget_since(&mut self, since_s: u32, strings: &mut Dictionary) {
        let before = self.samples.len();
        let is_new = |sample: &mut Sample| sample.at_s >= since_s;
        self.samples.extract_if(.., is_new).for_each(|sample| sample.release(strings));
        self.weight *= self.samples.len() as f64 / before.max(1) as f64;
    }

    /// Takes all samples out; their strings are the caller's to release.
    pub fn take_all(&mut self) -> Vec<Sample> {
        self.weight = 0.0;
        std::mem::take(&mut self.samples)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{COLUMNS, Facts};
    use super::*;
    use crate::takeover::key::HashKey;

    fn sample(at_s: u32) -> Sample {
        Sample { ids: [0; COLUMNS], facts: Facts::default(), at_s, source: 0 }
    }

    fn filled(capacity: usize, mean_age_s: f64, per_s: u32, seconds: u32) -> Reservoir {
        let mut strings = Dictionary::new(HashKey([0, 0]));
        let mut reservoir = Reservoir::new(capacity, mean_age_s, 1);
        for second in 0..seconds {
            (0..per_s).for_each(|_| reservoir.offer(second, &mut strings, |_| sample(second)));
        }
        reservoir
    }

    fn mean_age(reservoir: &Reservoir, now_s: u32) -> f64 {
        let ages = reservoir.samples().iter().map(|sample| f64::from(now_s - sample.at_s));
        ages.sum::<f64>() / reservoir.samples().len() as f64
    }

    #[test]
    fn a_young_sample_is_uniform_and_an_old_one_ages() {
        let young = filled(1000, 1e9, 10, 2000);
        assert!((mean_age(&young, 2000) - 1000.0).abs() < 60.0, "{}", mean_age(&young, 2000));
        for per_s in [5, 50] {
            let old = filled(1000, 500.0, per_s, 5000);
            assert!((mean_age(&old, 5000) - 500.0).abs() < 60.0, "{per_s}: {}", mean_age(&old, 5000));
        }
        let few = filled(1000, 500.0, 1, 900);
        assert_eq!(few.samples().len(), 900);
    }

    #[test]
    fn what_is_not_kept_is_not_sampled() {
        let mut strings = Dictionary::new(HashKey([0, 0]));
        let mut reservoir = Reservoir::new(100, 1e9, 7);
        let mut taken = 0;
        for _ in 0..100_000 {
            reservoir.offer(1, &mut strings, |_| {
                taken += 1;
                sample(1)
            });
        }
        // 100 and then 100/n of each n-th request.
        assert!((600..1000).contains(&taken), "{taken}");
    }
}
