//! Findings of rules: signals open and grow.

use super::Work;
use super::lifetime::EVICTED;
use super::told::Told;
use super::who::note_who;
use crate::takeover::config::rule::Rule;
use crate::takeover::name;
use crate::takeover::notify::Kind;
use crate::takeover::rules::evaluate::Finding;
use crate::takeover::severity::Severity;
use crate::takeover::signal::campaign::{self, Campaign};
use crate::takeover::signal::{Answer, Counts, Signal, Slot, Status, Tops, id::signal_id};
use crate::takeover::state::{Key, Reading, Table};
use crate::takeover::text::{SHOWN, shown};
use crate::value::Value;

impl Work<'_> {
    /// Handles the finding of a rule about a group.
    pub(super) fn found(
        &mut self,
        at: usize,
        table: Table,
        key: Key,
        reading: &Reading,
        finding: &Finding,
        told: &Told<'_>,
    ) {
        let Some(rule) = self.plan.config.rules.get(at) else { return };
        let now_s = told.now();
        let known = self.inner.signals.about(rule.family(), key);
        let known = known.and_then(|slot| Some((slot, self.inner.signals.get(slot)?)));
        match known {
            Some((slot, signal)) if signal.is_live() => return self.grow(slot, rule, finding, told),
            Some(_) | None if rule.relabels => return,
            Some((slot, signal)) if now_s <= signal.closed_s.unwrap_or(0).saturating_add(signal.cooldown_s) => {
                // A signal that reached its maximum duration continues in a new one; one that an operator resolved
                // stays closed.
                let continues = signal.closed_because == Some("max_duration");
                if signal.status != Status::Closed || signal.resolution.is_some() {
                    return;
                }
                // An evicted signal reopens only if there is room, or if a login succeeds.
                if self.inner.signals.is_full() && finding.severity <= signal.severity {
                    let signal = self.inner.signals.get_mut(slot);
                    signal.into_iter().for_each(|signal| signal.last_event_s = signal.last_event_s.max(now_s));
                    return;
                }
                if !continues && finding.severity <= signal.severity {
                    self.reopen(slot, now_s);
                    return self.grow(slot, rule, finding, told);
                }
            }
            _ => {}
        }
        if self.is_absorbed(rule, told) {
            return;
        }
        if let Some(evicted) = self.inner.signals.to_evict() {
            self.close(evicted, Status::Closed, EVICTED, now_s);
        }
        let signal = self.make(rule, table, key, reading, finding, told);
        if !self.may_hide(&signal) {
            self.explain(table, key);
        }
        self.open(signal, rule, table, key, told);
    }

    pub(super) fn make(
        &self,
        rule: &Rule,
        table: Table,
        key: Key,
        reading: &Reading,
        finding: &Finding,
        told: &Told<'_>,
    ) -> Signal {
        let (name, env, now_s) = (&self.service.name, &self.service.env, told.now());
        let group: Vec<_> = rule
            .counting
            .group_by
            .iter()
            .filter_map(|field| {
                let text = field.text(told.event, told.subject)?;
                Some((field.name().into_owned(), shown(&text, SHOWN).to_owned()))
            })
            .collect();
        let former = self.inner.signals.about(rule.family(), key).and_then(|slot| self.inner.signals.get(slot));
        let former =
            former.filter(|former| former.closed_because == Some("max_duration")).map(|former| former.id.clone());
        let mut suppressions = self.plan.suppressions(rule, now_s);
        let suppressed_by =
            suppressions.find(|one| one.filter.holds(told.event, told.subject)).map(|one| one.id.clone());
        let before = u64::from(reading.count(rule.window_s).saturating_sub(1));
        let by_source = rule.counting.group_by.iter().any(|field| field.is_source());
        let first_s = u64::from(reading.first_s).max(now_s.saturating_sub(rule.window_s.into())).min(now_s);
        let mut counts =
            Counts { failures: before, nonexistent: reading.nonexistent.saturating_sub(1).into(), ..Counts::default() };
        let mut top = Tops::default();
        let place = |name: &str| rule.counting.distinct.iter().position(|field| field.name() == name);
        // A field that is listed twice is counted over the window first and over the day second.
        let is_of_day = rule.window_s > table.window_s();
        let members = |name: &str| {
            let mut places = rule.counting.distinct.iter().enumerate().filter(|(_, field)| field.name() == name);
            let place = if is_of_day { places.next_back() } else { places.next() }.map(|(place, _)| place);
            let counted = [reading.distinct, reading.second, reading.third];
            let counted = place.and_then(|place| counted.get(place)).copied().unwrap_or(1);
            counted.clamp(1, reading.count(rule.window_s).max(1)).into()
        };
        if !self.inner.attempts.count(key, first_s as u32, &mut counts) {
            counts.floors = [members("usr.login"), members("ip_group"), members("network")];
        }
        let from_one_source = by_source || place("network") == Some(0) && reading.distinct == 1;
        if let Some(source) = told.subject.group.filter(|_| from_one_source && table != Table::Network && before > 0) {
            top.ips.add(&source, before, |source| *source);
            if let Some(network) = told.subject.network {
                top.networks.add(&network, before, |network| *network);
            }
        }
        Signal {
            id: signal_id(name, env, &rule.id, &group, now_s),
            rule_id: rule.id.clone(),
            rule_name: rule.name.clone(),
            tags: rule.tags.clone(),
            family: rule.family().into(),
            variants: vec![rule.id.clone()],
            service: name.clone(),
            env: env.clone(),
            group,
            key,
            table,
            window_s: rule.window_s,
            status: if suppressed_by.is_some() { Status::Suppressed } else { Status::Open },
            severity: finding.severity,
            history: vec![(finding.severity, now_s)],
            memory_was_cold: told.familiar.is_none() && rule.counting.unfamiliar_only,
            likely_cause: finding.likely_cause,
            opened_s: now_s,
            updated_s: now_s,
            closed_s: None,
            closed_because: None,
            first_event_s: first_s,
            last_event_s: now_s,
            continued_from: former,
            parent: None,
            counts,
            top,
            sources: vec![],
            network: told.subject.network,
            evidence: Value::from_entries([
                ("window_s", f64::from(rule.window_s)),
                ("count", reading.count(rule.window_s).into()),
                ("distinct", reading.distinct.into()),
                ("attempts_all", reading.all.into()),
                ("successes", reading.successes.into()),
                ("from_known_offenders", reading.flagged.into()),
            ]),
            usual_successes: 0.0,
            suspicious: vec![],
            clusters: vec![],
            audience: Default::default(),
            campaign_id: None,
            compromised: vec![],
            answer: Answer { mode: self.mode_of(rule), ..Answer::default() },
            allow_listed: told.trust.is_some(),
            suppressed_by,
            notes: vec![],
            resolution: None,
            campaign: Campaign::within(self.inner.signals.campaigns.clone()),
            keep_alive_s: rule.keep_alive_s.into(),
            max_duration_s: rule.max_duration_s.into(),
            cooldown_s: rule.cooldown_s.into(),
            seq: 0,
            told: (now_s, 0),
        }
    }

    fn open(&mut self, signal: Signal, rule: &Rule, table: Table, key: Key, told: &Told<'_>) {
        let slot = self.inner.signals.open(signal);
        if self.inner.signals.is_overdue() {
            // One of them: an event must not take long.
            self.inner.signals.sweep(told.now(), Some(std::time::Instant::now()));
        }
        self.verdict.opened = true;
        self.service.state.pin(table, key, true);
        self.absorb(slot, rule, told);
        if let Some(source) = told.source.filter(|_| rule.counting.group_by.iter().any(|field| field.is_source())) {
            self.inner.offenders.note(source, told.when.now_s);
        }
        self.touch(slot, told);
        self.tell(slot, Kind::Opened, Value::null(), told.now());
        self.succeeded_before(slot, told);
        self.answer(slot, told);
    }

    /// Updates an existing signal that another rule found too, or that became more severe.
    pub(super) fn grow(&mut self, slot: Slot, rule: &Rule, finding: &Finding, told: &Told<'_>) {
        let Some(signal) = self.inner.signals.get_mut(slot) else { return };
        if !signal.variants.contains(&rule.id) {
            signal.variants.push(rule.id.clone());
            if rule.relabels {
                signal.rename(rule);
            }
        }
        if finding.likely_cause.is_none() && matches!(signal.likely_cause, Some("probe" | "stale_credential")) {
            signal.likely_cause = None;
        }
        self.raise(slot, finding.severity, told);
    }

    /// Raises the severity of a signal, with a notification.
    pub(super) fn raise(&mut self, slot: Slot, severity: Severity, told: &Told<'_>) {
        self.raise_at(slot, severity, told.now());
    }

    /// The same at a time, without an event.
    pub(super) fn raise_at(&mut self, slot: Slot, severity: Severity, now_s: u64) {
        let Some(signal) = self.inner.signals.get_mut(slot) else { return };
        let before = signal.severity;
        if self.inner.signals.raise(slot, severity, now_s) {
            self.verdict.escalated = true;
            let change = [Value::from(before.name()), Value::from(severity.name())].into_iter().collect::<Value>();
            self.tell(slot, Kind::Escalated, Value::from_entries([("severity", change)]), now_s);
        }
    }

    /// Adds an event to the live signals about its group.
    pub(super) fn feed(&mut self, class: usize, key: Key, told: &Told<'_>) {
        if !self.inner.signals.concerns(key) {
            return;
        }
        let plan = self.plan;
        let mut fed: Vec<Slot> = vec![];
        for (_, rule) in plan.rules(&plan.classes[class]) {
            let Some(slot) = self.inner.signals.about(rule.family(), key) else { continue };
            let live = self.inner.signals.get(slot).is_some_and(Signal::is_live);
            if live && !fed.contains(&slot) {
                fed.push(slot);
                // The event that opened the signal was already counted.
                if !self.verdict_has(slot) {
                    self.touch(slot, told);
                    self.answer(slot, told);
                }
            }
        }
    }

    fn verdict_has(&self, slot: Slot) -> bool {
        self.inner.signals.get(slot).is_some_and(|signal| self.verdict.signals.contains(&signal.id))
    }

    /// Adds an attempt to a signal.
    pub(super) fn touch(&mut self, slot: Slot, told: &Told<'_>) {
        self.enlist(slot, told, told.kind());
        if let Some(signal) = self.inner.signals.get_mut(slot) {
            signal.last_event_s = signal.last_event_s.max(told.now());
        }
    }

    /// Counts an attempt in a signal without keeping it open.
    pub(super) fn enlist(&mut self, slot: Slot, told: &Told<'_>, kind: campaign::Kind) {
        let hash = self.hash;
        let Some(signal) = self.inner.signals.get_mut(slot) else { return };
        if kind == campaign::Kind::Refused {
            signal.counts.refused += 1;
        } else {
            signal.counts.failures += 1;
            signal.counts.nonexistent += u64::from(told.event.exists == Some(false));
            signal.counts.flagged += u64::from(told.flagged);
            told.network.into_iter().for_each(|network| signal.note_source(network));
        }
        note_who(signal, told, hash);
        signal.campaign.note(told.attempt(kind));
        let id = signal.id.clone();
        self.verdict.touch(&id);
    }

    /// Handles an attempt that was refused before it could fail: it keeps signals alive but opens none.
    pub(super) fn refused(&mut self, told: &Told<'_>) {
        let plan = self.plan;
        self.note_refusal(told);
        let mut touched: Vec<Slot> = vec![];
        for role in plan.roles(name::LOGIN_FAILURE).iter().filter(|role| role.counts) {
            let Some(class) = plan.classes.get(role.class) else { continue };
            let Some(key) = class.key(told.event, told.subject, self.hash) else { continue };
            for (_, rule) in plan.rules(class) {
                let slot = self.inner.signals.about(rule.family(), key).filter(|slot| !touched.contains(slot));
                touched.extend(slot.filter(|slot| self.inner.signals.get(*slot).is_some_and(Signal::is_live)));
            }
        }
        for slot in touched {
            self.enlist(slot, told, campaign::Kind::Refused);
            if let Some(signal) = self.inner.signals.get_mut(slot) {
                signal.last_event_s = signal.last_event_s.max(told.now());
            }
            self.watch_refusals(slot, told);
        }
    }

    /// Whether a live signal about the network covers what this rule would open.
    fn is_absorbed(&mut self, rule: &Rule, told: &Told<'_>) -> bool {
        let plan = self.plan;
        for class in &plan.classes {
            for (_, wider) in plan.rules(class).filter(|(_, wider)| wider.absorbs.as_deref() == Some(rule.family())) {
                let key = class.key(told.event, told.subject, self.hash);
                if key.is_some_and(|key| self.inner.signals.live(wider.family(), key).is_some()) {
                    return true;
                }
            }
        }
        false
    }

    /// Makes the live signals about addresses of the network children of this signal.
    fn absorb(&mut self, slot: Slot, rule: &Rule, told: &Told<'_>) {
        let Some(family) = &rule.absorbs else { return };
        let Some(id) = self.inner.signals.get(slot).map(|signal| signal.id.clone()) else { return };
        let within =
            |signal: &Signal| signal.is_live() && signal.family == *family && signal.network == told.subject.network;
        for (_, signal) in self.inner.signals.all_mut().filter(|(_, signal)| within(signal)) {
            signal.parent = Some(id.clone());
            signal.updated_s = told.now();
        }
    }
}

impl Told<'_> {
    pub(super) fn attempt(&self, kind: campaign::Kind) -> campaign::Told<'_> {
        campaign::Told {
            at_s: self.when.at_s,
            kind,
            exists: self.event.exists,
            familiar: self.familiar,
            flagged: self.flagged,
            ip: self.subject.address,
            asn: self.event.geo.as_ref().and_then(|geo| geo.asn),
            login: self.event.login.as_deref(),
            user_id: self.event.user_id.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::takeover::{Detector, Options};
    use crate::value::json;

    #[test]
    fn signals_about_a_day_begin_with_the_accounts_of_the_day() {
        let start_ms = 1_764_064_800_000;
        let detector = Detector::new(Options::manual(start_ms, "auth", "prod"));
        let fail = |login: String, ip: &str| {
            let event =
                format!(r#"{{"event":"users.login.failure","usr.login":"{login}","usr.exists":true,"ip":"{ip}"}}"#);
            detector.event(&json::parse(event.as_bytes()).unwrap()).unwrap()
        };
        for n in 0..60 {
            detector.advance(start_ms + n * 180_000);
            assert!(!fail(format!("victim{n}"), "203.0.113.9").opened);
        }
        // So many others that nobody remembers who it was.
        (0..8192).for_each(|n| _ = fail(format!("other{n}"), "10.0.0.9"));
        assert!(fail("victim60".into(), "203.0.113.9").opened);
        let signals = detector.signals(&crate::value::Value::map()).unwrap();
        let counts = signals.as_array().and_then(|all| all.first()?.get(b"counts")).unwrap();
        let users = crate::takeover::record::number(counts, "users").unwrap();
        assert!((50..=61).contains(&users), "{users}: {}", json::to_string(counts));
    }
}
