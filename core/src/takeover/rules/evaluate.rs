//! Whether a group's counts are too much for a rule, and what may excuse them.

use crate::takeover::config::condition::Metric;
use crate::takeover::config::rule::{Guard, Rule};
use crate::takeover::severity::Severity;
use crate::takeover::state::Reading;

/// What a rule says of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// How grave.
    pub severity: Severity,
    /// What it probably is, if not what the rule looks for.
    pub likely_cause: Option<&'static str>,
}

/// Judges a group by a rule's cases. `memory_is_cold`: nothing is known yet of where accounts log in from.
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

/// What else than an attack the counts may be.
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

/// One account (or network) and device in an even beat, and never a success. A quick beat is no probe: whoever guesses at
/// an even pace must not pass for one.
fn is_probe(reading: &Reading) -> bool {
    let span = reading.ring.iter().rposition(|count| *count > 0).unwrap_or(0);
    // The first and the last sub-bucket are not full.
    let full = reading.ring.get(1..span).unwrap_or_default();
    let (least, most) = full.iter().fold((u16::MAX, 0), |(least, most), count| (least.min(*count), most.max(*count)));
    let is_even = full.len() >= PROBED && most - least.min(most) <= 1;
    let is_slow = u32::from(most) * QUICK_S <= reading.sub_s;
    reading.distinct == 1 && reading.third <= 1 && reading.successes == 0 && is_even && is_slow
}

/// Full sub-buckets from which on a beat can be told.
const PROBED: usize = 8;
/// Attempts less than this many seconds apart are quick.
const QUICK_S: u32 = 10;

/// Whether one network, or known offenders, made more than four in five of the attempts.
pub fn comes_from_known(reading: &Reading) -> bool {
    reading.distinct == 1 || reading.flagged * 5 > reading.all * 4
}

/// The value of a metric.
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
            // Members may outlive the counts by which they came; there are never more than these.
            members.min(count).into()
        }
        Metric::FailRatio => share(reading.all, reading.all + reading.successes),
        Metric::NonexistentShare => share(reading.nonexistent, reading.all),
        Metric::ReputationShare => share(reading.flagged, reading.all),
        Metric::UnfamiliarShare => share(reading.window(), reading.all),
        Metric::WafShare => share(reading.waf, reading.all),
        Metric::Duration => reading.last_s.saturating_sub(reading.first_s).into(),
    }
}
