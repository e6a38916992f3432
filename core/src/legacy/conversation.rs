//! The evaluation of one request from data of both kinds.

use crate::shared::{SharedContext, SharedInstance};
use crate::value::{Object, Pair, Text, Value};
use crate::{Deadline, Outcome, RunError};
use std::collections::HashSet;

/// The address that says that a rule matched.
const EVENT: &[u8] = b"waf.context.event";

/// The evaluation of one request.
///
/// Differences from libddwaf 1.30: if the ephemeral data are refused, the persistent data beside them are, too; and a rule
/// that only sets attributes does so for ephemeral data each time instead of once.
pub struct Conversation {
    context: SharedContext,
    /// The addresses with persistent data, which ephemeral data cannot replace.
    held: HashSet<Text>,
    /// Whether a rule matched in a subcontext, which the context does not know yet.
    untold: bool,
}

impl Conversation {
    /// A conversation without data.
    pub fn new(instance: &SharedInstance) -> Self {
        let context = SharedContext::closed();
        context.restart(instance);
        Conversation { context, held: HashSet::new(), untold: false }
    }

    /// Evaluates data of both kinds, of which at least one should be given. Nothing is returned if nothing is new.
    pub fn run(
        &mut self,
        persistent: Option<Value>,
        ephemeral: Option<Value>,
        deadline: Deadline,
    ) -> Result<Option<Outcome>, RunError> {
        if [&persistent, &ephemeral].into_iter().flatten().any(|data| !data.is_map()) {
            return Err(RunError::InvalidObject);
        }
        let persistent = persistent.filter(|data| !data.is_empty());
        let keys = persistent.iter().flat_map(|data| pairs(data)).filter_map(Pair::key_bytes);
        self.held.extend(keys.map(Text::from));
        let ephemeral = ephemeral.map(|data| self.admissible(data)).filter(|data| !data.is_empty());
        match (persistent, ephemeral) {
            (None, None) => Ok(None),
            (Some(data), None) => self.keep(data, deadline).map(Some),
            (None, Some(data)) => self.pass(data, deadline).map(Some),
            (Some(persistent), Some(ephemeral)) => {
                let mut outcome = self.pass(joined(&persistent, &ephemeral), deadline.clone())?;
                // What persistent data trigger must not be reported again later.
                let again = self.keep(persistent, deadline)?;
                outcome.duration = again.duration;
                outcome.timeout |= again.timeout;
                Ok(Some(outcome))
            }
        }
    }

    /// Drops all data. Later calls find nothing.
    pub fn close(&mut self) {
        self.context.close();
        self.held = HashSet::new();
    }

    /// The ephemeral data without the addresses that have persistent data.
    fn admissible(&self, data: Value) -> Value {
        let is_held = |pair: &Pair| pair.key_bytes().is_some_and(|key| self.held.contains(key));
        match pairs(&data).iter().any(is_held) {
            true => copied(pairs(&data).iter().filter(|pair| !is_held(pair))),
            false => data,
        }
    }

    /// Evaluates data that stay.
    fn keep(&mut self, mut data: Value, deadline: Deadline) -> Result<Outcome, RunError> {
        if std::mem::take(&mut self.untold) {
            data.insert(EVENT, true);
        }
        self.context.run(data, deadline)
    }

    /// Evaluates data that are forgotten.
    fn pass(&mut self, data: Value, deadline: Deadline) -> Result<Outcome, RunError> {
        let outcome = self.context.subcontext().run(data, deadline)?;
        self.untold |= outcome.matched;
        Ok(outcome)
    }
}

fn pairs(map: &Object) -> &[Pair] {
    map.as_map().unwrap_or_default()
}

fn copied<'a>(pairs: impl Iterator<Item = &'a Pair>) -> Value {
    Value::from_entries(pairs.map(|pair| (pair.key_bytes().unwrap_or_default(), pair.value().to_value())))
}

fn joined(first: &Object, second: &Object) -> Value {
    copied(pairs(first).iter().chain(pairs(second)))
}
