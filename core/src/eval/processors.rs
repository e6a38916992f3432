//! Running processors.

use super::turn::Turn;
use super::{attributes, conditions};
use crate::plan::{Mapping, Processor};
use crate::processor::{Argument, RunOutcome};
use crate::support::Expired;
use crate::value::Input;
use std::sync::Arc;

/// The most parameters of a generator.
const MAX_PARAMETERS: usize = 4;

/// Runs processors in order. Their results become addresses, attributes, or both.
pub(super) fn run(turn: &mut Turn<'_>, processors: &[Processor]) -> Result<(), Expired> {
    for processor in processors {
        turn.deadline.check()?;
        if !conditions::hold(turn, processor.conditions.clone())? {
            continue;
        }
        for (nth, mapping) in processor.mappings.iter().enumerate() {
            apply(turn, processor, nth, mapping)?;
        }
    }
    Ok(())
}

fn apply(turn: &mut Turn<'_>, processor: &Processor, nth: usize, mapping: &Mapping) -> Result<(), Expired> {
    turn.deadline.check()?;
    let state = &mut *turn.state;
    let generator = processor.generator;
    let memory = &mut state.processors[processor.id];
    let last = memory.presence_of(nth);
    let done = memory.generated.contains(&mapping.output) || state.store.get(mapping.output).is_some();
    if done && generator.is_final(last.unwrap_or_default()) {
        return Ok(());
    }
    let mut inputs = [None; MAX_PARAMETERS];
    for (input, (address, key_path)) in inputs.iter_mut().zip(&mapping.inputs) {
        *input = state.store.get(*address).map(|object| Argument { object, key_path });
    }
    let inputs = &inputs[..mapping.inputs.len().min(MAX_PARAMETERS)];
    let Some(presence) = generator.presence(inputs) else { return Ok(()) };
    if generator.has_optional_parameters() && last == Some(presence) {
        return Ok(());
    }
    let made = match generator.generate(inputs, &mut memory.fragments, &processor.scanners, turn.deadline) {
        RunOutcome::NotNow => return Ok(()),
        RunOutcome::TimedOut => return Err(Expired),
        RunOutcome::Nothing => None,
        RunOutcome::Made(value) => Some(value),
    };
    memory.generated.push(mapping.output);
    memory.presence.retain(|(known, _)| *known != nth);
    memory.presence.push((nth, presence));
    let Some(value) = made else { return Ok(()) };
    let value = Arc::new(Input::from(value));
    if processor.output {
        attributes::replace(turn, &mapping.name, value.clone());
    }
    if processor.evaluate {
        turn.derive(mapping.output, value);
    }
    Ok(())
}
