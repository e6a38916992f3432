//! Successful logins. The origin of a success becomes familiar to the account; an unfamiliar success where failures
//! occur marks the account as compromised.

use super::due::is_over;
use super::recent::{Quarantined, RecentSuccess, Who};
use super::told::Told;
use super::{Inner, Work};
use crate::takeover::config::field::Field;
use crate::takeover::config::rule::{Escalation, Rule};
use crate::takeover::key::HashKey;
use crate::takeover::name;
use crate::takeover::notify::Kind;
use crate::takeover::rules::evaluate::{Finding, value};
use crate::takeover::rules::learned;
use crate::takeover::rules::plan::Plan;
use crate::takeover::severity::Severity;
use crate::takeover::signal::campaign;
use crate::takeover::signal::{Compromised, Signal, Slot};
use crate::takeover::state::{Key, Origin, Reading, Table, Update};

/// The number of recent successes that signals opened later can include.
pub(super) const RECENT: usize = 4096;
/// The maximum number of successes in quarantine.
const QUARANTINED: usize = 65_536;
/// The length of the quarantine, in seconds.
const QUARANTINE_S: u64 = 86_400;
/// How long after a compromise the actions of the account belong to the signal, in seconds.
const AFTER_S: u64 = 86_400;
/// The maximum number of compromised accounts that are tracked.
const COMPROMISED: usize = 65_536;

/// Returns the account of a success.
fn who(told: &Told<'_>) -> Option<Who> {
    Some(Who {
        account: told.account?,
        login: told.event.login.as_deref().map(str::to_owned),
        user_id: told.event.user_id.as_deref().map(str::to_owned),
        ip: told.subject.address,
    })
}

impl Work<'_> {
    /// Handles an event that may raise the severity of a signal about its group.
    pub(super) fn escalate(&mut self, class_at: usize, key: Key, told: &Told<'_>) {
        if told.event.mfa.as_deref() == Some("failed") || !self.inner.signals.concerns(key) {
            return;
        }
        let plan = self.plan;
        let class = &plan.classes[class_at];
        let mut done: Vec<Slot> = vec![];
        for (_, rule) in plan.rules(class) {
            let Some(slot) = self.inner.signals.about(rule.family(), key) else { continue };
            let live = self.inner.signals.get(slot).is_some_and(Signal::is_live);
            if !(live || self.gave_way(slot, told.now())) || done.contains(&slot) {
                continue;
            }
            for escalation in rule.escalations.iter().filter(|one| one.event == *told.event.event) {
                if !escalation.filter.holds(told.event, told.subject) {
                    continue;
                }
                let reading = self.service.state.read(class.table, key, told.when.now_s).unwrap_or_default();
                if !escalation.when.holds(&|metric| value(rule, &reading, metric), 1.0) {
                    continue;
                }
                if escalation.from_attacker && !self.is_attacker(slot, class_at, key, told.network, told.when.now_s) {
                    continue;
                }
                done.push(slot);
                self.escalate_one(slot, rule, escalation, told);
                break;
            }
        }
    }

    fn escalate_one(&mut self, slot: Slot, rule: &Rule, escalation: &Escalation, told: &Told<'_>) {
        let Some(signal) = self.inner.signals.get_mut(slot) else { return };
        let id = signal.id.clone();
        self.verdict.touch(&id);
        let is_login = escalation.event == name::LOGIN_SUCCESS;
        if told.familiar == Some(true) && !escalation.any_source {
            signal.counts.successes_familiar += u64::from(is_login);
            return;
        }
        // Whoever opens many signals must not hide that one attack succeeds.
        if self.gave_way(slot, told.now()) {
            self.bring_back(slot, told);
        }
        let Some(signal) = self.inner.signals.get_mut(slot) else { return };
        signal.campaign.note(told.attempt(if is_login { campaign::Kind::Success } else { campaign::Kind::Other }));
        signal.last_event_s = signal.last_event_s.max(told.now());
        if is_login {
            signal.counts.successes_unfamiliar += 1;
            if told.familiar.is_none() {
                signal.memory_was_cold = true;
            }
        }
        // The severity is raised first, so that a subscriber to severe signals only is notified of the account.
        self.raise(slot, escalation.severity, told);
        if let Some(who) = who(told).filter(|_| is_login) {
            let reason = if rule.counting.group_by == [Field::Login] { "after_failures" } else { "same_network" };
            self.compromise(slot, &who, reason, told.now(), told.familiar.is_some());
        }
        self.answer(slot, told);
    }

    /// Whether attempts of the group came from this network, according to the table (before the signal opened) or to
    /// the signal (since).
    fn is_attacker(&self, slot: Slot, class_at: usize, key: Key, network: Option<u64>, now_s: u32) -> bool {
        let Some(network) = network else { return false };
        let class = &self.plan.classes[class_at];
        let since = self.inner.signals.get(slot).is_some_and(|signal| signal.sources.binary_search(&network).is_ok());
        let counted = class.counting.distinct.first() == Some(&Field::Network);
        since || counted && self.service.state.has_member(class.table, key, network, now_s)
    }

    /// Returns the account of a suspicious success.
    pub(super) fn who_succeeded(&self, success: &Compromised) -> Option<Who> {
        let login = success.login.as_deref().or(success.user_id.as_deref())?;
        let account = self.plan.config.settings.normalization.login.apply(login)?;
        Some(Who {
            account: self.hash.account(self.hash.hash(account.as_bytes())),
            login: success.login.clone(),
            user_id: success.user_id.clone(),
            ip: success.ip,
        })
    }

    /// Records a compromised account in a signal.
    pub(super) fn compromise(&mut self, slot: Slot, who: &Who, reason: &'static str, at_s: u64, confirmed: bool) {
        let Some(signal) = self.inner.signals.get_mut(slot) else { return };
        let known = signal.compromised.iter().any(|one| one.login == who.login && one.user_id == who.user_id);
        if known {
            return;
        }
        let compromised = Compromised {
            user_id: who.user_id.clone(),
            login: who.login.clone(),
            at_s,
            ip: who.ip,
            reason,
            status: if confirmed { "confirmed" } else { "probable" },
            after: vec![],
        };
        let delta = compromised.to_value();
        if signal.compromised.len() < 10_000 {
            signal.compromised.push(compromised);
        }
        if self.inner.compromised.len() < COMPROMISED {
            self.inner.compromised.insert(who.account, (slot, at_s));
        }
        self.tell(slot, Kind::CompromisedUser, delta, at_s);
    }

    /// Adds the successes shortly before a signal opened to it.
    pub(super) fn succeeded_before(&mut self, slot: Slot, told: &Told<'_>) {
        let Some(signal) = self.inner.signals.get(slot) else { return };
        let (key, since_s) = (signal.key, told.now().saturating_sub(signal.window_s.min(900).into()));
        let Some(rule) = self.plan.config.rules.iter().find(|rule| rule.id == signal.rule_id) else { return };
        let Some(escalation) = rule.escalations.iter().find(|one| one.event == name::LOGIN_SUCCESS).cloned() else {
            return;
        };
        let class_at = self
            .plan
            .classes
            .iter()
            .position(|class| class.table == signal.table && class.counting.group_by == rule.counting.group_by);
        let Some(class_at) = class_at else { return };
        let mut found = vec![];
        for recent in self.inner.recent.iter().filter(|recent| recent.at_s >= since_s && recent.groups.contains(&key)) {
            if !escalation.from_attacker || self.is_attacker(slot, class_at, key, recent.network, told.when.now_s) {
                found.push((recent.who.clone(), recent.at_s));
            }
        }
        let reason = if rule.counting.group_by == [Field::Login] { "after_failures" } else { "same_network" };
        for (who, at_s) in found {
            if let Some(signal) = self.inner.signals.get_mut(slot) {
                signal.counts.successes_unfamiliar += 1;
                signal.first_event_s = signal.first_event_s.min(at_s);
            }
            self.raise(slot, escalation.severity, told);
            self.compromise(slot, &who, reason, at_s, told.familiar.is_some());
        }
    }

    /// Records the origin of a success, or puts it into quarantine if the success is suspicious.
    pub(super) fn remember(&mut self, told: &Told<'_>) {
        let Some(account) = told.account else { return };
        let now_s = told.when.now_s;
        let known = self.service.state.familiar(account, Origin::default(), now_s).is_some();
        let device = crate::takeover::subject::device_trait(told.event, self.hash);
        self.inner.familiarity.note(known, device, now_s);
        if !known {
            self.inner.newcomers.note(account, now_s);
        }
        let passed = told.event.mfa.as_deref() == Some("passed");
        let suspicious = told.familiar != Some(true) && !self.verdict.signals.is_empty();
        let named =
            self.inner.compromised.get(&account).is_some_and(|(_, at)| told.now().saturating_sub(*at) < AFTER_S);
        let doubtful = suspicious || named && told.familiar != Some(true);
        if passed || !doubtful {
            self.service.state.remember(account, told.origin, now_s);
        } else if self.inner.quarantine.len() < QUARANTINED {
            let due_s = told.now() + QUARANTINE_S;
            self.inner.quarantine.push_back(Quarantined { due_s, account, origin: told.origin });
        }
        // As long as nobody is known, everybody whom no signal concerns may be honest.
        let is_honest = match told.familiar {
            Some(is_familiar) => is_familiar && !self.inner.newcomers.contains(account, now_s),
            None => self.verdict.signals.is_empty(),
        };
        if is_honest {
            self.note_egress(told, account);
        }
        if told.familiar != Some(true)
            && let Some(who) = who(told)
        {
            let classes = self.plan.roles(name::LOGIN_SUCCESS).iter().filter(|role| role.escalates);
            let groups =
                classes.filter_map(|role| self.plan.classes.get(role.class)?.key(told.event, told.subject, self.hash));
            let recent = RecentSuccess { at_s: told.now(), who, groups: groups.collect(), network: told.network };
            if self.inner.recent.len() >= RECENT {
                self.inner.recent.pop_front();
            }
            self.inner.recent.push_back(recent);
        }
    }

    /// Counts familiar accounts per address and network over a day: those that a block would affect.
    fn note_egress(&mut self, told: &Told<'_>, account: Key) {
        let (Some(source), Some(network)) = (told.source, told.network) else { return };
        let update = Update { counted: true, member: Some(account.get()), ..Update::default() };
        for hash in [source, network] {
            self.service.state.add(EGRESS, self.egress_key(hash), told.when, &update);
        }
        self.inner.rails.note(source, told.when.now_s);
    }

    /// The group in which the familiar accounts of a source or network are counted.
    pub(super) fn egress_key(&self, source: u64) -> Key {
        self.hash.hasher().part(b"egress").number(source).key()
    }

    /// Records the origins of successes that left quarantine without a signal.
    pub(super) fn release_quarantine(&mut self, now_s: u64, end: Option<std::time::Instant>) -> bool {
        while self.inner.quarantine.front().is_some_and(|waiting| waiting.due_s <= now_s) {
            let Some(waiting) = self.inner.quarantine.pop_front() else { break };
            if !self.inner.compromised.contains_key(&waiting.account) {
                self.service.state.remember(waiting.account, waiting.origin, now_s as u32);
            }
            if is_over(end) {
                return false;
            }
        }
        true
    }

    /// Handles an action of an account that a signal names.
    pub(super) fn after_takeover(&mut self, told: &Told<'_>) {
        let Some((slot, at_s)) = told.account.and_then(|account| self.inner.compromised.get(&account)).copied() else {
            return;
        };
        if told.now().saturating_sub(at_s) > AFTER_S || !name::is_after_takeover(&told.event.event) {
            return;
        }
        let Some(signal) = self.inner.signals.get_mut(slot).filter(|signal| signal.severity == Severity::Critical)
        else {
            return;
        };
        let same = |one: &&mut Compromised| {
            one.login.as_deref() == told.event.login.as_deref()
                || one.user_id.is_some() && one.user_id.as_deref() == told.event.user_id.as_deref()
        };
        let Some(compromised) = signal.compromised.iter_mut().find(same) else { return };
        if compromised.after.len() < crate::takeover::signal::LISTED {
            compromised.after.push((told.event.event.to_string(), told.now()));
        }
        signal.updated_s = told.now();
        let (id, delta) = (signal.id.clone(), compromised.to_value());
        if signal.variants.iter().all(|rule| rule != "ato-post-compromise") {
            signal.variants.push("ato-post-compromise".into());
        }
        self.verdict.touch(&id);
        self.tell(slot, Kind::CompromisedUser, delta, told.now());
    }

    /// Detects a privileged activity by a user without the required role.
    pub(super) fn privilege(&mut self, at: usize, told: &Told<'_>) {
        let roles = &self.plan.config.settings.privileged_roles;
        let Some(required) = told.event.meta("required_role").filter(|role| roles.iter().any(|one| one == role)) else {
            return;
        };
        let violates = match (told.subject.account(), told.event.role.as_deref()) {
            (None, _) => true,
            (Some(_), Some(role)) => role != required,
            (Some(_), None) => false,
        };
        if violates {
            self.found_instant(at, Finding { severity: self.severity_of(at), likely_cause: None }, told);
        }
    }

    /// Detects impossible travel.
    pub(super) fn travel(&mut self, at: usize, told: &Told<'_>) {
        let position = told.event.geo.as_ref().and_then(|geo| geo.position);
        let (Some(account), Some(position)) = (told.account, position) else { return };
        if !self.inner.travel.note(account, position, told.when.now_s) {
            return;
        }
        let by_device = Origin { network: None, device: told.origin.device };
        let known = self.service.state.familiar(account, by_device, told.when.now_s) == Some(true);
        let severity = if known { self.severity_of(at) } else { self.severity_of(at).max(Severity::Medium) };
        self.found_instant(at, Finding { severity, likely_cause: None }, told);
    }

    fn severity_of(&self, at: usize) -> Severity {
        let rule = self.plan.config.rules.get(at);
        rule.and_then(|rule| rule.cases.first()).map_or(Severity::Low, |case| case.severity)
    }

    fn found_instant(&mut self, at: usize, finding: Finding, told: &Told<'_>) {
        let Some(rule) = self.plan.config.rules.get(at) else { return };
        let mut hasher = self.hash.hasher().number(rule.class_signature());
        for field in &rule.counting.group_by {
            let Some(text) = field.text(told.event, told.subject) else { return };
            hasher = hasher.part(text.as_bytes());
        }
        let key = hasher.key();
        let mut reading = Reading {
            all: 1,
            first_s: told.when.at_s,
            last_s: told.when.at_s,
            sub_s: 1,
            distinct: 1,
            ..Reading::default()
        };
        reading.ring[0] = 1;
        self.found(at, Table::Event, key, &reading, &finding, told);
        let slot = self.inner.signals.about(rule.family(), key);
        if let Some(slot) = slot.filter(|slot| self.inner.signals.get(*slot).is_some_and(Signal::is_live)) {
            let id = self.inner.signals.get(slot).map(|signal| signal.id.clone()).unwrap_or_default();
            if !self.verdict.signals.contains(&id) {
                self.touch(slot, told);
            }
        }
    }

    /// Whether the rate of a source exceeds what is usual for sources of this service.
    pub(super) fn unusual(
        &mut self,
        rule: &Rule,
        initial: u32,
        key: Key,
        reading: &Reading,
        told: &Told<'_>,
    ) -> Option<Finding> {
        let name = Field::Meta("name".into()).text(told.event, told.subject).unwrap_or_default();
        let by_name = rule.counting.group_by.contains(&Field::Meta("name".into()));
        let name = if by_name { name.as_ref() } else { "" };
        let name = self.hash.hasher().part(rule.id.as_bytes()).part(name.as_bytes()).finish();
        let learned: &mut learned::LearnedRates = &mut self.inner.learned;
        learned.note(name, key.get(), told.when.now_s);
        let threshold = learned.threshold(name, initial, told.when.now_s);
        if reading.count(rule.window_s) <= threshold {
            return None;
        }
        learned.discard(name, key.get());
        let case = rule.cases.first()?;
        Some(Finding { severity: case.severity, likely_cause: None })
    }
}

impl Inner {
    /// Restores a signal from a snapshot.
    pub fn adopt(&mut self, signal: Signal, plan: &Plan, hash: &HashKey) {
        let logins: Vec<_> = signal.compromised.iter().filter_map(|one| Some((one.login.clone()?, one.at_s))).collect();
        let campaign = campaign::Campaign::within(self.signals.campaigns.clone());
        let slot = self.signals.open(Signal { campaign, ..signal });
        for (login, at_s) in logins {
            if let Some(account) = plan.config.settings.normalization.login.apply(&login) {
                self.compromised.insert(hash.account(hash.hash(account.as_bytes())), (slot, at_s));
            }
        }
    }
}

/// The table in which the familiar accounts of sources are counted, over a day.
pub(super) const EGRESS: Table = Table::Window(86_400);
