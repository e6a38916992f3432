//! The state of one evaluation.

use super::instance::Instance;
use super::scan::Scratch;
use super::state::State;
use crate::plan::{AddressId, Plan};
use crate::report::Findings;
use crate::support::Deadline;
use crate::value::Input;
use std::sync::Arc;

/// One call's evaluation in progress: everything that its steps read and write.
pub(super) struct Turn<'t> {
    /// What is fixed.
    pub instance: &'t Instance,
    /// What the context keeps.
    pub state: &'t mut State,
    /// Buffers that are not needed after the call.
    pub scratch: &'t mut Scratch,
    /// When the call has to end.
    pub deadline: &'t mut Deadline,
    /// What the call has found so far.
    pub findings: &'t mut Findings,
}

/// The time limit of a part of an evaluation.
pub(super) enum Limit {
    /// See [`Deadline::half`].
    Half,
    /// See [`Deadline::grace`].
    Grace,
    /// See [`Deadline::suspended`].
    Suspended,
}

impl<'t> Turn<'t> {
    #[inline]
    pub(super) fn plan(&self) -> &'t Plan {
        &self.instance.plan
    }

    /// Runs a part of the evaluation within another limit.
    pub(super) fn within<T>(&mut self, limit: Limit, run: impl FnOnce(&mut Turn<'_>) -> T) -> T {
        let Turn { instance, state, scratch, deadline, findings } = self;
        let run = |deadline: &mut Deadline| run(&mut Turn { instance, state, scratch, deadline, findings });
        match limit {
            Limit::Half => deadline.half(run),
            Limit::Grace => deadline.grace(run),
            Limit::Suspended => deadline.suspended(run),
        }
    }

    /// Sets an address to a derived value, which counts as new.
    pub(super) fn derive(&mut self, address: AddressId, value: Arc<Input>) {
        let tree = self.state.store.keep(value);
        self.state.store.set_tree(address, tree);
        self.state.pending.renew(self.plan(), address);
        self.scratch.transform.forget();
        self.scratch.fresh.push(address);
    }
}
