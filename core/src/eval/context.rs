//! The context of a request, and its subcontexts.

use super::batch;
use super::instance::Instance;
use super::scan::Scratch;
use super::state::State;
use super::turn::Turn;
use crate::report::{Findings, Outcome, report};
use crate::support::Deadline;
use crate::value::Input;
use std::sync::Arc;

/// Why a call was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunError {
    /// The data is not a map (or not an array of maps, for batches). The context still keeps it until it ends.
    InvalidObject,
    /// The engine failed, and the context must not be used any more.
    Internal,
}

impl std::fmt::Display for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            RunError::InvalidObject => "the data must be a map from addresses to values",
            RunError::Internal => "internal error",
        })
    }
}

impl std::error::Error for RunError {}

/// The evaluation of one request, or of one operation within it.
///
/// A context remembers the data it was given, what matched, and what was decided; a rule fires at most once in it. It is
/// used from one thread at a time but may move between threads.
///
/// ```
/// use bartizan::{Waf, value::json};
/// use std::time::Duration;
///
/// let ruleset = json::parse(br#"{"version": "2.2", "rules": [{
///     "id": "r1", "name": "finds attacks", "tags": {"type": "demo"},
///     "conditions": [{"operator": "match_regex",
///                     "parameters": {"regex": "attack", "inputs": [{"address": "server.request.query"}]}}]}]}"#).unwrap();
/// let waf = Waf::new(&ruleset).unwrap();
/// let mut context = waf.context();
/// let data = json::parse(br#"{"server.request.query": {"q": "an attack"}}"#).unwrap();
/// let outcome = context.run(data, Duration::from_millis(10)).unwrap();
/// assert_eq!(&*outcome.events[0].rule.id, b"r1");
/// assert_eq!(outcome.events[0].matches[0].highlight, [b"attack".to_vec()]);
/// ```
pub struct Context {
    instance: Arc<Instance>,
    /// Allocated by the first call.
    state: Option<Box<State>>,
    /// Likewise, but given back after calls that left much in it, as idle contexts outnumber running calls.
    scratch: Option<Box<Scratch>>,
}

impl Context {
    pub(crate) fn new(instance: Arc<Instance>) -> Self {
        Context { instance, state: None, scratch: None }
    }

    /// Evaluates one batch of data, a map from addresses to values, within a budget: a duration, or a deadline that
    /// began earlier.
    pub fn run(&mut self, data: impl Into<Input>, budget: impl Into<Deadline>) -> Result<Outcome, RunError> {
        self.run_within(data.into(), &mut budget.into())
    }

    /// The same within a deadline of the caller's.
    pub(super) fn run_within(&mut self, data: Input, deadline: &mut Deadline) -> Result<Outcome, RunError> {
        let Some(entries) = data.as_map() else { return Err(self.refuse(data)) };
        let mut findings = Findings::default();
        let (instance, state, scratch) = self.equip();
        let mut turn = Turn { instance, state, scratch, deadline, findings: &mut findings };
        let tree = turn.state.store.next_number();
        batch::take_in(&mut turn, tree, entries, false);
        turn.state.store.keep(Arc::new(data));
        batch::evaluate(&mut turn);
        deadline.expired();
        Ok(self.finish(findings, deadline))
    }

    /// Evaluates several batches, an array of maps, in order within one `budget`. Evaluation stops at a blocking
    /// verdict or at the end of the budget; the data of the remaining batches is stored for later calls, but does not
    /// trigger anything by itself.
    pub fn run_batches(&mut self, batches: impl Into<Input>, budget: impl Into<Deadline>) -> Result<Outcome, RunError> {
        let (batches, mut deadline) = (batches.into(), budget.into());
        let Some(count) = batches.as_array().filter(|maps| maps.iter().all(|map| map.is_map())).map(<[_]>::len) else {
            return Err(self.refuse(batches));
        };
        let mut findings = Findings::default();
        let (instance, state, scratch) = self.equip();
        let mut turn = Turn { instance, state, scratch, deadline: &mut deadline, findings: &mut findings };
        let tree = Arc::new(batches);
        let mut stopped = false;
        for nth in 0..count {
            let number = turn.state.store.keep_batch(tree.clone(), nth);
            let Some(map) = tree.as_array().and_then(|maps| maps.get(nth)) else { break };
            batch::take_in(&mut turn, number, map.as_map().unwrap_or_default(), stopped);
            if !stopped {
                batch::evaluate(&mut turn);
                stopped = turn.deadline.expired() || turn.findings.blocked;
            }
        }
        Ok(self.finish(findings, &deadline))
    }

    /// Keeps data that cannot be evaluated, so that it is freed in order.
    fn refuse(&mut self, data: Input) -> RunError {
        let (_, state, _) = self.equip();
        state.store.keep(Arc::new(data));
        RunError::InvalidObject
    }

    /// Takes everything a call needs at once, as locks are a good part of the cost of a small call.
    fn equip(&mut self) -> (&Instance, &mut State, &mut Scratch) {
        let Context { instance, state, scratch } = self;
        if state.is_none() || scratch.is_none() {
            let mut idle = instance.idle.lock();
            *state = state.take().or_else(|| idle.states.pop());
            *scratch = scratch.take().or_else(|| idle.scratches.pop());
        }
        let plan = &instance.plan;
        let state = state.get_or_insert_with(|| Box::new(State::new(plan)));
        let scratch = scratch.get_or_insert_with(|| Box::new(Scratch::new(plan)));
        (instance, state, scratch)
    }

    /// After a call.
    fn finish(&mut self, findings: Findings, deadline: &Deadline) -> Outcome {
        if self.scratch.as_ref().is_some_and(|scratch| scratch.is_large()) {
            self.instance.idle.lock().give(None, self.scratch.take());
        }
        report(&self.instance.plan, &*self.instance.ids, findings, deadline)
    }

    /// Gives buffers back that only calls need, for contexts that are kept although no more calls are expected. A later call
    /// takes others.
    pub(crate) fn rest(&mut self) {
        if let Some(mut scratch) = self.scratch.take() {
            scratch.reset();
            self.instance.idle.lock().give(None, Some(scratch));
        }
    }

    /// A context that starts with everything this one knows and has decided; from then on the two are independent. For
    /// operations within a request (a file opened, a query sent) whose data must not stay.
    pub fn subcontext(&self) -> Context {
        Context { instance: self.instance.clone(), state: self.state.clone(), scratch: None }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let (mut state, mut scratch) = (self.state.take(), self.scratch.take());
        if let Some(state) = &mut state {
            state.reset();
        }
        if let Some(scratch) = &mut scratch {
            scratch.reset();
        }
        if state.is_some() || scratch.is_some() {
            self.instance.idle.lock().give(state, scratch);
        }
    }
}
