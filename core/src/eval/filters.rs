//! Applying filters: rule filters first, then input filters.

use super::conditions;
use super::turn::Turn;
use crate::support::Expired;

/// Applies all filters whose conditions hold.
pub(super) fn evaluate(turn: &mut Turn<'_>) -> Result<(), Expired> {
    let plan = turn.plan();
    for (id, filter) in plan.rule_filters.iter().enumerate() {
        turn.deadline.check()?;
        if turn.state.filters_done.contains(id) {
            continue;
        }
        if conditions::hold(turn, filter.conditions.clone())? {
            turn.state.filters_done.insert(id);
            turn.state.exclusions.apply(&filter.rules, &filter.mode);
        }
    }
    for (id, filter) in plan.input_filters.iter().enumerate() {
        turn.deadline.check()?;
        if !conditions::hold(turn, filter.conditions.clone())? {
            continue;
        }
        for (nth, (address, paths)) in filter.inputs.iter().enumerate() {
            turn.deadline.check()?;
            let state = &mut *turn.state;
            let Some(root) = state.store.get(*address) else { continue };
            if state.examined.insert((id, nth), root.identity()) != Some(root.identity()) {
                paths.select(root, state.exclusions.objects_of(id));
            }
        }
    }
    Ok(())
}
