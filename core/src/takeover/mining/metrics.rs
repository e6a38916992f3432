//! How well a set of traits separates an attack from honest logins.

/// How strong an attack is, compared with honest logins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The share of the attack among the sampled failures: the excess over the expected level, divided by all. At
    /// least 0.05 is assumed.
    pub share: f64,
    /// Attempts per second now, expected ones included.
    pub attempts_per_s: f64,
    /// Legitimate login attempts per second, usual for the time of day.
    pub legitimate_per_s: f64,
}

impl Level {
    /// The share of the attack that is assumed.
    pub fn assumed_share(&self) -> f64 {
        if self.share.is_finite() { self.share.clamp(0.05, 1.0) } else { 0.05 }
    }
}

/// The numbers of samples: of the attack, of honest failures, and of honest successes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counts {
    /// Of the attack.
    pub attack: u32,
    /// Of honest failures.
    pub failures: u32,
    /// Of honest successes.
    pub successes: u32,
}

/// The metrics of a set of traits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metrics {
    /// The samples that match.
    pub matches: Counts,
    /// The share of the attack that matches, after honest failures among its samples are deducted.
    pub share: f64,
    /// The share of honest logins that match.
    pub collateral: f64,
    /// The upper bound of the collateral with a confidence of 95 %.
    pub collateral_upper: f64,
    /// The expected share of the attack among future attempts that match.
    pub precision: f64,
    /// By how much more often the attack matches than honest logins.
    pub lift: f64,
}

impl Metrics {
    /// Computes the metrics of `matches` of `all` samples.
    pub fn of(matches: Counts, all: Counts, level: &Level) -> Self {
        let ratio = |part: u32, whole: u32| f64::from(part) / f64::from(whole.max(1));
        let share_of_attack = level.assumed_share();
        // A small sample of failures says less about honest requests than that of all of them.
        let honest = match all.failures >= ENOUGH_FAILURES {
            true => ratio(matches.failures, all.failures),
            false => ratio(matches.failures + matches.successes, all.failures + all.successes),
        };
        let (a, n) = (f64::from(matches.attack), f64::from(all.attack));
        let share = ((a - (1.0 - share_of_attack) * n * honest) / (share_of_attack * n).max(1e-9)).clamp(0.0, 1.0);
        let collateral = ratio(matches.successes, all.successes);
        let collateral_upper = wilson_upper(matches.successes, all.successes);
        let hit = share_of_attack * level.attempts_per_s.max(0.0) * share;
        let missed = level.legitimate_per_s.max(0.0) * collateral_upper;
        let precision = if hit > 0.0 { hit / (hit + missed) } else { 0.0 };
        Metrics { matches, share, collateral, collateral_upper, precision, lift: share / collateral_upper }
    }

    /// The value by which sets of traits are ordered: the share of the attack times the logarithm of the lift.
    pub fn rank(&self) -> f64 {
        self.share * self.lift.max(1e-9).log2()
    }
}

/// The number of sampled failures from which their shares are used on their own.
const ENOUGH_FAILURES: u32 = 100;
/// The quantile of the normal distribution for 95 %, two-sided.
const Z: f64 = 1.96;

/// The upper bound of Wilson's interval of 95 % for a share; 1 if there is no sample.
pub fn wilson_upper(part: u32, whole: u32) -> f64 {
    if whole == 0 {
        return 1.0;
    }
    let n = f64::from(whole);
    let p = (f64::from(part) / n).min(1.0);
    let square = Z * Z;
    let spread = Z * (p * (1.0 - p) / n + square / (4.0 * n * n)).sqrt();
    ((p + square / (2.0 * n) + spread) / (1.0 + square / n)).min(1.0)
}

/// Pearson's correlation of two series; 0 if one of them is constant or they are short.
pub fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let n = one.len().min(other.len());
    if n < 3 {
        return 0.0;
    }
    let mean = |series: &[f64]| series[..n].iter().sum::<f64>() / n as f64;
    let (mean_one, mean_other) = (mean(one), mean(other));
    let (mut both, mut of_one, mut of_other) = (0.0, 0.0, 0.0);
    for (x, y) in one.iter().zip(other) {
        let (x, y) = (x - mean_one, y - mean_other);
        (both, of_one, of_other) = (both + x * y, of_one + x * x, of_other + y * y);
    }
    let spread = (of_one * of_other).sqrt();
    if spread > 0.0 { (both / spread).clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: Level = Level { share: 0.5, attempts_per_s: 10.0, legitimate_per_s: 2.0 };
    const ALL: Counts = Counts { attack: 8192, failures: 4096, successes: 12_288 };

    #[test]
    fn the_upper_bound_of_shares_by_hand() {
        // z^2 / (n + z^2) without a match.
        let table = [
            (0, 12_288, 0.000_312_5),
            (0, 3840, 0.000_999_4),
            (0, 3839, 0.000_999_7),
            (1, 12_288, 0.000_460_8),
            (50, 100, 0.596_17),
            (100, 100, 1.0),
            (0, 0, 1.0),
        ];
        for (part, whole, bound) in table {
            let found = wilson_upper(part, whole);
            assert!((found - bound).abs() < 5e-5 * bound.max(0.01), "{part}/{whole}: {found}");
        }
        assert!(wilson_upper(0, 3838) <= 0.001 && wilson_upper(0, 3837) > 0.001);
    }

    #[test]
    fn metrics_by_hand() {
        // Half of the attack's samples are honest failures, a tenth of which match as honest failures do elsewhere.
        let found = Metrics::of(Counts { attack: 2048 + 410, failures: 410, successes: 0 }, ALL, &LEVEL);
        assert!((found.share - 0.5).abs() < 0.001, "{}", found.share);
        // 0.5 * 10 * 0.5 against 2 * 0.0003125.
        assert!((found.precision - 2.5 / (2.5 + 0.000_625)).abs() < 1e-5);
        assert!((found.lift - 0.5 / 0.000_312_5).abs() < 2.0);
        assert!((found.rank() - 0.5 * 1600f64.log2()).abs() < 0.01);
        let none = Metrics::of(Counts { attack: 410, failures: 410, successes: 1229 }, ALL, &LEVEL);
        assert!(none.share < 0.001 && none.precision < 0.01 && none.rank() < 0.01);
    }

    #[test]
    fn a_small_sample_of_failures_is_joined_with_successes() {
        let all = Counts { attack: 100, failures: 10, successes: 990 };
        let found = Metrics::of(Counts { attack: 60, failures: 0, successes: 200 }, all, &LEVEL);
        // 60 - 50 * 0.2 of 50.
        assert!((found.share - 1.0).abs() < 1e-9);
        assert!((found.collateral - 200.0 / 990.0).abs() < 1e-9);
    }

    #[test]
    fn extreme_levels_give_finite_numbers() {
        for value in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
            let level = Level { share: value, attempts_per_s: 0.0, legitimate_per_s: 0.0 };
            for all in [ALL, Counts::default()] {
                let found = Metrics::of(all, all, &level);
                assert!(found.share.is_finite() && found.precision.is_finite() && found.rank().is_finite());
            }
        }
    }

    #[test]
    fn correlations() {
        let rising = [1.0, 2.0, 3.0, 4.0];
        assert!((correlation(&rising, &[2.0, 4.0, 6.0, 8.0]) - 1.0).abs() < 1e-9);
        assert!((correlation(&rising, &[4.0, 3.0, 2.0, 1.0]) + 1.0).abs() < 1e-9);
        assert_eq!(correlation(&rising, &[5.0; 4]), 0.0);
        assert_eq!(correlation(&rising[..2], &[1.0, 2.0]), 0.0);
    }
}
