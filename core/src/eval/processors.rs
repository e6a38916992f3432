//! Running processors.

use super::Expired;
use super::attributes::Collector;
use super::context::Instance;
use super::rules::conditions_hold;
use super::scan::Scratch;
use super::state::State;
use crate::plan::{Mapping, Processor};
use crate::processor::{Input, Outcome};
use crate::support::Deadline;
use crate::value::Parked;
use std::sync::Arc;

/// No generator has more.
const MAX_PARAMETERS: usize = 4;

/// Runs processors in order. What they derive becomes an address, an attribute, or both.
pub(super) fn run(
    instance: &Instance,
    processors: &[Processor],
    state: &mut State,
    scratch: &mut Scratch,
    attributes: &mut Collector,
    deadline: &mut Deadline,
) -> Result<(), Expired> {
    for processor in processors {
        if deadline.expired() {
            return Err(Expired);
        }
        if !conditions_hold(instance, state, scratch, deadline, processor.conditions.clone())? {
            continue;
        }
        for (nth, mapping) in processor.mappings.iter().enumerate() {
            apply(instance, processor, (nth, mapping), state, scratch, attributes, deadline)?;
        }
    }
    Ok(())
}

fn apply(
    instance: &Instance,
    processor: &Processor,
    (nth, mapping): (usize, &Mapping),
    state: &mut State,
    scratch: &mut Scratch,
    attributes: &mut Collector,
    deadline: &mut Deadline,
) -> Result<(), Expired> {
    if deadline.expired() {
        return Err(Expired);
    }
    let generator = processor.generator;
    let memory = &mut state.processors[processor.id];
    let last = memory.presence_of(nth);
    let done = memory.generated.contains(&mapping.output) || state.store.get(mapping.output).is_some();
    if done && generator.is_final(last.unwrap_or_default()) {
        return Ok(());
    }
    let mut inputs = [None; MAX_PARAMETERS];
    for (input, (address, key_path)) in inputs.iter_mut().zip(&mapping.inputs) {
        *input = state.store.get(*address).map(|object| Input { object, key_path });
    }
    let inputs = &inputs[..mapping.inputs.len().min(MAX_PARAMETERS)];
    let Some(presence) = generator.presence(inputs) else { return Ok(()) };
    if generator.has_optional_parameters() && last == Some(presence) {
        return Ok(());
    }
    let made = match generator.generate(inputs, &mut memory.fragments, &processor.scanners, deadline) {
        Outcome::NotNow => return Ok(()),
        Outcome::TimedOut => return Err(Expired),
        Outcome::Nothing => None,
        Outcome::Made(value) => Some(value),
    };
    memory.generated.push(mapping.output);
    memory.presence.retain(|(known, _)| *known != nth);
    memory.presence.push((nth, presence));
    let Some(value) = made else { return Ok(()) };
    let value = Arc::new(Parked::from(value));
    if processor.output {
        attributes.replace(&mapping.name, value.clone(), state);
    }
    if processor.evaluate {
        let tree = state.store.keep(value);
        state.store.set_tree(mapping.output, tree);
        super::batch::mark_new(&instance.plan, state, scratch, mapping.output);
    }
    Ok(())
}
