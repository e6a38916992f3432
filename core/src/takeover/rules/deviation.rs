//! Deviations: rules about a service as a whole, evaluated once a minute.

use crate::takeover::config::condition::Metric;
use crate::takeover::config::field::Field;
use crate::takeover::config::rule::{Guard, Rule};
use crate::takeover::series::Name;
use crate::takeover::series::expected::{Expected, Tuning};
use crate::takeover::series::live::Window;
use crate::takeover::severity::Severity;
use crate::value::Value;

/// The number of events in one minute from which that minute is evaluated by itself, for speed.
pub const QUICK: u32 = 100;
/// The factor of the threshold of Z if familiar users cannot tell what is usual now.
const UNCONTROLLED: f64 = 1.5;
/// The factor of the thresholds of Z and CUSUM if the events are not spread. A loud source must neither look like many, nor
/// hide the others: they have to be evidence without it.
const NOT_SPREAD: f64 = 2.5;
/// The number of events per source above which sources are not single-use.
const PER_SOURCE: u64 = 10;
/// The share of the most frequent source above which the events are its own, in percent.
const LARGEST: u64 = 30;
/// The guard for services without a history: events, sources and accounts in 15 minutes, and the share of failures.
const COLD: (u32, u64, u64, f64) = (500, 200, 200, 0.8);

/// The measurement of a series over some minutes.
#[derive(Clone, Copy, Debug)]
pub struct Deviation {
    /// The series.
    pub name: Name,
    /// What happened.
    pub window: Window,
    /// What was to be expected.
    pub expected: Expected,
    /// The length of the window.
    pub minutes: u32,
    /// The CUSUM, in windows of an hour; the others look for quick changes.
    pub cusum: f64,
}

impl Deviation {
    /// The deviation in standard deviations.
    pub fn z(&self) -> f64 {
        self.expected.z(self.window.count.into())
    }

    /// The same with refused attempts, which count for whether an attack is over.
    pub fn z_with_refused(&self) -> f64 {
        self.expected.z(f64::from(self.window.count) + f64::from(self.window.refused))
    }

    /// Evaluates a rule.
    pub fn judge(&self, rule: &Rule, tuning: &Tuning) -> Option<Severity> {
        let case = rule.cases.iter().find(|case| case.when.holds(&|metric| self.value(rule, metric, tuning), 1.0))?;
        Some(case.severity)
    }

    /// Whether the events come from many sources, none of which makes most of them.
    fn is_spread(&self) -> bool {
        let count = u64::from(self.window.count) + u64::from(self.window.left_out);
        count <= PER_SOURCE * self.window.sources && u64::from(self.window.largest) * 100 <= LARGEST * count
    }

    fn value(&self, rule: &Rule, metric: Metric, tuning: &Tuning) -> f64 {
        let (y, mu) = (f64::from(self.window.count), self.expected.mu);
        let not_spread = if rule.has(Guard::Spread) && !self.is_spread() { NOT_SPREAD } else { 1.0 };
        match metric {
            Metric::Counted => y,
            Metric::Z => {
                let uncontrolled = if self.expected.control.is_none() { UNCONTROLLED } else { 1.0 };
                self.z() / tuning.tolerance / uncontrolled / not_spread
            }
            Metric::Cusum => self.cusum / tuning.tolerance / not_spread,
            Metric::Excess => (y - mu) / (f64::from(self.minutes) / 5.0).max(1.0),
            Metric::RatioToBaseline => y / mu,
            Metric::Duration => f64::from(self.minutes) * 60.0,
            Metric::Distinct(place) => match rule.counting.distinct.get(place) {
                Some(Field::Login) => self.window.users as f64,
                Some(Field::IpGroup) => self.window.sources as f64,
                _ => 0.0,
            },
            _ => 0.0,
        }
    }

    /// Returns the measurement as the evidence of a signal.
    pub fn evidence(&self) -> Value {
        let optional = |number: Option<f64>| number.map_or_else(Value::null, |number| Value::from(rounded(number)));
        let expected = &self.expected;
        let control = Value::from_entries([
            ("level", optional(expected.control)),
            ("kF", optional(expected.ratios[0])),
            ("kS", optional(expected.ratios[1])),
        ]);
        Value::from_entries([
            ("window_s", Value::from(u64::from(self.minutes) * 60)),
            ("y", Value::from(u64::from(self.window.count))),
            ("mu", Value::from(rounded(expected.mu))),
            ("phi", Value::from(rounded(expected.phi))),
            ("z", Value::from(rounded(self.z()))),
            ("cusum", Value::from(rounded(self.cusum))),
            ("level", Value::from(rounded(expected.level))),
            ("control", control),
            ("users", Value::from(self.window.users)),
            ("ips", Value::from(self.window.sources)),
            ("baseline", Value::from(expected.baseline)),
        ])
    }
}

/// Whether the failures of 15 minutes are an attack on a service of which nothing is known yet.
pub fn is_attack_without_history(window: &Window, successes: u32) -> bool {
    let (events, sources, users, share) = COLD;
    let tried = f64::from(window.count) + f64::from(successes);
    window.count >= events
        && window.sources >= sources
        && window.users >= users
        && f64::from(window.count) >= share * tried
}

/// The evidence of a signal without a history.
pub fn evidence_without_history(window: &Window) -> Value {
    Value::from_entries([
        ("window_s", Value::from(900_u64)),
        ("y", Value::from(u64::from(window.count))),
        ("users", Value::from(window.users)),
        ("ips", Value::from(window.sources)),
        ("baseline", Value::from("cold")),
    ])
}

/// Returns the 99 % quantile of a Poisson variable: that many unfamiliar successes are expected by chance.
pub fn poisson_99(lambda: f64) -> u32 {
    if lambda > 500.0 {
        // The normal approximation, with the quantile 2.3263 of the standard normal distribution.
        return (lambda + 2.3263 * lambda.sqrt()).ceil() as u32;
    }
    let mut term = (-lambda).exp();
    let (mut sum, mut count) = (term, 0);
    while sum < 0.99 && count < 1000 {
        count += 1;
        term *= lambda / f64::from(count);
        sum += term;
    }
    count
}

fn rounded(number: f64) -> f64 {
    (number * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_by_hand() {
        for (lambda, quantile) in [(0.0, 0), (0.1, 1), (0.5, 3), (1.0, 4), (2.0, 6), (5.0, 11), (10.0, 18)] {
            assert_eq!(poisson_99(lambda), quantile, "{lambda}");
        }
        assert!(poisson_99(499.0).abs_diff(poisson_99(501.0)) < 6);
    }

    /// The smallest count that opens the built-in rule.
    fn smallest(mu: f64, phi: f64) -> u32 {
        let rules = crate::takeover::config::Documents::default().merge().0.rules;
        let rule = rules.iter().find(|rule| rule.id == "ato-distributed-attempts").unwrap();
        let expected =
            Expected { mu, phi, level: mu, control: Some(mu), ratios: [None; 2], drift: 0.0, baseline: "28d" };
        let deviates = |count: u32| {
            let window = Window {
                count,
                refused: 0,
                users: count.into(),
                sources: count.into(),
                largest: 1,
                ..Window::default()
            };
            let deviation = Deviation { name: Name::Unfamiliar, window, expected, minutes: 5, cusum: 0.0 };
            deviation.judge(rule, &Tuning::default()).is_some()
        };
        (1..5000).find(|count| deviates(*count)).unwrap()
    }

    #[test]
    fn the_smallest_attacks_that_open() {
        let cases = [(0.5, 1.0), (3.0, 1.0), (10.0, 1.0), (30.0, 1.5), (100.0, 2.0), (1000.0, 3.0)];
        assert_eq!(cases.map(|(mu, phi)| smallest(mu, phi)), [21, 24, 39, 84, 204, 2000]);
    }

    #[test]
    fn a_service_without_history_is_attacked_by_hundreds() {
        let window = |count, sources, users| Window { count, sources, users, ..Window::default() };
        for (window, successes, attacked) in [
            (window(500, 200, 200), 125, true),
            (window(500, 200, 200), 126, false),
            (window(499, 200, 200), 0, false),
            (window(500, 199, 200), 0, false),
            (window(500, 200, 199), 0, false),
        ] {
            assert_eq!(is_attack_without_history(&window, successes), attacked, "{window:?} {successes}");
        }
    }
}
