//! What a context keeps between batches.

use super::exclusions::Exclusions;
use super::pending::Pending;
use super::store::Store;
use crate::plan::{AddressId, ConditionId, Plan, Verdict};
use crate::processor::{Fragments, Presence};
use crate::report::ConditionMatch;
use crate::support::{Bits, NumberMap};
use crate::value::Step;
use crate::value::Text;
use std::sync::Arc;

/// Everything that persists; a subcontext starts from a copy.
#[derive(Clone)]
pub(super) struct State {
    /// The addresses.
    pub store: Store,
    /// Conditions that held, each with its match; they hold for the rest of the context.
    pub matches: NumberMap<ConditionId, Option<ConditionMatch>>,
    /// What is still to be inspected.
    pub pending: Pending,
    /// The strongest verdict reached, by type of rule.
    pub verdicts: NumberMap<usize, Verdict>,
    /// The decisions of filters.
    pub exclusions: Exclusions,
    /// Rule filters that applied.
    pub filters_done: Bits,
    /// The object last examined, by input filter and input.
    pub examined: NumberMap<(usize, usize), usize>,
    /// The state of processors, by number.
    pub processors: Vec<ProcessorState>,
    /// Attributes whose address is missing.
    pub pending_attributes: Vec<PendingAttribute>,
    /// Whether `waf.context.event` has been set.
    pub event_reported: bool,
}

/// The state of a processor.
#[derive(Clone, Default)]
pub(super) struct ProcessorState {
    /// Addresses it has generated.
    pub generated: Vec<AddressId>,
    /// The inputs of the last run, by mapping.
    pub presence: Vec<(usize, Presence)>,
    /// Fields of fingerprints, fixed once they are computed.
    pub fragments: Fragments,
}

impl ProcessorState {
    /// The inputs of the last run of a mapping.
    pub(super) fn presence_of(&self, mapping: usize) -> Option<Presence> {
        self.presence.iter().rev().find(|(nth, _)| *nth == mapping).map(|(_, presence)| *presence)
    }

    fn reset(&mut self) {
        self.generated.clear();
        self.presence.clear();
        self.fragments = Fragments::default();
    }
}

/// An attribute whose address was missing.
#[derive(Clone)]
pub(super) struct PendingAttribute {
    /// The attribute.
    pub name: Text,
    /// The address of its value.
    pub address: AddressId,
    /// The path within it.
    pub key_path: Arc<[Step]>,
}

impl State {
    pub(super) fn new(plan: &Plan) -> Self {
        State {
            store: Store::new(plan.addresses.len()),
            matches: NumberMap::default(),
            pending: Pending::new(plan),
            verdicts: NumberMap::default(),
            exclusions: Exclusions::default(),
            filters_done: Bits::new(plan.rule_filters.len()),
            examined: NumberMap::default(),
            processors: vec![ProcessorState::default(); plan.preprocessors.len() + plan.postprocessors.len()],
            pending_attributes: vec![],
            event_reported: false,
        }
    }

    /// Clears everything; memory is kept for the next context.
    pub(super) fn reset(&mut self) {
        self.store.reset();
        self.matches.clear();
        self.pending.reset();
        self.verdicts.clear();
        self.exclusions = Exclusions::default();
        self.filters_done.clear();
        self.examined.clear();
        self.processors.iter_mut().for_each(ProcessorState::reset);
        self.pending_attributes.clear();
        self.event_reported = false;
    }
}
