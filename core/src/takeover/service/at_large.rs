//! Signals about the service as a whole.
//!
//! Such a signal has no group. It takes all unfamiliar attempts that no other signal explains, and closes when the
//! series has been usual for half an hour; refused attempts count for that, so that a block which works is not taken
//! for the end of the attack.

use super::Work;
use super::lifetime::EVICTED;
use super::told::Told;
use crate::takeover::config::rule::{Kind as RuleKind, Rule};
use crate::takeover::event::Event;
use crate::takeover::notify::Kind;
use crate::takeover::rules::deviation::{Deviation, poisson_99};
use crate::takeover::rules::evaluate::Finding;
use crate::takeover::series::history::Flags;
use crate::takeover::series::live::Window;
use crate::takeover::series::{BUCKET_S, Topic};
use crate::takeover::severity::Severity;
use crate::takeover::signal::{Compromised, Signal, Slot, Status, campaign};
use crate::takeover::state::{Key, Moment, Origin, Reading, Table};
use crate::takeover::subject::Subject;
use crate::value::Value;

/// The deviation below which a series is usual again.
const USUAL_Z: f64 = 2.0;
/// The CUSUM below which a series is usual again.
const USUAL_CUSUM: f64 = 6.0;
/// How long after the end of a campaign another wave belongs to it, in seconds.
const WAVES_S: u64 = 86_400;
/// The maximum number of suspicious successes of a signal.
const SUSPICIOUS: usize = 4096;
/// The period in which usual unfamiliar successes are counted, in seconds.
const USUAL_S: u64 = 86_400;

impl Work<'_> {
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
    pub(super) fn service_key(&self) -> Key {
        self.hash.hasher().part(b"service").key()
    }

    /// Adds an attempt to the signals about the service.
    pub(super) fn attribute(&mut self, topic: Topic, told: &Told<'_>, kind: campaign::Kind) {
        for slot in self.at_large(topic) {
            self.enlist(slot, told, kind);
            if kind == campaign::Kind::Refused {
                self.watch_refusals(slot, told);
            }
        }
    }

    /// Adds a success to the signals about the service. More unfamiliar ones than chance explains raise the severity.
    pub(super) fn succeeded_at_large(&mut self, told: &Told<'_>) {
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

    /// Keeps a signal open as long as its series is unusual.
    pub(super) fn keep_open(&mut self, slot: Slot, latest: &Deviation, end_s: u32) {
        let Some(signal) = self.inner.signals.get_mut(slot) else { return };
        signal.evidence = latest.evidence();
        if latest.z_with_refused() >= USUAL_Z || latest.cusum >= USUAL_CUSUM {
            signal.last_event_s = end_s.into();
            let bucket = end_s.saturating_sub(1) / BUCKET_S;
            self.inner.series.history.mark(bucket, bucket + 1, Flags::of_anomaly(latest.name.topic()));
        }
    }

    /// Handles a finding about the service.
    pub(super) fn found_at_large(
        &mut self,
        rule: &Rule,
        window: &Window,
        evidence: Value,
        severity: Severity,
        now_s: u32,
    ) {
        let event = Event {
            event: rule.counting.events.first().cloned().unwrap_or_default().into(),
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
                    self.reopen(slot, now_s.into());
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
            self.close(evicted, Status::Closed, EVICTED, now_s.into());
        }
        let slot = self.inner.signals.open(signal);
        self.verdict.opened = true;
        self.tell(slot, Kind::Opened, Value::null(), now_s.into());
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

impl<'e> Told<'e> {
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
