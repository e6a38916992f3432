//! The evaluation of one batch of data.

use super::turn::{Limit, Turn};
use super::{attributes, filters, processors, rules};
use crate::value::{Input, Pair, Value};
use std::sync::Arc;

/// This many entries are looked up whatever the deadline says, as denylists must not miss an address.
const ALWAYS: usize = 4096;

/// The number of further entries between two checks of the deadline.
const LOOKED_UP: usize = 16;

/// Stores the entries of a map, so that the last of equal keys wins. They count as new unless the evaluation has
/// stopped, in which case they are only stored. Entries after the deadline are left out.
pub(super) fn take_in(turn: &mut Turn<'_>, tree: u32, entries: &[Pair], stopped: bool) {
    let plan = turn.plan();
    let Turn { state, scratch, deadline, .. } = turn;
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
            state.pending.renew(plan, address);
        }
        if !stopped {
            scratch.fresh.push(address);
        }
    }
}

/// Evaluates the addresses that are new.
pub(super) fn evaluate(turn: &mut Turn<'_>) {
    let plan = turn.plan();
    turn.scratch.transform.forget();
    let first = turn.findings.rules.len();
    // Even without time for these, rules that ignore the deadline (denylists) still run.
    let _ = turn.within(Limit::Half, |turn| processors::run(turn, &plan.preprocessors));

    let fresh = &turn.scratch.fresh;
    let rules_concerned = fresh.iter().any(|&address| plan.rule_addresses.contains(address));
    let filters_concerned = rules_concerned || fresh.iter().any(|&a| plan.filter_addresses.contains(a));
    let filtered = if filters_concerned { filters::evaluate(turn) } else { Ok(()) };
    let main = filtered.and_then(|()| if rules_concerned { rules::evaluate(turn) } else { Ok(()) });
    if turn.findings.rules.len() > first && !turn.state.event_reported {
        turn.state.event_reported = true;
        report_event(turn);
    }
    let completed = main.and_then(|()| processors::run(turn, &plan.postprocessors));
    if completed.is_ok() {
        turn.findings.evaluated += 1;
    }
    attributes::retry(turn);
    attributes::collect(turn, first);
    turn.scratch.fresh.clear();
}

/// Makes it visible to post-processors, and to rules of later batches, that there is an event.
fn report_event(turn: &mut Turn<'_>) {
    if let Some(address) = turn.plan().addresses.find(b"waf.context.event") {
        turn.derive(address, Arc::new(Input::from(Value::from(true))));
    }
}
