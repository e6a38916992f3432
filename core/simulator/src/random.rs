//! Random numbers that are the same on every machine and in every run, from a seed.

use std::f64::consts::PI;

/// Mixes two numbers into one that looks random (the finalizer of SplitMix64).
pub fn mix(seed: u64, number: u64) -> u64 {
    let mut z = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Turns a random number into one between 0 (inclusive) and 1 (exclusive).
pub fn unit(number: u64) -> f64 {
    (number >> 11) as f64 / (1u64 << 53) as f64
}

/// A generator (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random {
    seed: u64,
    drawn: u64,
}

impl Random {
    /// A generator for one purpose. Generators of different purposes are independent, so that a further source of
    /// events does not change the others.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let seed = purpose.bytes().fold(mix(seed, 0), |seed, byte| mix(seed, byte.into()));
        Random { seed, drawn: 0 }
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.drawn += 1;
        mix(self.seed, self.drawn)
    }

    /// A number from 0 (inclusive) to 1 (exclusive).
    pub fn unit(&mut self) -> f64 {
        unit(self.any())
    }

    /// An integer below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.any()) * u128::from(bound)) >> 64) as u64
    }

    /// An integer from one bound to another, both inclusive.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A standard normal number (Box-Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (2.0 * PI * self.unit()).cos()
    }

    /// A gamma-distributed number with mean 1 and this shape, at least 1 (Marsaglia and Tsang).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / shape;
            }
        }
    }

    /// A Poisson-distributed count; for large means the rounded normal number of the same mean and variance.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        if mean > 60.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64;
        }
        let (mut count, mut left) = (0, self.unit());
        let limit = (-mean).exp();
        while left > limit {
            count += 1;
            left *= self.unit();
        }
        count
    }
}

/// Sends 0..size to 0..size in an order that looks random, each exactly once (four rounds of a Feistel network, walked until
/// the result is in the range).
pub fn permuted(number: u64, size: u64, seed: u64) -> u64 {
    let half_bits = (64 - (size.max(2) - 1).leading_zeros()).div_ceil(2);
    let mask = (1u64 << half_bits) - 1;
    let mut at = number % size;
    loop {
        for round in 0..4 {
            let (left, right) = (at >> half_bits, at & mask);
            at = right << half_bits | (left ^ mix(seed ^ round, right)) & mask;
        }
        if at < size {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_have_their_means() {
        let mut random = Random::new(1, "test");
        let mean = |draw: &mut dyn FnMut() -> f64| (0..20_000).map(|_| draw()).sum::<f64>() / 20_000.0;
        assert!(mean(&mut || random.normal()).abs() < 0.03);
        assert!((mean(&mut || random.gamma(20.0)) - 1.0).abs() < 0.01);
        assert!((mean(&mut || random.poisson(3.0) as f64) - 3.0).abs() < 0.05);
        assert!((mean(&mut || random.poisson(200.0) as f64) - 200.0).abs() < 0.5);
        assert!((mean(&mut || random.between(4, 25) as f64) - 14.5).abs() < 0.2);
    }

    #[test]
    fn permutations_reach_everything_once() {
        for size in [1, 2, 7, 1000] {
            let mut all: Vec<_> = (0..size).map(|number| permuted(number, size, 5)).collect();
            assert!(size < 1000 || all.windows(2).filter(|two| two[0] + 1 == two[1]).count() < 20);
            all.sort_unstable();
            assert_eq!(all, (0..size).collect::<Vec<_>>());
        }
    }
}
