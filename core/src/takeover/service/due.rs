//! Periodic work: closing signals, notifying about growth, and trusting successes after quarantine.

use super::{Service, Work};
use crate::takeover::key::HashKey;
use crate::takeover::notify::Kind;
use crate::takeover::respond::blocks::Blocks;
use crate::takeover::rules::plan::Plan;
use crate::takeover::signal::{Signal, Slot, Status};
use crate::takeover::words::chosen;
use crate::value::Value;
use std::time::Instant;

/// The interval of notifications about growing signals, in seconds.
const UPDATE_S: u64 = 300;

/// How an operator resolved a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Resolution {
    Closed,
    FalsePositive,
    Confirmed,
}

impl Resolution {
    /// Returns the resolution of this name, or a message about an unknown one.
    pub fn read(name: &str) -> Result<Self, String> {
        let all = [Self::Closed, Self::FalsePositive, Self::Confirmed].map(|one| (one.name(), one));
        chosen("resolution", name, &all)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::FalsePositive => "false_positive",
            Self::Confirmed => "confirmed",
        }
    }
}

/// A part of the work that is due. It returns false if the slice ended before it was done.
type Part = fn(&mut Work<'_>, u64, Option<Instant>) -> bool;

/// The parts in their order. Those without a loop over the slice take far less than it.
const STEPS: [Part; 11] = [
    |work, now_s, end| work.close_due(now_s, end),
    |work, now_s, end| work.tell_growth(now_s, end),
    |work, now_s, end| work.release_quarantine(now_s, end),
    |work, now_s, _| {
        work.sweep_answers(now_s);
        true
    },
    |work, now_s, _| {
        work.deviate(now_s);
        true
    },
    |work, now_s, _| {
        work.expire_rules(now_s);
        true
    },
    |work, now_s, end| !work.mine(now_s, end),
    |work, now_s, end| work.inner.learned.roll(now_s as u32, end),
    |work, now_s, end| work.inner.signals.sweep(now_s, end),
    |work, now_s, _| {
        work.inner.compromised.retain(|_, (_, at)| now_s.saturating_sub(*at) <= 2 * 86_400);
        true
    },
    |work, now_s, _| {
        work.inner.health.roll(now_s as u32);
        true
    },
];

pub(super) fn is_over(end: Option<Instant>) -> bool {
    end.is_some_and(|end| Instant::now() >= end)
}

impl Service {
    /// Does the work that is due, until the slice ends. Returns whether all of it is done; if not, the next call goes on
    /// where this one stopped.
    pub fn tick(&self, now_s: u64, plan: &Plan, hash: &HashKey, blocks: &Blocks, end: Option<Instant>) -> bool {
        let mut inner = self.inner();
        let mut work = Work { service: self, inner: &mut inner, plan, hash, blocks, verdict: Default::default() };
        while let Some(step) = STEPS.get(work.inner.tick_step) {
            let is_done = step(&mut work, now_s, end);
            work.inner.tick_step += usize::from(is_done);
            if is_over(end) {
                return false;
            }
        }
        work.inner.tick_step = 0;
        drop(inner);
        self.state.sweep(now_s as u32);
        true
    }

    /// Returns the time at which work is due next.
    pub fn next_due_s(&self, now_s: u64) -> u64 {
        let inner = self.inner();
        if inner.mining.as_ref().is_some_and(|mining| mining.has_work()) {
            return now_s;
        }
        let close = inner.signals.next_close_s().unwrap_or(u64::MAX);
        let quarantine = inner.quarantine.front().map_or(u64::MAX, |waiting| waiting.due_s);
        let update = if inner.signals.any_live() { (now_s / UPDATE_S + 1) * UPDATE_S } else { u64::MAX };
        let window = if inner.series.is_moving(now_s as u32) { 60 } else { 300 };
        let window = (now_s / window + 1) * window;
        close.min(quarantine).min(update).min(window)
    }

    /// Whether time brings nothing but the end of what is kept: no signal closes, no success is believed, nothing is learned
    /// and nothing is found about the events.
    pub fn waits_for_nothing(&self, now_s: u32) -> bool {
        let inner = self.inner();
        !inner.signals.any_live()
            && !inner.series.is_moving(now_s)
            && inner.quarantine.is_empty()
            && !inner.learned.is_counting()
            && !inner.health.is_counting()
    }

    /// Returns the earliest time at which work can be due, given that a signal has opened and nothing else has
    /// changed.
    pub fn due_after_opening_s(&self, now_s: u64) -> u64 {
        let close = self.inner().signals.newest_close_s().unwrap_or(u64::MAX);
        close.min((now_s / UPDATE_S + 1) * UPDATE_S)
    }

    /// Resolves a signal on behalf of an operator; returns whether it exists.
    pub fn resolve(&self, id: &str, how: Resolution, now_s: u64, plan: &Plan, hash: &HashKey, blocks: &Blocks) -> bool {
        let mut inner = self.inner();
        let mut work = Work { service: self, inner: &mut inner, plan, hash, blocks, verdict: Default::default() };
        let Some(slot) = work.inner.signals.by_id(id) else { return false };
        work.resolve(slot, how, now_s);
        work.expire_rules(now_s);
        true
    }

    /// Removes the rule of a cluster; returns whether there was one.
    pub fn withdraw(&self, rule_id: &str, now_s: u64, plan: &Plan, hash: &HashKey, blocks: &Blocks) -> bool {
        let mut inner = self.inner();
        let mut work = Work { service: self, inner: &mut inner, plan, hash, blocks, verdict: Default::default() };
        work.withdraw(rule_id, now_s)
    }

    /// Closes the signals of rules that a new configuration removed or changed.
    pub fn reconcile(&self, former: &Plan, plan: &Plan, now_s: u64, hash: &HashKey, blocks: &Blocks) {
        let mut inner = self.inner();
        let mut work = Work { service: self, inner: &mut inner, plan, hash, blocks, verdict: Default::default() };
        let signature = |plan: &Plan, family: &str| {
            let rule = plan.config.rules.iter().find(|rule| rule.enabled && rule.id == family);
            rule.map(|rule| rule.state_signature())
        };
        for slot in work.inner.signals.live_slots() {
            let Some((family, id)) =
                work.inner.signals.get(slot).map(|signal| (signal.family.clone(), signal.id.clone()))
            else {
                continue;
            };
            let (before, after) = (signature(former, &family), signature(plan, &family));
            if before.is_some() && before != after {
                work.close(slot, Status::Closed, "rule_removed", now_s);
                if plan.config.settings.purge_blocks {
                    blocks.remove(&crate::takeover::respond::blocks::Selector::Signal(id), now_s);
                }
            }
        }
        work.update_modes();
        work.renew_all_rules(now_s);
    }
}

impl Work<'_> {
    fn close_due(&mut self, now_s: u64, end: Option<Instant>) -> bool {
        for slot in self.inner.signals.live_slots() {
            let Some(signal) = self.inner.signals.get(slot).filter(|signal| signal.closes_s() <= now_s) else {
                continue;
            };
            let lasted =
                signal.max_duration_s > 0 && now_s >= signal.first_event_s.saturating_add(signal.max_duration_s);
            self.close(slot, Status::Closed, if lasted { "max_duration" } else { "keep_alive" }, now_s);
            if is_over(end) {
                return false;
            }
        }
        true
    }

    /// Notifies about signals that grew by at least 10 % since the last notification.
    fn tell_growth(&mut self, now_s: u64, end: Option<Instant>) -> bool {
        for slot in self.inner.signals.live_slots() {
            let Some(signal) = self.inner.signals.get(slot) else { continue };
            let ((told_s, attempts), now) = (signal.told, signal.counts.attempts());
            if now_s.saturating_sub(told_s) >= UPDATE_S && now * 10 >= attempts * 11 && now > attempts {
                let change = [Value::from(attempts), Value::from(now)].into_iter().collect::<Value>();
                self.tell(slot, Kind::Updated, Value::from_entries([("attempts", change)]), now_s);
                if is_over(end) {
                    return false;
                }
            }
        }
        true
    }

    fn resolve(&mut self, slot: Slot, how: Resolution, now_s: u64) {
        match how {
            Resolution::Closed => self.close(slot, Status::Closed, "resolved", now_s),
            Resolution::FalsePositive => {
                self.pardon(slot, now_s);
                self.close(slot, Status::FalsePositive, "resolved", now_s);
                self.trust_series(slot, now_s);
                if let Some(signal) = self.inner.signals.get_mut(slot) {
                    signal.status = Status::FalsePositive;
                    let proposal = propose(signal);
                    signal.notes.push(proposal);
                }
            }
            Resolution::Confirmed => {}
        }
        if let Some(signal) = self.inner.signals.get_mut(slot) {
            signal.resolve(how.name());
            signal.updated_s = now_s;
        }
    }
}

/// Proposes a suppression that would have silenced a signal.
fn propose(signal: &Signal) -> String {
    let group = Value::from_entries(signal.group.iter().map(|(name, value)| (name, value)));
    let group = crate::value::json::to_string(&group);
    format!("a suppression {{\"rules\": [\"{}\"], \"match\": {group}}} would silence it", signal.family)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::takeover::{Detector, Options};
    use crate::value::json;

    #[test]
    fn a_slice_that_is_over_stops_after_one_signal_and_the_next_goes_on() {
        let detector = Detector::new(Options::manual(1_764_064_800_000, "auth", "prod"));
        for (address, n) in (0..40).flat_map(|address| (0..31).map(move |n| (address, n))) {
            let failure = format!(
                r#"{{"event":"users.login.failure","usr.login":"u{address}-{n}","usr.exists":true,"ip":"203.0.{address}.9"}}"#
            );
            detector.event(&json::parse(failure.as_bytes()).unwrap()).unwrap();
        }
        let (service, plan) = (detector.service(None, None), detector.plan());
        let live = || service.inner().signals.live_slots().len();
        assert_eq!(live(), 40);
        let now_s = 1_764_064_800 + 3700;
        let over = Some(Instant::now());
        for left in (0..40).rev() {
            assert!(!service.tick(now_s, &plan, &detector.options.hash_key, &detector.blocks, over));
            assert_eq!(live(), left);
        }
        let slices =
            (0..100).take_while(|_| !service.tick(now_s, &plan, &detector.options.hash_key, &detector.blocks, over));
        assert!(slices.count() < 20, "the other parts take a slice each");
    }

    #[test]
    fn a_long_campaign_is_freed_in_parts_and_the_next_one_shares_its_memory() {
        let detector = Detector::new(Options::manual(1_764_064_800_000, "auth", "prod"));
        let failure = |n: u32| {
            let failure =
                format!(r#"{{"event":"users.login.failure","usr.login":"u{n}","usr.exists":true,"ip":"203.0.113.9"}}"#);
            detector.event(&json::parse(failure.as_bytes()).unwrap()).unwrap()
        };
        (0..5000).for_each(|n| drop(failure(n)));
        let slot = 0;
        let service = detector.service(None, None);
        let mut inner = service.inner();
        let signals = &mut inner.signals;
        let now_s = 1_764_064_800;
        signals.close(slot, Status::Closed, "resolved", now_s);
        assert!(signals.campaigns.used() > 5000 * 64 && signals.sweep(now_s, None));
        assert!(!signals.get(slot).unwrap().campaign.is_empty(), "campaigns are kept for a week");
        let over = Some(Instant::now());
        let slices = (0..100).take_while(|_| !signals.sweep(now_s + 7 * 86_400, over)).count();
        assert!((5..80).contains(&slices), "{slices} slices for five thousand strings and attempts in chunks of 1,024");
        assert!(signals.get(slot).unwrap().campaign.is_empty());
        assert_eq!(signals.campaigns.used(), 0);
        signals.reopen(slot, now_s + 7 * 86_400);
        drop(inner);
        failure(0);
        assert_eq!(service.inner().signals.get(slot).unwrap().campaign.log().attempts().count(), 1);
        assert!(service.inner().signals.campaigns.used() > 0);
    }
}
