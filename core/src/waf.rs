//! An instance: an immutable ruleset, ready to evaluate.

use crate::eval::{Context, Instance};
use crate::report::ReportedAction;
use crate::value::Text;
use std::any::Any;
use std::sync::Arc;

/// An immutable ruleset. Cheap to clone and to share between threads; contexts keep it alive.
#[derive(Clone)]
pub struct Waf(Arc<Instance>);

impl Waf {
    pub(crate) fn from_instance(instance: Instance) -> Self {
        Waf(Arc::new(instance))
    }

    /// The addresses that this instance uses. Others need not be computed.
    pub fn known_addresses(&self) -> &[Text] {
        &self.0.plan.known_addresses
    }

    /// The types of actions a match can lead to.
    pub fn known_actions(&self) -> &[Text] {
        &self.0.plan.known_actions
    }

    /// The parameters of the action `block`, with a new id, for requests that are blocked without a matching rule.
    pub fn block_action(&self) -> ReportedAction {
        ReportedAction::blocking(&self.0.plan.block, &self.0.ids.uuid())
    }

    /// An object that a binding attaches to the instance and its contexts; made on first use (threads that call this at
    /// the same time may make several, of which one is kept). `None` if it was made with another type.
    pub fn companion<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.0.companion.get_or_init(|| Box::new(Box::new(make()))).downcast_ref()
    }

    /// A context for one request.
    pub fn context(&self) -> Context {
        Context::new(self.0.clone())
    }
}

impl std::fmt::Debug for Waf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waf").field("rules", &self.0.plan.rules.len()).finish_non_exhaustive()
    }
}
