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
    /// Conditions that held, with what they held on; they hold for the rest of the context.
    pub matches: NumberMap<ConditionId, Option<ConditionMatch>>,
    /// What is still to be looked at.
    pub pending: Pending,
    /// Per type of rule, the strongest verdict reached.
    pub verdicts: NumberMap<usize, Verdict>,
    /// What filters decided.
    pub exclusions: Exclusions,
    /// Rule filters that applied.
    pub filters_done: Bits,
    /// Per input filter and input, the object last examined.
    pub examined: NumberMap<(usize, usize), usize>,
    /// What processors remember, by number.
    pub processors: Vec<ProcessorState>,
    /// Attributes that wait for their address.
    pub pending_attributes: Vec<PendingAttribute>,
    /// `waf.context.event` has been set.
    pub event_reported: bool,
}

/// What a processor remembers.
#[derive(Clone, Default)]
pub(super) struct ProcessorState {
    /// Addresses it has generated.
    pub generated: Vec<AddressId>,
    /// Per mapping, the inputs of its last run.
    pub presence: Vec<(usize, Presence)>,
    /// Fields of fingerprints, frozen when first computed.
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

/// An attribute whose address was absent.
#[derive(Clone)]
pub(super) struct PendingAttribute {
    /// The attribute.
    pub name: Text,
    /// Where its value will be.
    pub address: AddressId,
    /// The way below it.
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

    /// Forgets everything; memory is kept for the next context.
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
