//! Visiting rules, module by module.

use super::conditions;
use super::scan::scan;
use super::turn::{Limit, Turn};
use crate::plan::{Mode, Module, RuleId, Verdict};
use crate::report::RuleMatch;
use crate::support::{Bits, Expired};
use std::ops::Range;

/// Evaluates all rules that are to be visited, until one of them blocks. Rules cut off by the deadline stay to be
/// visited, but the hits found until then are reported.
pub(super) fn evaluate(turn: &mut Turn<'_>) -> Result<(), Expired> {
    let plan = turn.plan();
    let scanned = scan(plan, turn.state, turn.scratch, turn.deadline);
    let (mut complete, mut confirmed) = (Ok(()), None);
    for module in &plan.modules {
        let blocked = if module.ignores_deadline {
            if scanned.is_err() {
                // What was not scanned may match, so a module that must not miss anything visits all of its rules. In
                // other modules the deadline is reported if a rule may still fire.
                turn.state.pending.recall(module.rules.clone());
            }
            turn.within(Limit::Suspended, |turn| Visit { turn, confirmed: None }.module(module)).unwrap_or(false)
        } else {
            let visited = complete.and_then(|()| Visit { turn, confirmed: None }.module(module));
            complete = visited.map(|_| ());
            visited.unwrap_or_else(|Expired| {
                let confirmed = Some(&*confirmed.get_or_insert_with(|| turn.scratch.hits.rules(plan)));
                turn.within(Limit::Grace, |turn| Visit { turn, confirmed }.module(module)).unwrap_or(false)
            })
        };
        if blocked {
            turn.findings.blocked = true;
            break;
        }
    }
    complete
}

struct Visit<'v, 't> {
    turn: &'v mut Turn<'t>,
    /// After the deadline: the rules with hits. Only these are visited, each to its end.
    confirmed: Option<&'v Bits>,
}

impl Visit<'_, '_> {
    /// Visits the rules of a module; returns whether one of them blocks.
    fn module(&mut self, module: &Module) -> Result<bool, Expired> {
        if module.collections.is_empty() { self.every_match(module) } else { self.one_match_a_collection(module) }
    }

    fn every_match(&mut self, module: &Module) -> Result<bool, Expired> {
        self.check()?;
        let mut left = module.rules.clone();
        while let Some(rule) = self.next(&mut left) {
            if self.visit(rule)? == Some(Verdict::Block) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn one_match_a_collection(&mut self, module: &Module) -> Result<bool, Expired> {
        for collection in &module.collections {
            let reached = self.turn.state.verdicts.get(&collection.type_id);
            if reached.is_some_and(|reached| *reached >= collection.verdict) {
                continue;
            }
            self.check()?;
            let mut left = collection.rules.clone();
            while let Some(rule) = self.next(&mut left) {
                if let Some(verdict) = self.visit(rule)? {
                    self.turn.state.verdicts.insert(collection.type_id, verdict);
                    if verdict == Verdict::Block {
                        return Ok(true);
                    }
                    break;
                }
            }
        }
        Ok(false)
    }

    /// Reports an exhausted budget wherever rules may still fire, even if none is to be visited.
    fn check(&mut self) -> Result<(), Expired> {
        if self.confirmed.is_none() { self.turn.deadline.check() } else { Ok(()) }
    }

    /// The next rule to visit; `left` is reduced to the rules after it.
    fn next(&self, left: &mut Range<RuleId>) -> Option<RuleId> {
        loop {
            let rule = self.turn.state.pending.next_rule(left.clone())?;
            left.start = rule + 1;
            if self.confirmed.is_none_or(|confirmed| confirmed.contains(rule)) {
                return Some(rule);
            }
        }
    }

    /// Evaluates a rule; returns the verdict if it matches.
    fn visit(&mut self, id: RuleId) -> Result<Option<Verdict>, Expired> {
        self.check()?;
        if self.confirmed.is_some() {
            self.turn.deadline.look_next();
        }
        match self.evaluate(id) {
            // The next rule may be confirmed by its hits.
            Err(Expired) if self.confirmed.is_some() => Ok(None),
            evaluated => evaluated,
        }
    }

    fn evaluate(&mut self, id: RuleId) -> Result<Option<Verdict>, Expired> {
        let mode = self.turn.state.exclusions.mode(id).cloned();
        if matches!(mode, Some(Mode::Bypass)) || !conditions::rule_holds(self.turn, id, self.confirmed.is_some())? {
            self.turn.state.pending.set_visited(id);
            return Ok(None);
        }
        let rule = &self.turn.plan().rules[id];
        let Turn { state, findings, .. } = &mut *self.turn;
        state.pending.set_fired(id);
        let (verdict, over) = match mode {
            Some(Mode::Monitor(action)) => (Verdict::Monitor, action),
            Some(Mode::Custom(action)) if rule.withholds => (Verdict::Monitor, action),
            Some(Mode::Custom(action)) => (Verdict::Block, action),
            Some(Mode::Bypass) | None => (rule.verdict, None),
        };
        let override_action = over.filter(|action| action.kind.is_modal());
        // A rule matches only once, so its condition matches can be moved out.
        let matches = rule.conditions.clone().filter_map(|id| state.matches.get_mut(&id)?.take()).collect();
        findings.rules.push(RuleMatch { rule: id, override_action, matches });
        Ok(Some(verdict))
    }
}
