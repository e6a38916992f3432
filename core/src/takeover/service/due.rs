//! Periodic work: closing signals, notifying about growth, and trusting successes after quarantine.

use super::{Service, Work};
use crate::takeover::key::HashKey;
use crate::takeover::notify::Kind;
use crate::takeover::respond::blocks::Blocks;
use crate::takeover::rules::plan::Plan;
use crate::takeover::signal::{Signal, Slot, Status};
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
    /// Returns the resolution of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "closed" => Self::Closed,
            "false_positive" => Self::FalsePositive,
            "confirmed" => Self::Confirmed,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::FalsePositive => "false_positive",
            Self::Confirmed => "confirmed",
        }
    }
}

impl Service {
    /// Does the work that is due.
    pub fn tick(&self, now_s: u64, plan: &Plan, hash: &HashKey, blocks: &Blocks, end: Option<Instant>) {
        let mut inner = self.inner();
        let mut work = Work { service: self, inner: &mut inner, plan, hash, blocks, verdict: Default::default() };
        work.close_due(now_s);
        work.tell_growth(now_s);
        work.release_quarantine(now_s);
        work.sweep_answers(now_s);
        work.deviate(now_s);
        work.expire_rules(now_s);
        work.mine(now_s, end);
        work.inner.learned.roll(now_s as u32);
        work.inner.signals.sweep(now_s);
        work.inner.compromised.retain(|_, (_, at)| now_s.saturating_sub(*at) <= 2 * 86_400);
        work.inner.health.roll(now_s as u32);
        drop(inner);
        self.state.sweep(now_s as u32);
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
    }
}

impl Work<'_> {
    fn close_due(&mut self, now_s: u64) {
        for slot in self.inner.signals.live_slots() {
            let Some(signal) = self.inner.signals.get(slot).filter(|signal| signal.closes_s() <= now_s) else {
                continue;
            };
            let lasted =
                signal.max_duration_s > 0 && now_s >= signal.first_event_s.saturating_add(signal.max_duration_s);
            self.close(slot, Status::Closed, if lasted { "max_duration" } else { "keep_alive" }, now_s);
        }
    }

    /// Notifies about signals that grew by at least 10 % since the last notification.
    fn tell_growth(&mut self, now_s: u64) {
        for slot in self.inner.signals.live_slots() {
            let Some(signal) = self.inner.signals.get(slot) else { continue };
            let ((told_s, attempts), now) = (signal.told, signal.counts.attempts());
            if now_s.saturating_sub(told_s) >= UPDATE_S && now * 10 >= attempts * 11 && now > attempts {
                let change = [Value::from(attempts), Value::from(now)].into_iter().collect::<Value>();
                self.tell(slot, Kind::Updated, Value::from_entries([("attempts", change)]), now_s);
            }
        }
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
