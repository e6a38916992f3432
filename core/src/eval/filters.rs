//! Applying filters: rule filters first, then input filters.

use super::Expired;
use super::context::Instance;
use super::rules::conditions_hold;
use super::scan::Scratch;
use super::state::State;
use crate::support::Deadline;

/// Applies all filters whose conditions hold.
pub(super) fn evaluate(
    instance: &Instance,
    state: &mut State,
    scratch: &mut Scratch,
    deadline: &mut Deadline,
) -> Result<(), Expired> {
    let plan = &instance.plan;
    for (id, filter) in plan.rule_filters.iter().enumerate() {
        if deadline.expired() {
            return Err(Expired);
        }
        if state.filters_done.contains(id) {
            continue;
        }
        if conditions_hold(instance, state, scratch, deadline, filter.conditions.clone())? {
            state.filters_done.insert(id);
            state.exclusions.apply(&filter.rules, &filter.mode);
        }
    }
    for (id, filter) in plan.input_filters.iter().enumerate() {
        if deadline.expired() {
            return Err(Expired);
        }
        if !conditions_hold(instance, state, scratch, deadline, filter.conditions.clone())? {
            continue;
        }
        for (nth, (address, paths)) in filter.inputs.iter().enumerate() {
            if deadline.expired() {
                return Err(Expired);
            }
            let Some(root) = state.store.get(*address) else { continue };
            if state.examined.insert((id, nth), root.identity()) != Some(root.identity()) {
                paths.select(root, state.exclusions.objects_of(id));
            }
        }
    }
    Ok(())
}
