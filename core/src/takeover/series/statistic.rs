//! How unusual a count is.

/// What one bucket can add to a CUSUM at most, so that a single outlier opens nothing.
const MOST: f64 = 4.0;
/// The drift of a CUSUM: the excess that is tolerated for ever.
const DRIFT: f64 = 0.75;

/// The deviation of a count from the expected one in standard deviations of a quasi-Poisson variable with dispersion
/// `phi`, after the variance-stabilizing transform of Anscombe (1948).
pub fn z(y: f64, mu: f64, phi: f64) -> f64 {
    2.0 * ((y + 0.375).sqrt() - (mu + 0.375).sqrt()) / phi.sqrt()
}

/// A one-sided cumulative sum (Page 1954) of deviations, one per five minutes, which finds small deviations that last.
/// It has a ceiling, so that it falls soon after a long attack.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cusum(f64);

impl Cusum {
    /// Adds the deviation of a bucket.
    pub fn add(&mut self, z: f64, ceiling: f64) {
        self.0 = (self.0 + z.min(MOST) - DRIFT).clamp(0.0, ceiling);
    }

    /// The sum.
    pub fn get(self) -> f64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_by_hand() {
        for (y, mu, phi, expected) in [
            (31.0, 3.0, 1.0, 7.53),
            (73.0, 48.7, 1.0, 3.12),
            (130.0, 100.0, 2.0, 1.98),
            (203.0, 100.0, 2.0, 5.999),
            (3.0, 3.0, 1.0, 0.0),
        ] {
            let z = z(y, mu, phi);
            assert!((z - expected).abs() < 0.01, "{y} where {mu} is expected: {z}");
        }
        assert!(z(203.0, 100.0, 2.0) < 6.0 && z(204.0, 100.0, 2.0) >= 6.0);
    }

    #[test]
    fn a_small_excess_that_lasts_adds_up() {
        let mut cusum = Cusum::default();
        let buckets = (1..).find(|_| {
            cusum.add(1.98, 13.0);
            cusum.get() >= 12.0
        });
        assert_eq!(buckets, Some(10));
        for _ in 0..20 {
            cusum.add(70.0, 13.0);
        }
        assert_eq!(cusum.get(), 13.0);
        for _ in 0..20 {
            cusum.add(0.0, 13.0);
        }
        assert_eq!(cusum.get(), 0.0);
    }
}
