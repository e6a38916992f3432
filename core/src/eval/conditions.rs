//! Evaluating all conditions of a rule, a filter or a processor.

use super::condition::Evaluation;
use super::exclusions::Excluded;
use super::turn::Turn;
use crate::plan::{ConditionId, RuleId};
use crate::support::Expired;
use std::ops::Range;

/// Whether all conditions of a filter or a processor hold. They see all data.
pub(super) fn hold(turn: &mut Turn<'_>, conditions: Range<ConditionId>) -> Result<bool, Expired> {
    evaluate(turn, conditions, None, false)
}

/// Whether all conditions of a rule hold. They see what filters do not exclude for that rule. With `confirmed`, only
/// hits of the scan count.
pub(super) fn rule_holds(turn: &mut Turn<'_>, rule: RuleId, confirmed: bool) -> Result<bool, Expired> {
    let conditions = turn.plan().rules[rule].conditions.clone();
    evaluate(turn, conditions, Some(rule), confirmed)
}

fn evaluate(
    turn: &mut Turn<'_>,
    conditions: Range<ConditionId>,
    rule: Option<RuleId>,
    confirmed: bool,
) -> Result<bool, Expired> {
    let plan = turn.plan();
    let Turn { instance, state, scratch, deadline, .. } = turn;
    let filters = &plan.input_filters;
    let mut evaluation = Evaluation {
        instance,
        store: &state.store,
        excluded: rule.map_or(Excluded::NOTHING, |rule| state.exclusions.for_rule(filters, rule)),
        hits: rule.map(|_| &scratch.hits),
        confirmed,
        pending: &mut state.pending,
        deadline,
        transform: &mut scratch.transform,
    };
    for id in conditions {
        if state.matches.contains_key(&id) {
            continue;
        }
        match evaluation.evaluate(&plan.conditions[id])? {
            Some(found) => _ = state.matches.insert(id, Some(found)),
            None => return Ok(false),
        }
    }
    Ok(true)
}
