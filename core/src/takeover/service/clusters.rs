//! The traits of a distributed attack: mined while it lasts, matched with successes, and made rules of.
//!
//! Rules of clusters are published as documents, which the engine adds to its configuration like any other; the
//! service itself refuses what they match, too, before the password is checked. They outlive the signal by the duration
//! of its response, because waves come back.

use super::Work;
use super::published::{Publication, Published, Ruled};
use super::told::Told;
use crate::takeover::config::response::Mode as ResponseMode;
use crate::takeover::config::rule::{Instant, Kind as RuleKind};
use crate::takeover::event::Event;
use crate::takeover::mining::generate::{ACTIONS_PATH, actions};
use crate::takeover::mining::{Cluster, Enforced, Grade, Item, Level, Mining, Mode, Plan as Rules, Traits};
use crate::takeover::notify::Kind;
use crate::takeover::respond::blocks::Look;
use crate::takeover::rules::deviation::{Deviation, poisson_99};
use crate::takeover::series::{Name, Topic};
use crate::takeover::severity::Severity;
use crate::takeover::signal::{Clustered, Compromised, LISTED, Signal, Slot, Status};
use crate::takeover::subject::Subject;
use crate::value::Value;
use std::collections::HashSet;

/// The number of unfamiliar successes up to which each is evaluated at once, and later at most once a second: each time
/// costs a comparison with all of them.
const EVALUATED_AT_ONCE: usize = 64;
/// The deviation from which attempts are sampled.
const SAMPLED_FROM: f64 = 3.0;
/// The number of paths of logins that rules are made for.
const ROUTES: usize = 16;
/// The number of suspicious successes beyond chance from which the attack has succeeded.
const SUCCEEDED: f64 = 3.0;
/// How long after an attack refused requests are probably honest, in seconds.
const TAIL_S: u64 = 3600;
/// The number of such requests after which a rule is taken back.
const TAIL_REFUSED: u32 = 5;

impl Work<'_> {
    /// The miner of the service.
    fn mining(&mut self) -> &mut Mining {
        let key = *self.hash;
        let trait_headers = &self.plan.config.settings.trait_headers;
        let mining = self.inner.mining.get_or_insert_with(|| Box::new(Mining::new(key)));
        mining.configure(trait_headers);
        mining
    }

    /// Offers a login to the samples. During an attack these are of unfamiliar attempts only.
    pub(super) fn sample(&mut self, told: &Told<'_>, succeeded: bool) {
        let traits = told.traits();
        let (at_s, mining) = (told.when.at_s, self.mining());
        match (succeeded, mining.attacked_since_s().is_some()) {
            (true, false) => mining.success(&traits, at_s),
            (false, false) => mining.failure(&traits, at_s),
            (false, true) if told.familiar != Some(true) => mining.attempt(&traits, at_s),
            _ => {}
        }
    }

    /// Notes whom a successful login is about, and on which path it was.
    pub(super) fn note_login(&mut self, told: &Told<'_>) {
        if let Some(login) = told.subject.account() {
            self.inner.audience.note(told.event, login, Some(true));
        }
        if let Some(route) = told.event.route.as_deref() {
            let routes = &mut self.inner.login_routes;
            if routes.len() < ROUTES && routes.iter().all(|known| known != route) {
                routes.push(route.into());
            }
        }
    }

    /// Offers a refused attempt to the samples, and counts it for the rule that refused it.
    pub(super) fn sample_refused(&mut self, told: &Told<'_>) {
        let (traits, at_s, now_s) = (told.traits(), told.when.at_s, told.now());
        self.mining().attempt(&traits, at_s);
        let mut demoted = vec![];
        for published in &mut self.inner.published {
            let matching = published.rules.iter_mut().find(|ruled| ruled.cluster.matches(&traits));
            let Some(ruled) = matching.filter(|ruled| ruled.mode != Mode::Monitor) else { continue };
            ruled.refused += 1;
            let closed_s = self.inner.signals.get(published.slot).and_then(|signal| signal.closed_s);
            if closed_s.is_some_and(|closed_s| now_s >= closed_s + TAIL_S) {
                published.tail_refused += 1;
                if published.tail_refused == TAIL_REFUSED {
                    demoted.push(published.slot);
                }
            }
        }
        for slot in demoted {
            self.take_back(slot, "rules refused requests long after the attack", now_s);
        }
    }

    /// Begins or ends the sampling of an attack, and requests a search, once a minute.
    pub(super) fn watch(&mut self, latest: &Deviation, live: Option<Slot>, now_s: u32) {
        if latest.name.topic() != Topic::Logins || latest.name == Name::Users {
            return;
        }
        let (y, refused) = (f64::from(latest.window.count), f64::from(latest.window.refused));
        let mu = latest.expected.mu;
        let is_unusual = latest.expected.z(y + refused) >= SAMPLED_FROM;
        if live.is_none() && !is_unusual {
            return self.calm(latest.name);
        }
        let [successes, familiar] =
            [Name::Successes, Name::Familiar].map(|name| self.inner.series.live.sum(name, now_s, 5));
        let level = Level {
            share: (y + refused - mu) / (y + refused).max(1.0),
            attempts_per_s: (y + refused) / 300.0,
            legitimate_per_s: f64::from(successes + familiar) / 300.0,
        };
        let mining = self.mining();
        mining.begin_attack(now_s);
        mining.note_excess(now_s / 60, (y - mu) / 5.0);
        if live.is_some() && mining.is_worth_a_search(now_s) {
            mining.begin_search(now_s, level);
        }
    }

    /// Ends the sampling of an attack: there is none.
    pub(super) fn calm(&mut self, name: Name) {
        let mining = self.inner.mining.as_mut().filter(|mining| mining.attacked_since_s().is_some());
        if let Some(mining) = mining.filter(|_| name.topic() == Topic::Logins && name != Name::Users) {
            mining.end_attack();
        }
    }

    /// Runs a slice of the search; the first part runs in any case. Returns whether some of it is left.
    pub(super) fn mine(&mut self, now_s: u64, end: Option<std::time::Instant>) -> bool {
        loop {
            let Some(mining) = self.inner.mining.as_mut().filter(|mining| mining.has_work()) else { return false };
            if mining.step() {
                self.found_clusters(now_s);
                return false;
            }
            if end.is_some_and(|end| std::time::Instant::now() >= end) {
                return true;
            }
        }
    }

    fn found_clusters(&mut self, now_s: u64) {
        let Some(slot) = self.at_large(Topic::Logins).first().copied() else { return };
        let Some(mining) = &self.inner.mining else { return };
        let clusters: Vec<Cluster> = mining.clusters().cloned().collect();
        let Some(signal) = self.inner.signals.get(slot) else { return };
        let grades = |clusters: &mut dyn Iterator<Item = &Cluster>| -> Vec<(String, Grade)> {
            clusters.filter(|cluster| !cluster.stale).map(|cluster| (cluster.id.clone(), cluster.grade)).collect()
        };
        let before = grades(&mut signal.clusters.iter().map(|one| &one.cluster));
        let after = grades(&mut clusters.iter());
        self.enforce(slot, clusters, now_s);
        if before != after {
            let names = after.iter().map(|(id, grade)| (id, grade.name()));
            let delta = Value::from_entries([("clusters", Value::from_entries(names))]);
            self.tell(slot, Kind::Cluster, delta, now_s);
        }
        self.judge_successes(slot, now_s);
    }

    /// Makes rules of the clusters of a signal, as the response allows, and publishes them if anything has changed.
    fn enforce(&mut self, slot: Slot, clusters: Vec<Cluster>, now_s: u64) {
        let order = self.order(slot);
        let settings = &self.plan.config.settings;
        let Some(signal) = self.inner.signals.get(slot) else { return };
        let acts = order.as_ref().is_some_and(|order| order.mode == ResponseMode::Block);
        let plain = self.inner.health.traits_are_propagated();
        let former = self.inner.published.iter().find(|published| published.slot == slot);
        let duration_s = u64::from(order.as_ref().map_or(settings.duration_s, |order| order.duration_s));
        let until_s = match former {
            Some(former) if !signal.is_live() => former.until_s,
            _ => now_s + duration_s,
        };
        let configured = settings.login_routes.iter().map(|route| &route.path);
        let mut routes: Vec<String> = configured.chain(&self.inner.login_routes).cloned().collect();
        routes.sort_unstable();
        routes.dedup();
        let (id, withdrawn) = (signal.id.clone(), signal.answer.withdrawn.clone());
        let rules = Rules { signal: &id, routes: &routes, until_s };
        let may_refuse = |cluster: &Cluster| acts && plain && cluster.grade == Grade::Block && !cluster.custom;
        let chosen: Vec<(Cluster, Mode)> = match settings.response_enabled {
            true => clusters
                .iter()
                .filter(|cluster| !cluster.stale && !withdrawn.contains(&rules.rule_id(&cluster.id)))
                .map(|cluster| (cluster.clone(), if may_refuse(cluster) { Mode::Stealth } else { Mode::Monitor }))
                .collect(),
            false => vec![],
        };
        let made = rules.rules(chosen.iter().map(|(cluster, mode)| (cluster, *mode)));
        let (path, document, fragment) = (rules.path(), made.document(), made.fragment);
        let former = self.inner.published.iter().position(|published| published.slot == slot);
        let mut former = former.map(|at| self.inner.published.swap_remove(at));
        let shape = |ruled: &[Ruled]| -> Vec<(String, Mode, Vec<Item>)> {
            ruled.iter().map(|ruled| (ruled.rule_id.clone(), ruled.mode, ruled.cluster.items.clone())).collect()
        };
        let before = former.as_ref().map(|former| shape(&former.rules)).unwrap_or_default();
        let ruled: Vec<Ruled> = chosen
            .into_iter()
            .map(|(cluster, mode)| {
                let rule_id = rules.rule_id(&cluster.id);
                let known = former.as_mut().and_then(|former| former.rules.iter().find(|one| one.rule_id == rule_id));
                let refused = known.map_or(0, |known| known.refused);
                let has_rule = made.rules.iter().any(|(_, id)| *id == rule_id);
                Ruled { cluster, mode, rule_id, has_rule, refused }
            })
            .collect();
        let (listed_until_s, tail_refused) =
            former.as_ref().map_or((0, 0), |former| (former.listed_until_s, former.tail_refused));
        let same_routes = former.is_none_or(|former| former.routes == routes);
        // Lists of values in the document end by themselves, and must not while the attack lasts.
        let is_old = until_s > listed_until_s + duration_s / 2 && !ruled.is_empty();
        let is_new = before != shape(&ruled) || !same_routes || is_old;
        let listed_until_s = if is_new { until_s } else { listed_until_s };
        if is_new {
            if fragment.is_map() && !fragment.is_empty() {
                self.publish(ACTIONS_PATH.into(), Some(actions()));
                self.publish(path.clone(), Some(fragment));
            } else {
                self.publish(path.clone(), None);
            }
        }
        let lines: Vec<String> = ruled
            .iter()
            .filter(|ruled| {
                let is_known = |(id, mode, _): &(String, Mode, _)| *id == ruled.rule_id && *mode == ruled.mode;
                ruled.cluster.grade == Grade::Block && !before.iter().any(is_known)
            })
            .map(|ruled| match ruled.mode {
                Mode::Monitor => format!("would: cluster {} -> ato_stealth until {until_s}", ruled.cluster.id),
                _ => format!("cluster {} -> ato_stealth until {until_s}", ruled.cluster.id),
            })
            .collect();
        if let Some(signal) = self.inner.signals.get_mut(slot) {
            let of = |cluster: &Cluster| ruled.iter().find(|ruled| ruled.cluster.id == cluster.id);
            signal.clusters = clusters
                .iter()
                .map(|cluster| Clustered {
                    cluster: cluster.clone(),
                    enforced: Enforced {
                        mode: of(cluster).map(|ruled| ruled.mode.name()),
                        rule_id: of(cluster).filter(|ruled| ruled.has_rule).map(|ruled| ruled.rule_id.clone()),
                        refused: of(cluster).map_or(0, |ruled| ruled.refused),
                    },
                })
                .collect();
            signal.answer.note_actions(&lines);
            for (id, why) in &made.skipped {
                let note = format!("no rule for cluster {id}: {why}");
                if signal.notes.len() < LISTED && !signal.notes.contains(&note) {
                    signal.notes.push(note);
                }
            }
        }
        self.inner.published.push(Published {
            slot,
            path,
            document,
            rules: ruled,
            routes,
            until_s,
            listed_until_s,
            tail_refused,
        });
        for line in lines {
            self.tell(slot, Kind::Response, Value::from_entries([("action", &line)]), now_s);
        }
    }

    fn publish(&mut self, path: String, document: Option<Value>) {
        self.inner.publications.push(Publication { path, document });
    }

    /// Removes the rules of signals whose time is over.
    pub(super) fn expire_rules(&mut self, now_s: u64) {
        let ended = |work: &Self, published: &Published| {
            let signal = work.inner.signals.get(published.slot);
            let is_live = signal.is_some_and(Signal::is_live);
            let is_wrong =
                signal.is_none_or(|signal| signal.status == Status::FalsePositive || signal.resolution.is_some());
            !is_live && (is_wrong || now_s > published.until_s) || !work.plan.config.settings.response_enabled
        };
        let (over, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.inner.published).into_iter().partition(|published| ended(self, published));
        self.inner.published = kept;
        for published in over {
            self.publish(published.path, None);
        }
    }

    /// Takes back the rules of a signal that refuse requests; they go on in monitor mode.
    pub(super) fn take_back(&mut self, slot: Slot, why: &str, now_s: u64) {
        if let Some(signal) = self.inner.signals.get_mut(slot) {
            signal.answer.demoted = true;
            signal.notes.push(format!("answer ended: {why}"));
        }
        self.renew_rules(slot, now_s);
        self.tell(slot, Kind::Response, Value::from_entries([("demoted", why)]), now_s);
    }

    /// Lets the rules of a signal follow what its response allows now.
    pub(super) fn renew_rules(&mut self, slot: Slot, now_s: u64) {
        if let Some(published) = self.inner.published.iter().find(|published| published.slot == slot) {
            let clusters = published.rules.iter().map(|ruled| ruled.cluster.clone()).collect();
            self.enforce(slot, clusters, now_s);
        }
    }

    /// Lets all rules follow a new configuration.
    pub(super) fn renew_all_rules(&mut self, now_s: u64) {
        let slots: Vec<Slot> = self.inner.published.iter().map(|published| published.slot).collect();
        slots.into_iter().for_each(|slot| self.renew_rules(slot, now_s));
        self.expire_rules(now_s);
    }

    /// Removes the rule of a cluster for an operator; returns whether there was one.
    pub(super) fn withdraw(&mut self, rule_id: &str, now_s: u64) -> bool {
        let of = |published: &&Published| published.rules.iter().any(|ruled| ruled.rule_id == rule_id);
        let Some(published) = self.inner.published.iter().find(of) else { return false };
        let slot = published.slot;
        if let Some(signal) = self.inner.signals.get_mut(slot) {
            signal.answer.withdrawn.push(rule_id.into());
        }
        self.renew_rules(slot, now_s);
        true
    }

    /// How an attempt is refused that matches the rule of a cluster.
    pub(super) fn cluster_refusal(
        &self,
        attempt: &Event<'_>,
        subject: &Subject<'_>,
        now_s: u64,
    ) -> Option<(Look, String)> {
        let traits = Traits::of(attempt, subject, false);
        let published = self.inner.published.iter().filter(|published| now_s <= published.until_s);
        let mut ruled = published.flat_map(|published| &published.rules).filter(|ruled| ruled.mode != Mode::Monitor);
        let ruled = ruled.find(|ruled| ruled.cluster.matches(&traits))?;
        let look = if ruled.mode == Mode::Stealth { Look::Stealth } else { Look::Block };
        Some((look, ruled.rule_id.clone()))
    }

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
    fn judge_successes(&mut self, slot: Slot, now_s: u64) {
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

impl Told<'_> {
    /// The traits of the event.
    fn traits(&self) -> Traits<'_> {
        Traits::of(self.event, self.subject, self.flagged)
    }
}
