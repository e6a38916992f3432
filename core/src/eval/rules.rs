//! Visiting rules, module by module.

use super::Expired;
use super::condition::Evaluation;
use super::context::Instance;
use super::exclusions::Excluded;
use super::scan::{Scratch, scan};
use super::state::State;
use crate::config::action::Action;
use crate::plan::{ConditionId, Mode, Module, RuleId, Verdict};
use crate::report::ConditionMatch;
use crate::support::{Bits, Deadline};
use std::ops::Range;
use std::sync::Arc;

/// A rule that matched, with what a filter did to it.
pub(crate) struct RuleMatch {
    pub rule: RuleId,
    /// The action a filter puts over the rule's own, if it is one that can be.
    pub override_action: Option<Arc<Action>>,
    /// In condition order.
    pub matches: Vec<ConditionMatch>,
}

/// Evaluates all rules that have something to look at; says whether a blocking verdict was reached. What the deadline
/// cuts off stays to be visited, but what the scan confirmed until then is reported.
pub(super) fn evaluate(
    instance: &Instance,
    state: &mut State,
    scratch: &mut Scratch,
    deadline: &mut Deadline,
    found: &mut Vec<RuleMatch>,
) -> (bool, Result<(), Expired>) {
    let scanned = scan(&instance.plan, state, scratch, deadline);
    let mut complete = Ok(());
    let mut visit = Visit { instance, state, scratch, found, confirmed: None };
    for module in &instance.plan.modules {
        let blocked = if module.ignores_deadline {
            if scanned.is_err() {
                visit.recall(module);
            }
            deadline.suspended(|deadline| visit.module(module, deadline)).unwrap_or(false)
        } else {
            let visited = complete.and_then(|()| visit.module(module, deadline));
            complete = visited.map(|_| ());
            visited.unwrap_or_else(|Expired| deadline.grace(|deadline| visit.confirmed(module, deadline)))
        };
        if blocked {
            return (true, complete);
        }
    }
    (false, complete)
}

struct Visit<'v> {
    instance: &'v Instance,
    state: &'v mut State,
    scratch: &'v mut Scratch,
    found: &'v mut Vec<RuleMatch>,
    /// After the deadline: the rules that the scan found something for. Only these are visited, each to its end.
    confirmed: Option<Bits>,
}

impl Visit<'_> {
    /// Visits the rules of a module; says whether one of them blocks.
    fn module(&mut self, module: &Module, deadline: &mut Deadline) -> Result<bool, Expired> {
        if module.collections.is_empty() {
            self.every_match(module, deadline)
        } else {
            self.one_match_a_collection(module, deadline)
        }
    }

    /// The same after the deadline.
    fn confirmed(&mut self, module: &Module, deadline: &mut Deadline) -> bool {
        let Visit { instance, scratch, confirmed, .. } = self;
        confirmed.get_or_insert_with(|| scratch.hits.rules(&instance.plan));
        self.module(module, deadline).unwrap_or(false)
    }

    /// Nothing is known of what was not scanned, so all rules of a module that must not miss anything are to be visited.
    /// In other modules the deadline shows where a rule may still fire.
    fn recall(&mut self, module: &Module) {
        let State { fired, pending, .. } = &mut *self.state;
        module.rules.clone().filter(|&rule| !fired.contains(rule)).for_each(|rule| pending.insert(rule));
    }

    fn every_match(&mut self, module: &Module, deadline: &mut Deadline) -> Result<bool, Expired> {
        self.check(deadline)?;
        let mut from = module.rules.start;
        while let Some(rule) = self.next(&mut from, &module.rules) {
            if self.visit(rule, deadline)? == Some(Verdict::Block) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn one_match_a_collection(&mut self, module: &Module, deadline: &mut Deadline) -> Result<bool, Expired> {
        for collection in &module.collections {
            let reached = self.state.verdicts.get(&collection.type_id);
            if reached.is_some_and(|reached| *reached >= collection.verdict) {
                continue;
            }
            self.check(deadline)?;
            let mut from = collection.rules.start;
            while let Some(rule) = self.next(&mut from, &collection.rules) {
                if let Some(verdict) = self.visit(rule, deadline)? {
                    self.state.verdicts.insert(collection.type_id, verdict);
                    if verdict == Verdict::Block {
                        return Ok(true);
                    }
                    break;
                }
            }
        }
        Ok(false)
    }

    /// An exhausted budget shows wherever there are rules that may still fire, even if none is worth a visit.
    fn check(&self, deadline: &mut Deadline) -> Result<(), Expired> {
        if self.confirmed.is_none() && deadline.expired() { Err(Expired) } else { Ok(()) }
    }

    fn next(&self, from: &mut usize, within: &Range<RuleId>) -> Option<RuleId> {
        loop {
            let rule = self.state.pending.next(*from).filter(|rule| within.contains(rule))?;
            *from = rule + 1;
            if self.confirmed.as_ref().is_none_or(|confirmed| confirmed.contains(rule)) {
                return Some(rule);
            }
        }
    }

    /// Evaluates a rule; the verdict if it matches.
    fn visit(&mut self, id: RuleId, deadline: &mut Deadline) -> Result<Option<Verdict>, Expired> {
        self.check(deadline)?;
        if self.confirmed.is_some() {
            deadline.look_next();
        }
        match self.evaluate(id, deadline) {
            // The next one may be confirmed by what is there.
            Err(Expired) if self.confirmed.is_some() => Ok(None),
            evaluated => evaluated,
        }
    }

    fn evaluate(&mut self, id: RuleId, deadline: &mut Deadline) -> Result<Option<Verdict>, Expired> {
        let plan = &self.instance.plan;
        let mode = self.state.exclusions.mode(id).cloned();
        if matches!(mode, Some(Mode::Bypass)) {
            self.state.pending.remove(id);
            return Ok(None);
        }
        let rule = &plan.rules[id];
        if !self.conditions_hold(rule.conditions.clone(), id, deadline)? {
            self.state.pending.remove(id);
            return Ok(None);
        }
        self.state.pending.remove(id);
        self.state.fired.insert(id);
        let (verdict, over) = match mode {
            Some(Mode::Monitor(action)) => (Verdict::Monitor, action),
            Some(Mode::Custom(action)) => (Verdict::Block, action),
            Some(Mode::Bypass) | None => (rule.verdict, None),
        };
        let override_action = over.filter(|action| action.kind.is_modal());
        // A rule matches once, so what its conditions held on is needed once.
        let matches = rule.conditions.clone().filter_map(|id| self.state.matches.get_mut(&id)?.take()).collect();
        self.found.push(RuleMatch { rule: id, override_action, matches });
        Ok(Some(verdict))
    }

    fn conditions_hold(
        &mut self,
        conditions: Range<ConditionId>,
        rule: RuleId,
        deadline: &mut Deadline,
    ) -> Result<bool, Expired> {
        let confirmed = self.confirmed.is_some();
        hold(self.instance, self.state, self.scratch, deadline, conditions, Some(rule), confirmed)
    }
}

/// Whether all conditions of a filter or a processor hold. They see everything.
pub(super) fn conditions_hold(
    instance: &Instance,
    state: &mut State,
    scratch: &mut Scratch,
    deadline: &mut Deadline,
    conditions: Range<ConditionId>,
) -> Result<bool, Expired> {
    hold(instance, state, scratch, deadline, conditions, None, false)
}

/// Whether all conditions hold. Those of a rule see what filters leave to that rule, others see everything.
fn hold(
    instance: &Instance,
    state: &mut State,
    scratch: &mut Scratch,
    deadline: &mut Deadline,
    conditions: Range<ConditionId>,
    rule: Option<RuleId>,
    confirmed: bool,
) -> Result<bool, Expired> {
    let plan = &instance.plan;
    let State { store, matches, looked_at, exclusions, .. } = state;
    let excluded = rule.map_or(Excluded::NOTHING, |rule| exclusions.for_rule(&plan.input_filters, rule));
    for id in conditions {
        if matches.contains_key(&id) {
            continue;
        }
        let mut evaluation = Evaluation {
            store,
            lists: &instance.lists,
            clock: &*instance.clock,
            excluded,
            hits: rule.map(|_| &scratch.hits),
            confirmed,
            looked_at,
            deadline,
            transform: &mut scratch.transform,
        };
        match evaluation.evaluate(&plan.conditions[id])? {
            Some(found) => _ = matches.insert(id, Some(found)),
            None => return Ok(false),
        }
    }
    Ok(true)
}
