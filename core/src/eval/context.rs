//! The context of a request, and its subcontexts.

use super::batch::{self, Findings};
use super::scan::Scratch;
use super::state::State;
use crate::plan::{Lists, Plan};
use crate::report::{Outcome, report};
use crate::support::fork::Renewable;
use crate::support::{Clock, Deadline, Ids};
use crate::value::Parked;
use once_cell::race::OnceBox;
use std::any::Any;
use std::sync::Arc;

/// What all contexts of an instance share.
pub(crate) struct Instance {
    pub plan: Arc<Plan>,
    pub lists: Lists,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    /// What a binding wants to live as long as the instance and its contexts.
    pub companion: OnceBox<Box<dyn Any + Send + Sync>>,
    idle: Renewable<Idle>,
}

/// What is costly to make and quick to use again. Contexts that end leave it for those to come.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "contexts hold boxes: passing one on must not copy what is in it")]
struct Idle {
    states: Vec<Box<State>>,
    scratches: Vec<Box<Scratch>>,
}

/// More idle ones of a kind than this are not kept.
const KEPT_IDLE: usize = 64;

impl Instance {
    pub(crate) fn new(plan: Arc<Plan>, lists: Lists, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Instance { plan, lists, clock, ids, companion: OnceBox::new(), idle: Renewable::default() }
    }
}

impl Idle {
    fn give(&mut self, state: Option<Box<State>>, scratch: Option<Box<Scratch>>) {
        if self.states.len() < KEPT_IDLE {
            self.states.extend(state);
        }
        if self.scratches.len() < KEPT_IDLE {
            self.scratches.extend(scratch);
        }
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
    /// There from the first call on.
    state: Option<Box<State>>,
    /// Likewise, but not after calls that left much in it: there are more contexts that wait than calls that run.
    scratch: Option<Box<Scratch>>,
}

impl Context {
    pub(crate) fn new(instance: Arc<Instance>) -> Self {
        Context { instance, state: None, scratch: None }
    }

    /// Evaluates one batch of data, a map from addresses to values, within a budget: a duration, or what is left of a
    /// deadline that began earlier.
    pub fn run(&mut self, data: impl Into<Parked>, budget: impl Into<Deadline>) -> Result<Outcome, RunError> {
        self.run_within(data.into(), &mut budget.into())
    }

    /// The same, within a deadline of the caller's.
    pub(super) fn run_within(&mut self, data: Parked, deadline: &mut Deadline) -> Result<Outcome, RunError> {
        let Some(entries) = data.as_map() else { return Err(self.refuse(data)) };
        let mut findings = Findings::default();
        let (instance, state, scratch) = self.equip();
        batch::apply(&instance.plan, state, state.store.next_number(), entries, Some(scratch), deadline);
        state.store.keep(Arc::new(data));
        batch::evaluate(instance, state, scratch, deadline, &mut findings);
        deadline.expired();
        self.tidy();
        Ok(report(&self.instance, findings, deadline))
    }

    /// Evaluates several batches, an array of maps, in order within one `budget`. A blocking verdict or the end of the
    /// budget stops; the data of batches that are not reached is there for later calls, but does not by itself lead to
    /// anything.
    pub fn run_batches(
        &mut self,
        batches: impl Into<Parked>,
        budget: impl Into<Deadline>,
    ) -> Result<Outcome, RunError> {
        let (batches, mut deadline) = (batches.into(), budget.into());
        let Some(count) = batches.as_array().filter(|maps| maps.iter().all(|map| map.is_map())).map(<[_]>::len) else {
            return Err(self.refuse(batches));
        };
        let mut findings = Findings::default();
        let (instance, state, scratch) = self.equip();
        let tree = Arc::new(batches);
        let mut stopped = false;
        for nth in 0..count {
            let number = state.store.keep_batch(tree.clone(), nth);
            let Some(map) = tree.as_array().and_then(|maps| maps.get(nth)) else { break };
            let entries = map.as_map().unwrap_or_default();
            if stopped {
                batch::apply(&instance.plan, state, number, entries, None, &mut deadline);
                continue;
            }
            batch::apply(&instance.plan, state, number, entries, Some(scratch), &mut deadline);
            batch::evaluate(instance, state, scratch, &mut deadline, &mut findings);
            stopped = deadline.expired() || findings.blocked;
        }
        self.tidy();
        Ok(report(&self.instance, findings, &deadline))
    }

    /// Keeps what cannot be evaluated until its turn to be freed.
    fn refuse(&mut self, data: Parked) -> RunError {
        let (_, state, _) = self.equip();
        state.store.keep(Arc::new(data));
        RunError::InvalidObject
    }

    /// What a call needs, taken at once: locks are a good part of what a small call costs.
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
    fn tidy(&mut self) {
        if self.scratch.as_ref().is_some_and(|scratch| scratch.is_large()) {
            self.instance.idle.lock().give(None, self.scratch.take());
        }
    }

    /// A context that starts with all this one knows and has decided; from here on neither sees what the other does. For
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
