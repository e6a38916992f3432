//! The service as a whole: what its events add to the series, and the signals about deviations.
//!
//! A signal about the service has no group. It takes all unfamiliar attempts that no other signal explains, and closes
//! when the series has been usual for half an hour; refused attempts count for that, so that a block which works is
//! not taken for the end of the attack.

use super::Work;
use super::told::Told;
use crate::takeover::config::rule::{Kind as RuleKind, Rule};
use crate::takeover::event::Event;
use crate::takeover::mining::Item;
use crate::takeover::mining::dimension::Dimension;
use crate::takeover::name;
use crate::takeover::notify::Kind;
use crate::takeover::rules::deviation::{
    Deviation, QUICK, evidence_without_history, is_attack_without_history, poisson_99,
};
use crate::takeover::rules::evaluate::Finding;
use crate::takeover::series::history::Flags;
use crate::takeover::series::live::Window;
use crate::takeover::series::statistic::z;
use crate::takeover::series::{BUCKET_S, Name, Note, Topic};
use crate::takeover::severity::Severity;
use crate::takeover::signal::{Compromised, Signal, Slot, Status, campaign};
use crate::takeover::state::{Key, Moment, Origin, Reading, Table};
use crate::takeover::subject::Subject;
use crate::value::Value;

/// The number of events in an hour below which nothing is evaluated.
const LEAST: u32 = 15;
/// The deviation below which a series is usual again.
const USUAL_Z: f64 = 2.0;
/// The CUSUM below which a series is usual again.
const USUAL_CUSUM: f64 = 6.0;
/// The share of failing accounts that soon succeed from which failures are people's own.
const RESOLVED: f64 = 0.3;
/// How long after the end of a campaign another wave belongs to it, in seconds.
const WAVES_S: u64 = 86_400;
/// The deviation from which a network and user agent are unusual.
const PAIR_Z: f64 = 6.0;
/// The maximum number of suspicious successes of a signal.
const SUSPICIOUS: usize = 4096;
/// The period in which usual unfamiliar successes are counted, in seconds.
const USUAL_S: u64 = 86_400;

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
                self.note_login(told);
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

    /// Returns the live signals about the service.
    pub(super) fn at_large(&self, topic: Topic) -> Vec<Slot> {
        if !self.inner.signals.any_live() {
            return vec![];
        }
        let key = self.service_key();
        let mut slots: Vec<Slot> = vec![];
        for at in &self.plan.deviations {
            let Some(rule) = self.plan.config.rules.get(*at) else { continue };
            let RuleKind::Deviation(name) = rule.kind else { continue };
            let slot = self.inner.signals.about(rule.family(), key).filter(|slot| !slots.contains(slot));
            let live = |slot: &Slot| self.inner.signals.get(*slot).is_some_and(Signal::is_live);
            slots.extend(slot.filter(|slot| name.topic() == topic && live(slot)));
        }
        slots
    }

    /// The group of rules about the service as a whole.
    fn service_key(&self) -> Key {
        self.hash.hasher().part(b"service").key()
    }

    /// Adds an attempt to the signals about the service.
    fn attribute(&mut self, topic: Topic, told: &Told<'_>, kind: campaign::Kind) {
        for slot in self.at_large(topic) {
            self.enlist(slot, told, kind);
            if kind == campaign::Kind::Refused {
                self.watch_refusals(slot, told);
            }
        }
    }

    /// Adds a success to the signals about the service. More unfamiliar ones than chance explains raise the severity.
    fn succeeded_at_large(&mut self, told: &Told<'_>) {
        for slot in self.at_large(Topic::Logins) {
            let Some(signal) = self.inner.signals.get_mut(slot) else { continue };
            if told.familiar == Some(true) {
                signal.counts.successes_familiar += 1;
                continue;
            }
            signal.counts.successes_unfamiliar += 1;
            let number = signal.suspicious.len();
            if number < SUSPICIOUS {
                signal.suspicious.push(Compromised {
                    user_id: told.event.user_id.as_deref().map(str::to_owned),
                    login: told.event.login.as_deref().map(str::to_owned),
                    at_s: told.now(),
                    ip: told.subject.address,
                    reason: "unfamiliar",
                    status: "suspicious",
                    after: vec![],
                });
            }
            let lasted_s = told.now().saturating_sub(signal.first_event_s).max(1) as f64;
            let chance = poisson_99(signal.usual_successes * lasted_s);
            let (id, more) = (signal.id.clone(), signal.counts.successes_unfamiliar > chance.into());
            signal.campaign.note(told.attempt(campaign::Kind::Success));
            self.verdict.touch(&id);
            // Without familiarity every success is unfamiliar, which says nothing.
            if more && told.familiar.is_some() {
                self.raise(slot, Severity::Medium, told);
            }
            if told.familiar.is_some() {
                self.suspect(slot, number, told);
            }
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
        if live.is_none() && self.inner.series.window(name, end_s, 60).count < LEAST {
            return self.calm(name);
        }
        let tuning = self.plan.config.settings.tuning;
        let windows: &[u32] = if name == Name::Users { &[5] } else { &[1, 5, 60] };
        let (mut found, mut latest) = (None, None);
        for minutes in windows.iter().copied() {
            let window = self.inner.series.window(name, end_s, minutes);
            if minutes == 1 && window.count < QUICK {
                continue;
            }
            let Some(expected) = self.inner.series.expected(name, end_s, minutes, cold, &tuning) else {
                return self.evaluate_without_history(rule, name, live, end_s);
            };
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

    /// Keeps a signal open as long as its series is unusual.
    fn keep_open(&mut self, slot: Slot, latest: &Deviation, end_s: u32) {
        let Some(signal) = self.inner.signals.get_mut(slot) else { return };
        signal.evidence = latest.evidence();
        if latest.z_with_refused() >= USUAL_Z || latest.cusum >= USUAL_CUSUM {
            signal.last_event_s = end_s.into();
            let bucket = end_s.saturating_sub(1) / BUCKET_S;
            self.inner.series.history.mark(bucket, bucket + 1, Flags::of_anomaly(latest.name.topic()));
        }
    }

    /// Handles a finding about the service.
    fn found_at_large(&mut self, rule: &Rule, window: &Window, evidence: Value, severity: Severity, now_s: u32) {
        let event = Event {
            event: rule.events.first().cloned().unwrap_or_default().into(),
            service: Some(self.service.name.as_str().into()),
            ..Event::default()
        };
        let subject = Subject::of(&event, &self.plan.config.settings.normalization, self.hash);
        let told = Told::of_service(&event, &subject, now_s, self.inner.familiarity.is_warm(now_s));
        let key = self.service_key();
        let finding = Finding { severity, likely_cause: None };
        let former = self.inner.signals.about(rule.family(), key);
        let former = former.and_then(|slot| Some((slot, self.inner.signals.get(slot)?)));
        match former {
            Some((slot, signal)) if signal.is_live() => return self.grow(slot, rule, &finding, &told),
            Some((slot, signal))
                if u64::from(now_s) <= signal.closed_s.unwrap_or(0).saturating_add(signal.cooldown_s)
                    && signal.closed_because != Some("max_duration")
                    && severity <= signal.severity =>
            {
                if signal.status == Status::Closed && signal.resolution.is_none() {
                    self.reopen_at_large(slot, now_s);
                }
                return;
            }
            _ => {}
        }
        let wave_of = former.and_then(|(_, signal)| {
            let since_s = u64::from(now_s).saturating_sub(signal.closed_s?);
            signal.campaign_id.clone().filter(|_| since_s <= WAVES_S)
        });
        let Some(main) = self.plan.config.rules.iter().find(|main| main.id == rule.family()) else { return };
        let mut signal = self.make(main, Table::Event, key, &Reading::default(), &finding, &told);
        signal.counts.failures = window.count.into();
        signal.counts.floors = [window.users, window.sources, 0];
        signal.evidence = evidence;
        signal.variants = vec![rule.id.clone()];
        signal.campaign_id = wave_of.or_else(|| Some(format!("c-{}", signal.id.get(..4).unwrap_or_default())));
        signal.usual_successes = self.usual_successes(now_s.into());
        if let Some(evicted) = self.inner.signals.to_evict() {
            self.close(evicted, Status::Closed, super::find::EVICTED, now_s.into());
        }
        let slot = self.inner.signals.open(signal);
        self.verdict.opened = true;
        self.tell(slot, Kind::Opened, Value::null(), now_s.into());
    }

    fn reopen_at_large(&mut self, slot: Slot, now_s: u32) {
        self.inner.signals.reopen(slot, now_s.into());
        if let Some(signal) = self.inner.signals.get_mut(slot) {
            signal.last_event_s = now_s.into();
        }
        self.verdict.opened = true;
        self.tell(slot, Kind::Opened, Value::null(), now_s.into());
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

    /// The unfamiliar successes per second of the last day.
    fn usual_successes(&self, now_s: u64) -> f64 {
        let recent = self.inner.recent.iter().filter(|recent| recent.at_s + USUAL_S >= now_s);
        let (count, first_s) =
            recent.fold((0_u32, now_s), |(count, first), recent| (count + 1, first.min(recent.at_s)));
        let oldest_s = if self.inner.recent.len() >= super::success::RECENT { now_s - first_s } else { USUAL_S };
        f64::from(count) / oldest_s.max(1) as f64
    }

    /// Lets the time of a signal that turned out to be wrong count in what is usual.
    pub(super) fn trust_series(&mut self, slot: Slot, now_s: u64) {
        let Some(signal) = self.inner.signals.get(slot).filter(|signal| signal.key == self.service_key()) else {
            return;
        };
        let rule = self.plan.config.rules.iter().find(|rule| rule.id == signal.family);
        if let Some(RuleKind::Deviation(name)) = rule.map(|rule| rule.kind) {
            let from = signal.opened_s.saturating_sub(3600) as u32 / BUCKET_S;
            self.inner.series.history.unmark(from, now_s as u32 / BUCKET_S + 1, name.topic());
            self.inner.series.renew();
        }
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

    /// The values of something that concerns the service and no client.
    fn of_service(event: &'e Event<'e>, subject: &'e Subject<'e>, now_s: u32, is_warm: bool) -> Self {
        Told {
            event,
            subject,
            when: Moment { at_s: now_s, now_s },
            account: None,
            origin: Origin::default(),
            familiar: is_warm.then_some(false),
            flagged: false,
            scanner: false,
            trust: None,
            source: None,
            network: None,
        }
    }
}
