//! The traits of a distributed attack: sampled all the time, and mined while the attack lasts.

use super::Work;
use super::told::Told;
use crate::takeover::mining::{Cluster, Grade, Level, Mining, Mode, Traits};
use crate::takeover::notify::Kind;
use crate::takeover::rules::deviation::Deviation;
use crate::takeover::series::{Name, Topic};
use crate::takeover::signal::Slot;
use crate::value::Value;

/// The deviation from which attempts are sampled.
const SAMPLED_FROM: f64 = 3.0;
/// How long after an attack refused requests are probably honest, in seconds.
const TAIL_S: u64 = 3600;
/// The number of such requests after which a rule is taken back.
const TAIL_REFUSED: u32 = 5;

impl Work<'_> {
    /// The miner of the service.
    pub(super) fn mining(&mut self) -> &mut Mining {
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

    /// Notes whom a successful login is about and, if it `counts` beside the others of its account, on which path it was.
    pub(super) fn note_login(&mut self, told: &Told<'_>, counts: bool) {
        if let Some(login) = told.subject.account() {
            self.inner.audience.note(told.event, login, Some(true));
        }
        if let Some(route) = told.event.route.as_deref().filter(|_| counts) {
            self.inner.login_routes.note(route);
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
        self.begin_attack(live, now_s);
        let mining = self.mining();
        mining.note_excess(now_s / 60, (y - mu) / 5.0);
        if live.is_some() && mining.is_worth_a_search(now_s) {
            mining.begin_search(now_s, level);
        }
    }

    /// Begins the sampling of an attack. If its signal has rules already, from before a pause or a restart, the miner begins
    /// with their clusters.
    fn begin_attack(&mut self, live: Option<Slot>, now_s: u32) {
        if self.mining().attacked_since_s().is_some() {
            return;
        }
        let published = self.inner.published.iter().find(|published| Some(published.slot) == live);
        let rules = published.map(|published| published.rules.iter().map(|ruled| ruled.cluster.clone()).collect());
        let mining = self.mining();
        mining.begin_attack(now_s);
        rules.into_iter().for_each(|clusters| mining.recall(clusters));
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
        self.enforce(slot, &clusters, now_s);
        if before != after {
            let names = after.iter().map(|(id, grade)| (id, grade.name()));
            let delta = Value::from_entries([("clusters", Value::from_entries(names))]);
            self.tell(slot, Kind::Cluster, delta, now_s);
        }
        self.judge_successes(slot, now_s);
    }
}

impl Told<'_> {
    /// The traits of the event.
    pub(super) fn traits(&self) -> Traits<'_> {
        Traits::of(self.event, self.subject, self.flagged)
    }
}
