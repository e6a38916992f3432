//! One batch of data, from its arrival to what it led to.

use super::attributes::Collector;
use super::context::Instance;
use super::rules::RuleMatch;
use super::scan::Scratch;
use super::state::State;
use super::{filters, processors, rules};
use crate::plan::{AddressId, Plan};
use crate::support::Deadline;
use crate::value::{Pair, Parked, Value};
use std::sync::Arc;

/// What a call has come to so far, over all its batches.
#[derive(Default)]
pub(crate) struct Findings {
    /// Rules that matched, in order.
    pub rules: Vec<RuleMatch>,
    /// Attributes by name.
    pub attributes: Collector,
    /// Batches whose evaluation was completed.
    pub evaluated: u64,
    /// A blocking verdict was reached.
    pub blocked: bool,
}

/// So many entries are looked up whatever the deadline says: access lists must not miss an address.
const ALWAYS: usize = 4096;

/// And so many of the others between two looks at it.
const LOOKED_UP: usize = 16;

/// Puts the entries of a map into the store, the last of equal keys last. With `scratch` they count as new; without,
/// they merely lie there for whoever looks. What the deadline cuts off is left out.
pub(super) fn apply(
    plan: &Plan,
    state: &mut State,
    tree: u32,
    entries: &[Pair],
    mut scratch: Option<&mut Scratch>,
    deadline: &mut Deadline,
) {
    for (nth, pair) in entries.iter().enumerate() {
        if nth >= ALWAYS && nth % LOOKED_UP == 0 && deadline.expired() {
            return;
        }
        let Some(address) = pair.key_bytes().filter(|key| !key.is_empty()).and_then(|key| plan.addresses.find(key))
        else {
            continue;
        };
        let before = state.store.get(address).map(|object| object.identity());
        state.store.set_entry(address, tree, nth);
        if before != Some(pair.value().identity()) {
            let address_plan = &plan.scan.addresses[address];
            state.looked_at.subtract(&address_plan.targets);
            state.unscanned.insert(address);
            state.cut_off.remove(address);
        }
        if let Some(scratch) = scratch.as_deref_mut() {
            scratch.fresh.push(address);
        }
    }
}

/// Marks an address that a processor made as new.
pub(super) fn mark_new(plan: &Plan, state: &mut State, scratch: &mut Scratch, address: AddressId) {
    state.looked_at.subtract(&plan.scan.addresses[address].targets);
    state.unscanned.insert(address);
    state.cut_off.remove(address);
    scratch.transform.forget();
    scratch.fresh.push(address);
}

/// Evaluates what `scratch.fresh` says is new.
pub(super) fn evaluate(
    instance: &Instance,
    state: &mut State,
    scratch: &mut Scratch,
    deadline: &mut Deadline,
    findings: &mut Findings,
) {
    let plan = &*instance.plan;
    scratch.transform.forget();
    let first = findings.rules.len();
    let attributes = &mut findings.attributes;
    // Without the time for these, what needs no time (the access lists) still has its turn.
    let _ =
        deadline.half(|deadline| processors::run(instance, &plan.preprocessors, state, scratch, attributes, deadline));

    let rules_concerned = scratch.fresh.iter().any(|&address| plan.rule_addresses.contains(address));
    let filters_concerned = rules_concerned || scratch.fresh.iter().any(|&a| plan.filter_addresses.contains(a));
    let filtered = if filters_concerned { filters::evaluate(instance, state, scratch, deadline) } else { Ok(()) };
    let main = filtered.and_then(|()| match rules_concerned {
        true => {
            let (blocked, complete) = rules::evaluate(instance, state, scratch, deadline, &mut findings.rules);
            findings.blocked |= blocked;
            complete
        }
        false => Ok(()),
    });
    if findings.rules.len() > first && !state.event_reported {
        state.event_reported = true;
        report_event(plan, state, scratch);
    }
    let completed = match main {
        Ok(()) => processors::run(instance, &plan.postprocessors, state, scratch, attributes, deadline),
        Err(expired) => Err(expired),
    };
    if completed.is_ok() {
        findings.evaluated += 1;
    }
    attributes.retry(state);
    attributes.collect(plan, &findings.rules[first..], state);
    scratch.fresh.clear();
}

/// Lets post-processors, and rules of later batches, see that something was found.
fn report_event(plan: &Plan, state: &mut State, scratch: &mut Scratch) {
    if let Some(address) = plan.addresses.find(b"waf.context.event") {
        let tree = state.store.keep(Arc::new(Parked::from(Value::from(true))));
        state.store.set_tree(address, tree);
        mark_new(plan, state, scratch, address);
    }
}
