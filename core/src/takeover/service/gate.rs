//! The gate: what is done about an attempt before the password is checked, because of the attacks that are going on.
//!
//! What matches the rule of a cluster is refused here, too, so that it does not matter when the engine has the rule.
//!
//! An attack without any trait in common, or on one account from everywhere, cannot be blocked without locking people
//! out. It can be asked for a further step (a captcha, a code by mail, a second factor), and only from where the
//! account has never logged in: there, risk-based authentication asks anyway. The answer is the same for accounts that
//! do not exist.

use super::{Service, Work};
use crate::takeover::config::response::Mode;
use crate::takeover::config::rule::Rule;
use crate::takeover::event::Event;
use crate::takeover::key::HashKey;
use crate::takeover::respond::Target;
use crate::takeover::respond::blocks::{Blocks, Look};
use crate::takeover::rules::plan::Plan;
use crate::takeover::series::Topic;
use crate::takeover::signal::{Signal, Status};
use crate::takeover::state::{Moment, Table};
use crate::takeover::subject::Subject;

/// How long after a brute force unfamiliar attempts on its account are still asked for more, in seconds.
const AFTER_S: u64 = 86_400;

/// What is done about an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is refused, because it matches the rule of a cluster.
    Refused(Look, String),
    /// It must pass a further step.
    StepUp(Reason),
}

/// Why an attempt is asked for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Somebody guesses the password of the account.
    BruteForce,
    /// Its source attacks, but is not blocked because honest people share it.
    Shared,
    /// The service is under a distributed attack.
    Distributed,
}

impl Reason {
    /// The reason in words.
    pub fn text(self) -> &'static str {
        match self {
            Reason::BruteForce => "unfamiliar attempt on an account whose password is being guessed",
            Reason::Shared => "unfamiliar attempt from an attacking source that is not blocked because others share it",
            Reason::Distributed => "unfamiliar attempt during a distributed attack",
        }
    }
}

impl Service {
    /// Returns what is done about an attempt, if anything is.
    pub fn gate(
        &self,
        attempt: &Event<'_>,
        subject: &Subject<'_>,
        now_s: u64,
        plan: &Plan,
        hash: &HashKey,
        blocks: &Blocks,
    ) -> Option<Asked> {
        let mut inner = self.inner();
        if inner.signals.is_empty() || subject.local || !plan.config.settings.response_enabled {
            return None;
        }
        let work = Work { service: self, inner: &mut inner, plan, hash, blocks, verdict: Default::default() };
        if let Some((look, rule)) = work.cluster_refusal(attempt, subject, now_s) {
            return Some(Asked::Refused(look, rule));
        }
        let reason = match () {
            () if work.is_guessed(attempt, subject, now_s) => Reason::BruteForce,
            () if work.is_spared(attempt, subject, now_s) => Reason::Shared,
            () if plan.config.settings.gate && work.is_attacked() => Reason::Distributed,
            () => return None,
        };
        let when = Moment { at_s: now_s as u32, now_s: now_s as u32 };
        let told = self.tell(work.inner, attempt, subject, when, None, plan, hash);
        (told.familiar != Some(true)).then_some(Asked::StepUp(reason))
    }
}

impl Work<'_> {
    /// Whether the password of the account is being guessed, or was within a day.
    fn is_guessed(&self, attempt: &Event<'_>, subject: &Subject<'_>, now_s: u64) -> bool {
        let plan = self.plan;
        plan.classes.iter().filter(|class| class.table == Table::Login).any(|class| {
            let Some(key) = class.key(attempt, subject, self.hash) else { return false };
            plan.rules(class).any(|(_, rule)| {
                let slot = self.inner.signals.about(rule.family(), key);
                slot.and_then(|slot| self.inner.signals.get(slot)).is_some_and(|signal| self.gates(signal, rule, now_s))
            })
        })
    }

    /// Whether the source would be blocked if nothing forbade that, or was until too many familiar users were refused.
    fn is_spared(&self, attempt: &Event<'_>, subject: &Subject<'_>, now_s: u64) -> bool {
        let Some(group) = subject.group else { return false };
        let plan = self.plan;
        plan.classes.iter().filter(|class| class.table == Table::Ip).any(|class| {
            let Some(key) = class.key(attempt, subject, self.hash) else { return false };
            plan.rules(class).any(|(_, rule)| {
                let slot = self.inner.signals.about(rule.family(), key);
                slot.and_then(|slot| self.inner.signals.get(slot)).is_some_and(|signal| {
                    let planned = signal.answer.planned.get(&Target::Ip(group));
                    signal.status == Status::Open
                        && planned.is_some_and(|planned| planned.acts && (!planned.blocked || signal.answer.demoted))
                        && self.gates(signal, rule, now_s)
                })
            })
        })
    }

    /// Whether a signal about an account or a source asks for more, as its rule and the settings say.
    fn gates(&self, signal: &Signal, rule: &Rule, now_s: u64) -> bool {
        let settings = &self.plan.config.settings;
        let lasts = match signal.status {
            Status::Open => true,
            Status::Closed => {
                signal.resolution.is_none() && now_s <= signal.closed_s.unwrap_or(0).saturating_add(AFTER_S)
            }
            Status::Suppressed | Status::FalsePositive => false,
        };
        lasts
            && !signal.allow_listed
            && rule.response.mode.unwrap_or(settings.response_mode) == Mode::Block
            && signal.severity >= rule.response.min_severity.unwrap_or(settings.min_severity)
    }

    /// Whether the service is under a distributed attack.
    fn is_attacked(&self) -> bool {
        let slots = self.at_large(Topic::Logins);
        slots.iter().filter_map(|slot| self.inner.signals.get(*slot)).any(|signal| signal.suppressed_by.is_none())
    }
}
