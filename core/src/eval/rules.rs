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
use crate::support::Deadline;
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
/// cuts off stays to be visited.
pub(super) fn evaluate(
    instance: &Instance,
    state: &mut State,
    scratch: &mut Scratch,
    deadline: &mut Deadline,
    found: &mut Vec<RuleMatch>,
) -> Result<bool, Expired> {
    let scanned = scan(&instance.plan, state, scratch, deadline);
    for module in &instance.plan.modules {
        if scanned.is_err() && module.ignores_deadline {
            // Nothing is known of what was not scanned, so all rules of such a module are visited. In other modules the
            // deadline shows where a rule may still fire.
            module
                .rules
                .clone()
                .filter(|&rule| !state.fired.contains(rule))
                .for_each(|rule| state.pending.insert(rule));
        }
        let blocked = if module.ignores_deadline {
            deadline.suspended(|deadline| evaluate_module(module, Visit { instance, state, scratch, deadline, found }))
        } else {
            evaluate_module(module, Visit { instance, state, scratch, deadline, found })
        };
        if blocked? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn evaluate_module(module: &Module, mut visit: Visit<'_>) -> Result<bool, Expired> {
    if module.collections.is_empty() { visit.every_match(module) } else { visit.one_match_a_collection(module) }
}

struct Visit<'v> {
    instance: &'v Instance,
    state: &'v mut State,
    scratch: &'v mut Scratch,
    deadline: &'v mut Deadline,
    found: &'v mut Vec<RuleMatch>,
}

impl Visit<'_> {
    fn every_match(&mut self, module: &Module) -> Result<bool, Expired> {
        self.check_deadline()?;
        let mut from = module.rules.start;
        while let Some(rule) = self.next(&mut from, &module.rules) {
            if self.visit(rule)? == Some(Verdict::Block) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn one_match_a_collection(&mut self, module: &Module) -> Result<bool, Expired> {
        for collection in &module.collections {
            let reached = self.state.verdicts.get(&collection.type_id);
            if reached.is_some_and(|reached| *reached >= collection.verdict) {
                continue;
            }
            self.check_deadline()?;
            let mut from = collection.rules.start;
            while let Some(rule) = self.next(&mut from, &collection.rules) {
                if let Some(verdict) = self.visit(rule)? {
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
    fn check_deadline(&mut self) -> Result<(), Expired> {
        if self.deadline.expired() { Err(Expired) } else { Ok(()) }
    }

    fn next(&self, from: &mut usize, within: &Range<RuleId>) -> Option<RuleId> {
        let rule = self.state.pending.next(*from).filter(|rule| within.contains(rule))?;
        *from = rule + 1;
        Some(rule)
    }

    /// Evaluates a rule; the verdict if it matches.
    fn visit(&mut self, id: RuleId) -> Result<Option<Verdict>, Expired> {
        self.check_deadline()?;
        let plan = &self.instance.plan;
        let mode = self.state.exclusions.mode(id).cloned();
        if matches!(mode, Some(Mode::Bypass)) {
            self.state.pending.remove(id);
            return Ok(None);
        }
        let rule = &plan.rules[id];
        if !self.conditions_hold(rule.conditions.clone(), Some(id))? {
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

    fn conditions_hold(&mut self, conditions: Range<ConditionId>, rule: Option<RuleId>) -> Result<bool, Expired> {
        conditions_hold(self.instance, self.state, self.scratch, self.deadline, conditions, rule)
    }
}

/// Whether all conditions hold. Those of a rule see what filters leave to that rule, others see everything.
pub(super) fn conditions_hold(
    instance: &Instance,
    state: &mut State,
    scratch: &mut Scratch,
    deadline: &mut Deadline,
    conditions: Range<ConditionId>,
    rule: Option<RuleId>,
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
