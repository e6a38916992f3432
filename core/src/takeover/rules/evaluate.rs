//! Evaluates the cases of a rule for a group, and looks for benign causes.

use crate::takeover::config::condition::Metric;
use crate::takeover::config::rule::{Guard, Rule};
use crate::takeover::severity::Severity;
use crate::takeover::state::Reading;

/// The result of evaluating a rule for a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The severity.
    pub severity: Severity,
    /// A probable benign cause.
    pub likely_cause: Option<&'static str>,
}

/// Evaluates the cases of a rule. `memory_is_cold` means that too little is known yet of where accounts log in from.
pub fn judge(rule: &Rule, reading: &Reading, memory_is_cold: bool) -> Option<Finding> {
    let shared = rule.has(Guard::SharedEgress);
    let scale = if shared { (1.0 + f64::from(reading.familiar) / 20.0).min(5.0) } else { 1.0 };
    if shared && memory_is_cold && value(rule, reading, Metric::FailRatio) < 0.5 {
        return None;
    }
    let metrics = |metric| value(rule, reading, metric);
    let case = rule.cases.iter().find(|case| case.when.holds(&metrics, scale))?;
    let cause = cause(rule, reading);
    let severity = if matches!(cause, Some("stale_credential" | "probe")) { Severity::Info } else { case.severity };
    Some(Finding { severity, likely_cause: cause })
}

/// Looks for a cause other than the attack that the rule detects.
fn cause(rule: &Rule, reading: &Reading) -> Option<&'static str> {
    let count = reading.count(rule.window_s);
    if rule.has(Guard::StaleCredential) && count > 40 && (1..=2).contains(&reading.third) {
        return Some("stale_credential");
    }
    if rule.has(Guard::Probe) && is_probe(reading) {
        return Some("probe");
    }
    (rule.has(Guard::Scanner) && reading.waf * 5 >= reading.all.max(1)).then_some("scanner")
}

/// Whether attempts come from one account (or network) and device at an even, slow rate, without any success. A fast
/// rate does not qualify, so that an attacker who guesses at an even pace is not taken for a probe.
fn is_probe(reading: &Reading) -> bool {
    let span = reading.ring.iter().rposition(|count| *count > 0).unwrap_or(0);
    // The first and the last sub-bucket are only partly covered.
    let full = reading.ring.get(1..span).unwrap_or_default();
    let (least, most) = full.iter().fold((u16::MAX, 0), |(least, most), count| (least.min(*count), most.max(*count)));
    let is_even = full.len() >= PROBED && most - least.min(most) <= 1;
    let is_slow = u32::from(most) * QUICK_S <= reading.sub_s;
    reading.distinct == 1 && reading.third <= 1 && reading.successes == 0 && is_even && is_slow
}

/// The number of full sub-buckets needed to recognize an even rate.
const PROBED: usize = 8;
/// The interval between attempts, in seconds, below which the rate is fast.
const QUICK_S: u32 = 10;

/// Whether all attempts came from one network, or more than 80 % from known offenders.
pub fn comes_from_known(reading: &Reading) -> bool {
    reading.distinct == 1 || reading.flagged * 5 > reading.all * 4
}

/// Returns the value of a metric.
pub fn value(rule: &Rule, reading: &Reading, metric: Metric) -> f64 {
    let count = reading.count(rule.window_s);
    let share = |part: u32, whole: u32| if whole == 0 { 0.0 } else { f64::from(part.min(whole)) / f64::from(whole) };
    match metric {
        Metric::Counted => count.into(),
        Metric::All => reading.all.into(),
        Metric::Successes => reading.successes.into(),
        Metric::SuccessesFamiliar => reading.familiar.into(),
        Metric::Distinct(place) => {
            let members = [reading.distinct, reading.second, reading.third].get(place).copied().unwrap_or(0);
            // Members may stay longer in the slot than the counts they came with, but distinct values never exceed
            // the count.
            members.min(count).into()
        }
        Metric::FailRatio => share(reading.all, reading.all + reading.successes),
        Metric::NonexistentShare => share(reading.nonexistent, reading.all),
        Metric::ReputationShare => share(reading.flagged, reading.all),
        Metric::UnfamiliarShare => share(reading.window(), reading.all),
        Metric::WafShare => share(reading.waf, reading.all),
        Metric::Duration => reading.last_s.saturating_sub(reading.first_s).into(),
        Metric::Z | Metric::Cusum | Metric::Excess | Metric::RatioToBaseline => 0.0,
    }
}
