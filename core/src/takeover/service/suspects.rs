//! Successful logins during a distributed attack that have its traits.

use super::Work;
use super::told::Told;
use crate::takeover::config::rule::{Instant, Kind as RuleKind};
use crate::takeover::rules::deviation::poisson_99;
use crate::takeover::severity::Severity;
use crate::takeover::signal::{Clustered, Compromised, Slot};
use std::collections::HashSet;

/// The number of unfamiliar successes up to which each is evaluated at once, and later at most once a second: each time
/// costs a comparison with all of them.
const EVALUATED_AT_ONCE: usize = 64;
/// The number of suspicious successes beyond chance from which the attack has succeeded.
const SUCCEEDED: f64 = 3.0;

impl Work<'_> {
    /// Keeps an unfamiliar success during an attack for the clusters, and evaluates it at once if it matches one.
    pub(super) fn suspect(&mut self, slot: Slot, number: usize, told: &Told<'_>) {
        let traits = told.traits();
        self.mining().suspect(&traits, told.when.at_s, number as u64);
        if number >= EVALUATED_AT_ONCE && told.now() <= self.inner.judged_s {
            return;
        }
        let matches = |clustered: &Clustered| !clustered.cluster.stale && clustered.cluster.matches(&traits);
        if self.inner.signals.get(slot).is_some_and(|signal| signal.clusters.iter().any(matches)) {
            self.judge_successes(slot, told.now());
        }
    }

    /// Names the successes that match clusters, and raises the severity if there are more than chance explains.
    pub(super) fn judge_successes(&mut self, slot: Slot, now_s: u64) {
        let rules = &self.plan.config.rules;
        let rule = rules.iter().find(|rule| rule.kind == RuleKind::Instant(Instant::SuspiciousSuccess) && rule.enabled);
        let Some(rule) = rule.map(|rule| rule.id.clone()) else { return };
        let (Some(signal), Some(mining)) = (self.inner.signals.get(slot), &self.inner.mining) else { return };
        let lasted_s = now_s.saturating_sub(signal.first_event_s).max(1) as f64;
        self.inner.judged_s = now_s;
        let known: HashSet<_> =
            signal.compromised.iter().map(|one| (one.login.as_deref(), one.user_id.as_deref())).collect();
        let (mut named, mut severity): (Vec<(usize, bool)>, _) = (vec![], Severity::Low);
        for clustered in signal.clusters.iter().filter(|clustered| !clustered.cluster.stale) {
            let cluster = &clustered.cluster;
            let matching = mining.suspects(&cluster.items);
            let lambda = signal.usual_successes * cluster.metrics.collateral_upper * lasted_s;
            let count = matching.len();
            if count as u64 <= u64::from(poisson_99(lambda)) {
                continue;
            }
            let certain = count as f64 - lambda >= SUCCEEDED;
            severity = severity.max(if certain { Severity::Critical } else { Severity::High });
            named.extend(matching.into_iter().map(|number| (number as usize, certain)));
        }
        if severity <= Severity::Low {
            return;
        }
        let successes: Vec<(Compromised, bool)> = named
            .into_iter()
            .filter_map(|(number, certain)| Some((signal.suspicious.get(number)?, certain)))
            .filter(|(one, _)| !known.contains(&(one.login.as_deref(), one.user_id.as_deref())))
            .map(|(one, certain)| (one.clone(), certain))
            .collect();
        if let Some(signal) = self.inner.signals.get_mut(slot)
            && !signal.variants.contains(&rule)
        {
            signal.variants.push(rule);
        }
        self.raise_at(slot, severity, now_s);
        for (success, certain) in successes {
            if let Some(who) = self.who_succeeded(&success) {
                self.compromise(slot, &who, "cluster_match", success.at_s, certain);
            }
        }
        // A graver signal may be answered.
        self.renew_rules(slot, now_s);
    }
}
