//! The service as a whole: what its events add to the series, and the rules that evaluate these each minute.

use super::Work;
use super::told::Told;
use crate::takeover::config::rule::{Kind as RuleKind, Rule};
use crate::takeover::mining::Item;
use crate::takeover::mining::dimension::Dimension;
use crate::takeover::name;
use crate::takeover::rules::deviation::{Deviation, QUICK, evidence_without_history, is_attack_without_history};
use crate::takeover::series::history::Flags;
use crate::takeover::series::live::Window;
use crate::takeover::series::statistic::z;
use crate::takeover::series::{BUCKET_S, Name, Note, Topic};
use crate::takeover::severity::Severity;
use crate::takeover::signal::{Signal, Slot, campaign};
use crate::takeover::state::{Key, Reading, Table};

/// The number of events in an hour below which nothing is evaluated.
const LEAST: u32 = 15;
/// The share of failing accounts that soon succeed from which failures are people's own.
const RESOLVED: f64 = 0.3;
/// The deviation from which a network and user agent are unusual.
const PAIR_Z: f64 = 6.0;

impl Work<'_> {
    /// Adds an event to the series, and to the signals about the service that it belongs to. Returns whether it is an
    /// unfamiliar failure that no signal explains.
    pub(super) fn note_series(&mut self, told: &Told<'_>) -> bool {
        if told.subject.local {
            return false;
        }
        let (note, at_s) = (told.note(), told.when.at_s);
        match told.event.event.as_ref() {
            name::LOGIN_FAILURE => {
                if self.is_explained(told) {
                    return false;
                }
                self.sample(told, false);
                self.inner.series.failed(note, at_s);
                if told.familiar != Some(true) {
                    self.attribute(Topic::Logins, told, campaign::Kind::Failure);
                    return true;
                }
            }
            name::LOGIN_SUCCESS => {
                let counts = self.inner.series.succeeded(note, at_s);
                if counts {
                    self.sample(told, true);
                }
                self.note_login(told, counts);
                self.succeeded_at_large(told);
            }
            name::PASSWORD_RESET => {
                self.inner.series.happened(Name::Resets, note, at_s);
                self.attribute(Topic::Resets, told, campaign::Kind::Other);
            }
            name::PAYMENT_FAILURE => {
                self.inner.series.happened(Name::Payments, note, at_s);
                self.attribute(Topic::Payments, told, campaign::Kind::Other);
            }
            _ => {}
        }
        false
    }

    /// Adds a refused attempt to the series, and to the signals about the service.
    pub(super) fn note_refusal(&mut self, told: &Told<'_>) {
        if told.subject.local || self.is_explained(told) {
            return;
        }
        self.sample_refused(told);
        self.inner.series.refused(told.note(), told.when.at_s);
        if told.familiar != Some(true) {
            self.attribute(Topic::Logins, told, campaign::Kind::Refused);
        }
    }

    /// Whether a live signal about the source, the network or the account of a failure explains it. What a suppression
    /// silences is explained only if the suppression says so; otherwise an attacker could hide in it.
    pub(super) fn is_explained(&self, told: &Told<'_>) -> bool {
        if !self.inner.signals.any_live() {
            return false;
        }
        let plan = self.plan;
        let classes = plan.classes.iter().filter(|class| explains(class.table));
        classes.into_iter().any(|class| {
            let Some(key) = class.key(told.event, told.subject, self.hash) else { return false };
            plan.rules(class).any(|(_, rule)| {
                let signal = self.inner.signals.about(rule.family(), key).and_then(|slot| self.inner.signals.get(slot));
                signal.is_some_and(|signal| signal.is_live() && !self.may_hide(signal))
            })
        })
    }

    /// Whether a suppressed signal could hide an attack on the service.
    pub(super) fn may_hide(&self, signal: &Signal) -> bool {
        signal.suppressed_by.as_ref().is_some_and(|id| {
            let suppression = self.plan.config.suppressions.iter().find(|one| one.id == *id);
            !suppression.is_some_and(|suppression| suppression.treat_as_explained)
        })
    }

    /// Takes the earlier failures of a group, about which a signal has opened, out of the series. Those that another
    /// signal explained are not in it: to take them out would hide as many failures of others.
    pub(super) fn explain(&mut self, table: Table, key: Key) {
        if !explains(table) {
            return;
        }
        for (at_s, source) in self.inner.attempts.explain(key) {
            self.inner.series.live.explain(at_s, source);
        }
    }

    /// Evaluates the rules about the service at the end of each minute.
    pub(super) fn deviate(&mut self, now_s: u64) {
        let now_s = now_s as u32;
        if !self.inner.series.minute_ended(now_s) {
            return;
        }
        let cold = !self.inner.familiarity.is_warm(now_s);
        let plan = self.plan;
        self.inner.series.close(now_s, cold, &plan.config.settings.tuning);
        for at in &plan.deviations {
            if let Some(rule) = plan.config.rules.get(*at)
                && let RuleKind::Deviation(name) = rule.kind
            {
                let name = if cold && name == Name::Unfamiliar { Name::Failures } else { name };
                self.evaluate(rule, name, now_s, cold);
            }
        }
    }

    fn evaluate(&mut self, rule: &Rule, name: Name, now_s: u32, cold: bool) {
        let end_s = now_s / 60 * 60;
        let slot = self.inner.signals.about(rule.family(), self.service_key());
        let live = slot.filter(|slot| self.inner.signals.get(*slot).is_some_and(Signal::is_live));
        if live.is_none() && !self.inner.series.has_at_least(LEAST, name, end_s, 60) {
            return self.calm(name);
        }
        // An hour that has an attack in it, about which a signal has closed, must not open that again.
        let former = slot.and_then(|slot| self.inner.signals.get(slot));
        let ended_s = former.map_or(0, |former| u32::try_from(former.last_event_s).unwrap_or(u32::MAX));
        let tuning = self.plan.config.settings.tuning;
        let windows: &[u32] = if name == Name::Users { &[5] } else { &[1, 5, 60] };
        let (mut found, mut latest) = (None, None);
        for minutes in windows.iter().copied() {
            let window = self.inner.series.window(name, end_s, minutes);
            let is_over = minutes == 60 && live.is_none() && end_s.saturating_sub(3600) < ended_s;
            if minutes == 1 && window.count < QUICK || is_over {
                continue;
            }
            let Some(expected) = self.inner.series.expected(name, end_s, minutes, cold, &tuning) else {
                return self.evaluate_without_history(rule, name, live, end_s);
            };
            let people = if name == Name::Unfamiliar { window.users } else { window.count.into() };
            let expected = expected.by_people(window.count, people);
            let cusum = if minutes == 60 { self.inner.series.cusum(name) } else { 0.0 };
            let deviation = Deviation { name, window, expected, minutes, cusum };
            if found.is_none()
                && let Some(severity) = deviation.judge(rule, &tuning)
            {
                found = Some((severity, deviation));
            }
            if minutes == 5 {
                latest = Some(deviation);
            }
        }
        if let Some(latest) = &latest {
            self.watch(latest, live, end_s);
        }
        if let (Some(slot), Some(latest)) = (live, latest) {
            if rule.joins.is_none() {
                let cusum = self.inner.series.cusum(name);
                self.keep_open(slot, &Deviation { cusum, ..latest }, end_s);
            }
        } else if cold && name.topic() == Topic::Logins {
            let share = self.inner.series.resolution.share(end_s);
            found = found.filter(|_| share.is_some_and(|share| share < RESOLVED));
        }
        if let Some((severity, deviation)) = found {
            let deviation = Deviation { cusum: self.inner.series.cusum(name), ..deviation };
            self.found_at_large(rule, &deviation.window, deviation.evidence(), severity, end_s);
            let since = end_s.saturating_sub(deviation.minutes * 60) / BUCKET_S;
            self.inner.series.history.mark(since, end_s / BUCKET_S + 1, Flags::of_anomaly(name.topic()));
        }
    }

    /// Evaluates a rule for a service of which too little is known to expect anything.
    fn evaluate_without_history(&mut self, rule: &Rule, name: Name, live: Option<Slot>, end_s: u32) {
        if name.topic() != Topic::Logins || rule.joins.is_some() {
            return;
        }
        let window = self.inner.series.window(Name::Failures, end_s, 15);
        let successes = self.inner.series.live.sum(Name::Successes, end_s, 15);
        let refused = Window { count: window.count + window.refused, ..window };
        if let Some(slot) = live.filter(|_| is_attack_without_history(&refused, successes)) {
            let signal = self.inner.signals.get_mut(slot);
            signal.into_iter().for_each(|signal| signal.last_event_s = end_s.into());
        } else if live.is_none() && is_attack_without_history(&window, successes) {
            self.found_at_large(rule, &window, evidence_without_history(&window), Severity::Low, end_s);
        }
    }

    /// Whether the failures of a network and user agent in 15 minutes deviate from their usual share of the service's. If the
    /// service as a whole has a signal, they are evidence for it and do not open one of their own.
    pub(super) fn is_unusual_pair(&mut self, rule: &Rule, reading: &Reading, told: &Told<'_>) -> bool {
        let (now_s, cold) = (told.when.now_s, told.familiar.is_none());
        let name = if cold { Name::Failures } else { Name::Unfamiliar };
        let tuning = self.plan.config.settings.tuning;
        let Some(expected) = self.inner.series.expected(name, now_s, 5, cold, &tuning) else { return false };
        let (Some(network), Some(agent)) = (&told.subject.network, &told.event.user_agent) else { return false };
        let items = [Item::of(Dimension::UserAgent, "", agent), Item::of(Dimension::Network, "", &network.to_string())];
        let (of_pair, all) = self.inner.mining.as_ref().map_or((0, 0), |mining| mining.failures_with(&items));
        let share = (f64::from(of_pair) + 0.5) / (f64::from(all) + 1.0);
        if z(reading.window().into(), 3.0 * expected.mu * share, expected.phi) < PAIR_Z * tuning.tolerance {
            return false;
        }
        let at_large = self.at_large(Topic::Logins);
        for slot in &at_large {
            if let Some(signal) = self.inner.signals.get_mut(*slot).filter(|one| !one.variants.contains(&rule.id)) {
                signal.variants.push(rule.id.clone());
            }
        }
        at_large.is_empty()
    }
}

/// Whether signals about groups of the table explain failures of the service.
fn explains(table: Table) -> bool {
    matches!(table, Table::Ip | Table::Network | Table::Login)
}

impl<'e> Told<'e> {
    /// What the series keep of an event.
    fn note(&self) -> Note {
        Note { user: self.account.map(Key::get), source: self.source, familiar: self.familiar }
    }
}
