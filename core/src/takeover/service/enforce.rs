//! The rules of clusters.
//!
//! They are published as documents, which the engine adds to its configuration like any other; the service itself
//! refuses what they match, too, before the password is checked. They outlive the signal by the duration of its
//! response, because waves come back.

use super::Work;
use super::published::{Publication, Published, Ruled};
use crate::takeover::config::response::Mode as ResponseMode;
use crate::takeover::event::Event;
use crate::takeover::mining::generate::{ACTIONS_PATH, actions};
use crate::takeover::mining::{Cluster, Enforced, Grade, Mode, Plan as Rules, Traits};
use crate::takeover::notify::Kind;
use crate::takeover::respond::blocks::Look;
use crate::takeover::signal::{Clustered, LISTED, Signal, Slot, Status};
use crate::takeover::subject::Subject;
use crate::value::Value;

/// The rules that a signal should have.
struct Wanted {
    /// The id of the signal.
    id: String,
    /// The paths of login requests.
    routes: Vec<String>,
    /// When the rules end, and how long they last from now on, in seconds.
    until_s: u64,
    duration_s: u64,
    /// The clusters and what their rules do.
    rules: Vec<(Cluster, Mode)>,
}

impl Wanted {
    fn rules(&self) -> Rules<'_> {
        Rules { signal: &self.id, routes: &self.routes, until_s: self.until_s }
    }

    /// The clusters with the rules that could be made of them, and with the refusals that former rules counted.
    fn ruled(&self, has_rule: impl Fn(&str) -> bool, former: Option<&Published>) -> Vec<Ruled> {
        let of = |(cluster, mode): &(Cluster, Mode)| {
            let rule_id = self.rules().rule_id(&cluster.id);
            let known = former.and_then(|former| former.rules.iter().find(|one| one.rule_id == rule_id));
            let refused = known.map_or(0, |known| known.refused);
            Ruled { cluster: cluster.clone(), mode: *mode, has_rule: has_rule(&rule_id), rule_id, refused }
        };
        self.rules.iter().map(of).collect()
    }
}

impl Work<'_> {
    /// Makes rules of the clusters of a signal, as the response allows, and publishes them if anything has changed.
    pub(super) fn enforce(&mut self, slot: Slot, clusters: &[Cluster], now_s: u64) {
        let Some(wanted) = self.wanted_rules(slot, clusters, now_s) else { return };
        let made = wanted.rules().rules(wanted.rules.iter().map(|(cluster, mode)| (cluster, *mode)));
        let former = self.inner.published.iter().position(|published| published.slot == slot);
        let former = former.map(|at| self.inner.published.swap_remove(at));
        let rules = wanted.ruled(|id| made.rules.iter().any(|(_, known)| known == id), former.as_ref());
        let lines = new_actions(&rules, former.as_ref(), wanted.until_s);
        let (listed_until_s, tail_refused) =
            former.as_ref().map_or((0, 0), |former| (former.listed_until_s, former.tail_refused));
        let mut published = Published {
            slot,
            path: wanted.rules().path(),
            document: made.document(),
            rules,
            routes: wanted.routes,
            until_s: wanted.until_s,
            listed_until_s,
            tail_refused,
        };
        if published.differs_from(former.as_ref(), wanted.duration_s) {
            published.listed_until_s = published.until_s;
            self.publish_rules(&published, made.fragment);
        }
        self.show_clusters(slot, clusters, &published.rules, &lines);
        self.note_skipped(slot, &made.skipped);
        self.inner.published.push(published);
        for line in lines {
            self.tell(slot, Kind::Response, Value::from_entries([("action", &line)]), now_s);
        }
    }

    /// Returns the rules that the response to a signal allows.
    fn wanted_rules(&self, slot: Slot, clusters: &[Cluster], now_s: u64) -> Option<Wanted> {
        let order = self.order(slot);
        let settings = &self.plan.config.settings;
        let signal = self.inner.signals.get(slot)?;
        let acts = order.as_ref().is_some_and(|order| order.mode == ResponseMode::Block);
        let plain = self.inner.health.traits_are_propagated();
        let former = self.inner.published.iter().find(|published| published.slot == slot);
        let duration_s = u64::from(order.as_ref().map_or(settings.duration_s, |order| order.duration_s));
        let until_s = match former {
            Some(former) if !signal.is_live() => former.until_s,
            _ => now_s + duration_s,
        };
        let configured = settings.login_routes.iter().map(|route| route.path.as_str());
        let mut routes: Vec<String> = configured.chain(self.inner.login_routes.used()).map(str::to_owned).collect();
        routes.sort_unstable();
        routes.dedup();
        let may_refuse = |cluster: &Cluster| acts && plain && cluster.grade == Grade::Block && !cluster.custom;
        let mut wanted = Wanted { id: signal.id.clone(), routes, until_s, duration_s, rules: vec![] };
        if settings.response_enabled {
            let is_withdrawn = |id| signal.answer.withdrawn.contains(&wanted.rules().rule_id(id));
            let chosen = clusters.iter().filter(|cluster| !cluster.stale && !is_withdrawn(&cluster.id));
            let mode = |cluster| if may_refuse(cluster) { Mode::Stealth } else { Mode::Monitor };
            wanted.rules = chosen.map(|cluster| (cluster.clone(), mode(cluster))).collect();
        }
        Some(wanted)
    }

    /// Shows in a signal what its clusters do.
    fn show_clusters(&mut self, slot: Slot, clusters: &[Cluster], rules: &[Ruled], lines: &[String]) {
        let Some(signal) = self.inner.signals.get_mut(slot) else { return };
        let clustered = |cluster: &Cluster| {
            let ruled = rules.iter().find(|ruled| ruled.cluster.id == cluster.id);
            let enforced = Enforced {
                mode: ruled.map(|ruled| ruled.mode.name()),
                rule_id: ruled.filter(|ruled| ruled.has_rule).map(|ruled| ruled.rule_id.clone()),
                refused: ruled.map_or(0, |ruled| ruled.refused),
            };
            Clustered { cluster: cluster.clone(), enforced }
        };
        signal.clusters = clusters.iter().map(clustered).collect();
        signal.answer.note_actions(lines);
    }

    /// Says in a signal of which clusters no rule could be made.
    fn note_skipped(&mut self, slot: Slot, skipped: &[(String, &'static str)]) {
        let Some(signal) = self.inner.signals.get_mut(slot) else { return };
        for (id, why) in skipped {
            let note = format!("no rule for cluster {id}: {why}");
            if signal.notes.len() < LISTED && !signal.notes.contains(&note) {
                signal.notes.push(note);
            }
        }
    }

    fn publish_rules(&mut self, published: &Published, fragment: Value) {
        if fragment.is_map() && !fragment.is_empty() {
            self.publish(ACTIONS_PATH.into(), Some(actions()));
            self.publish(published.path.clone(), Some(fragment));
        } else {
            self.publish(published.path.clone(), None);
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
            let clusters: Vec<Cluster> = published.rules.iter().map(|ruled| ruled.cluster.clone()).collect();
            self.enforce(slot, &clusters, now_s);
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
}

/// What rules that refuse, or would, do anew, in words.
fn new_actions(rules: &[Ruled], former: Option<&Published>, until_s: u64) -> Vec<String> {
    let is_known = |ruled: &Ruled| {
        let mut known = former.iter().flat_map(|former| &former.rules);
        known.any(|known| known.rule_id == ruled.rule_id && known.mode == ruled.mode)
    };
    let new = rules.iter().filter(|ruled| ruled.cluster.grade == Grade::Block && !is_known(ruled));
    new.map(|ruled| match ruled.mode {
        Mode::Monitor => format!("would: cluster {} -> ato_stealth until {until_s}", ruled.cluster.id),
        _ => format!("cluster {} -> ato_stealth until {until_s}", ruled.cluster.id),
    })
    .collect()
}
