//! The outcome of a call.

use super::actions::Consolidation;
use super::{Event, EventRule, Findings, Incomplete, ReportedAction, RuleMatch};
use crate::config::action::{Action, ActionKind};
use crate::plan::{Plan, Rule};
use crate::support::{Deadline, Ids};
use crate::value::Input;
use crate::value::Text;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// What a call found, and what the caller should do.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// The events, one per matching rule that reports them, in evaluation order.
    pub events: Vec<Event>,
    /// What the caller should do; a blocking action comes first.
    pub actions: Vec<ReportedAction>,
    /// The blocking action that rules asked for and an engine did not take, as its mode is to monitor (see
    /// [`Settings::mode`](crate::protect::Settings::mode)). Always none for an instance without an engine.
    pub withheld: Option<ReportedAction>,
    /// Names and values for the trace.
    pub attributes: Vec<(Text, Arc<Input>)>,
    /// From the start of the call to its end.
    pub duration: Duration,
    /// Whether the budget was used up.
    pub timeout: bool,
    /// What was not inspected because of the budget or of limits on the data.
    pub incomplete: Incomplete,
    /// Whether the trace should be kept.
    pub keep: bool,
    /// Whether a rule matched, be it one that reports no event.
    pub matched: bool,
    /// Batches whose evaluation was completed.
    pub evaluated: u64,
}

impl Outcome {
    /// Whether there is any event, action or attribute. An attribute alone is not an attack: the built-in rules give
    /// every request some. An attack is one of `events`.
    pub fn is_match(&self) -> bool {
        !(self.events.is_empty() && self.actions.is_empty() && self.attributes.is_empty())
    }

    /// The action that ends the request, if there is one: `block_request` or `redirect_request`.
    pub fn blocking_action(&self) -> Option<&ReportedAction> {
        self.actions.first().filter(|action| matches!(&*action.kind, b"block_request" | b"redirect_request"))
    }
}

/// Builds the outcome from the findings.
pub(crate) fn report(plan: &Plan, ids: &dyn Ids, findings: Findings, deadline: &Deadline) -> Outcome {
    let mut ids = CallIds { source: ids, response: None, stack: None };
    let (mut consolidation, mut withheld) = (Consolidation::default(), Consolidation::default());
    let mut outcome =
        Outcome { evaluated: findings.evaluated, matched: !findings.rules.is_empty(), ..Outcome::default() };
    for found in findings.rules {
        let rule = &plan.rules[found.rule];
        outcome.keep |= rule.keep;
        let reported = reported_actions(rule, found.override_action.as_ref());
        for action in reported.iter().filter_map(|(_, action)| action.as_ref()) {
            match rule.withholds && action.kind.is_blocking() {
                true => withheld.add(action),
                false => consolidation.add(action),
            }
        }
        if rule.event {
            outcome.events.push(event(rule, found, reported, plan, &mut ids, deadline));
        }
    }
    let CallIds { source, mut response, mut stack } = ids;
    outcome.actions = consolidation
        .finish(&mut || response.get_or_insert_with(|| source.uuid().into()).clone(), &mut || {
            stack.get_or_insert_with(|| source.uuid().into()).clone()
        });
    outcome.withheld = withheld.untaken();
    outcome.attributes = findings.attributes.finish();
    outcome.timeout = deadline.left_undone();
    outcome.incomplete.budget = outcome.timeout;
    outcome.duration = deadline.elapsed();
    outcome
}

/// The ids of a call, which are made on first use.
struct CallIds<'a> {
    source: &'a dyn Ids,
    response: Option<Arc<str>>,
    stack: Option<Arc<str>>,
}

/// A usable override comes first and replaces all modal actions of the rule.
fn reported_actions<'r>(rule: &'r Rule, over: Option<&Arc<Action>>) -> Cow<'r, [(Text, Option<Arc<Action>>)]> {
    let Some(over) = over else { return Cow::Borrowed(&rule.on_match) };
    let own = rule.on_match.iter().filter(|(_, action)| action.as_ref().is_none_or(|action| !action.kind.is_modal()));
    std::iter::once((over.id.clone(), Some(over.clone()))).chain(own.cloned()).collect()
}

fn event(
    rule: &Rule,
    found: RuleMatch,
    reported: Cow<'_, [(Text, Option<Arc<Action>>)]>,
    plan: &Plan,
    ids: &mut CallIds<'_>,
    deadline: &Deadline,
) -> Event {
    let asks = |wanted: &dyn Fn(ActionKind) -> bool| {
        reported.iter().any(|(_, action)| action.as_ref().is_some_and(|action| wanted(action.kind)))
    };
    let source = ids.source;
    let stack_id = asks(&|kind| kind == ActionKind::GenerateStack)
        .then(|| ids.stack.get_or_insert_with(|| source.uuid().into()).clone());
    let security_response_id = (!rule.withholds && asks(&ActionKind::is_blocking))
        .then(|| ids.response.get_or_insert_with(|| source.uuid().into()).clone());
    let mut matches = found.matches;
    matches.iter_mut().for_each(|found| plan.obfuscator.redact(found, deadline));
    let rule = match reported {
        Cow::Borrowed(_) => rule.shown.clone(),
        Cow::Owned(actions) => {
            let on_match = actions.into_iter().map(|(id, _)| id).collect();
            Arc::new(EventRule { on_match, ..EventRule::clone(&rule.shown) })
        }
    };
    Event { rule, matches, stack_id, security_response_id }
}
