//! The context of a request, and its subcontexts.

use super::batch::{self, Findings};
use super::scan::Scratch;
use super::state::State;
use crate::plan::{Lists, Plan};
use crate::report::{Outcome, report};
use crate::support::{Clock, Deadline, Ids};
use crate::value::{Object, Parked};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What all contexts of an instance share.
pub(crate) struct Instance {
    pub plan: Arc<Plan>,
    pub lists: Lists,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    /// What contexts that ended leave for those to come.
    buffers: Pool<Scratch>,
    states: Pool<State>,
}

/// Things that are costly to make and quick to use again.
struct Pool<T>(Mutex<Vec<Box<T>>>);

impl<T> Pool<T> {
    fn take(&self) -> Option<Box<T>> {
        self.0.lock().unwrap_or_else(|e| e.into_inner()).pop()
    }

    fn give(&self, used: Box<T>) {
        let mut pool = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if pool.len() < POOLED {
            pool.push(used);
        }
    }
}

/// More idle ones than this are not kept.
const POOLED: usize = 64;

impl Instance {
    pub(crate) fn new(plan: Arc<Plan>, lists: Lists, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        let (buffers, states) = (Pool(Mutex::new(vec![])), Pool(Mutex::new(vec![])));
        Instance { plan, lists, clock, ids, buffers, states }
    }

    fn take_scratch(&self) -> Box<Scratch> {
        self.buffers.take().unwrap_or_else(|| Box::new(Scratch::new(&self.plan)))
    }

    fn take_state(&self) -> Box<State> {
        self.states.take().unwrap_or_else(|| Box::new(State::new(&self.plan)))
    }
}

/// Why a call was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunError {
    /// The data is not a map (or not an array of maps, for batches). It is kept until the context ends.
    InvalidObject,
    /// The engine failed; the context must not be used any more.
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
    /// There until the context ends.
    state: Option<Box<State>>,
}

impl Context {
    pub(crate) fn new(instance: Arc<Instance>) -> Self {
        let state = Some(instance.take_state());
        Context { instance, state }
    }

    /// Evaluates one batch of data, a map from addresses to values, within `budget`.
    pub fn run(&mut self, data: impl Into<Parked>, budget: Duration) -> Result<Outcome, RunError> {
        let data = data.into();
        let Some(state) = self.state.as_deref_mut() else { return Err(RunError::Internal) };
        if data.as_map().is_none() {
            state.store.keep(Arc::new(data));
            return Err(RunError::InvalidObject);
        }
        let mut deadline = Deadline::new(budget);
        let mut findings = Findings::default();
        let tree = Arc::new(data);
        let number = state.store.keep(tree.clone());
        let mut scratch = self.instance.take_scratch();
        evaluate_batch(&self.instance, state, &tree, number, &mut scratch, &mut deadline, &mut findings);
        deadline.expired();
        self.instance.buffers.give(scratch);
        Ok(report(&self.instance, findings, &deadline))
    }

    /// Evaluates several batches, an array of maps, in order within one `budget`. A blocking verdict or the end of the
    /// budget stops; the data of batches that are not reached is there for later calls, but does not by itself lead to
    /// anything.
    pub fn run_batches(&mut self, batches: impl Into<Parked>, budget: Duration) -> Result<Outcome, RunError> {
        let batches = batches.into();
        let Some(state) = self.state.as_deref_mut() else { return Err(RunError::Internal) };
        let Some(count) = batches.as_array().filter(|maps| maps.iter().all(|map| map.as_map().is_some())) else {
            state.store.keep(Arc::new(batches));
            return Err(RunError::InvalidObject);
        };
        let count = count.len();
        let mut deadline = Deadline::new(budget);
        let mut findings = Findings::default();
        let tree = Arc::new(batches);
        let mut scratch = self.instance.take_scratch();
        let mut stopped = false;
        for nth in 0..count {
            let number = state.store.keep_batch(tree.clone(), nth);
            let Some(map) = tree.as_array().and_then(|maps| maps.get(nth)) else { break };
            if stopped {
                batch::apply(&self.instance.plan, state, number, map.as_map().unwrap_or_default(), None);
                continue;
            }
            evaluate_batch(&self.instance, state, map, number, &mut scratch, &mut deadline, &mut findings);
            stopped = deadline.expired() || findings.blocked;
        }
        self.instance.buffers.give(scratch);
        Ok(report(&self.instance, findings, &deadline))
    }

    /// A context that starts with all this one knows and has decided; from here on neither sees what the other does. For
    /// operations within a request (a file opened, a query sent) whose data must not stay.
    pub fn subcontext(&self) -> Context {
        Context { instance: self.instance.clone(), state: self.state.clone() }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(mut state) = self.state.take() {
            state.reset();
            self.instance.states.give(state);
        }
    }
}

fn evaluate_batch(
    instance: &Instance,
    state: &mut State,
    map: &Object,
    number: u32,
    scratch: &mut Scratch,
    deadline: &mut Deadline,
    findings: &mut Findings,
) {
    scratch.fresh.clear();
    batch::apply(&instance.plan, state, number, map.as_map().unwrap_or_default(), Some(scratch));
    batch::evaluate(instance, state, scratch, deadline, findings);
}
