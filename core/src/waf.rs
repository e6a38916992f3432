//! An instance: an immutable set of rules, ready to evaluate.

use crate::builder::Builder;
use crate::config::Text;
use crate::config::diagnostics::Diagnostics;
use crate::eval::{Context, Instance};
use crate::report::ReportedAction;
use crate::value::Object;
use std::any::Any;
use std::sync::Arc;

/// An immutable set of rules. Cheap to clone and to share between threads; contexts keep it alive.
#[derive(Clone)]
pub struct Waf(Arc<Instance>);

impl Waf {
    /// An instance of one ruleset, or what was wrong with it.
    ///
    /// Rules that are refused do not keep the others from loading; to see what became of each, use a
    /// [`Builder`].
    ///
    /// ```
    /// use bartizan::{Waf, value::{Value, json}};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ruleset = json::parse(br#"{"version": "2.2", "rules": [{"id": "five", "name": "Five", "tags": {"type": "t"},
    ///     "conditions": [{"operator": "equals", "parameters":
    ///         {"inputs": [{"address": "number"}], "value": 5, "type": "signed"}}]}]}"#)?;
    /// let waf = Waf::new(&ruleset)?;
    /// let data = Value::from_entries([("number", Value::from(5))]);
    /// let outcome = waf.context().run(data, std::time::Duration::from_millis(5))?;
    /// assert_eq!(&*outcome.events[0].rule.id, b"five");
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(ruleset: &Object) -> Result<Waf, Diagnostics> {
        let mut builder = Builder::new();
        let added = builder.add_ruleset(b"default", ruleset);
        builder.build().ok_or(added.diagnostics)
    }

    pub(crate) fn from_instance(instance: Instance) -> Self {
        Waf(Arc::new(instance))
    }

    /// The addresses this instance reacts to. Others need not be computed.
    pub fn known_addresses(&self) -> &[Text] {
        &self.0.plan.known_addresses
    }

    /// The types of actions a match can lead to.
    pub fn known_actions(&self) -> &[Text] {
        &self.0.plan.known_actions
    }

    /// What the action `block` asks for, with an id of its own: how a request ends that no rule ends.
    pub fn block_action(&self) -> ReportedAction {
        ReportedAction::blocking(&self.0.plan.block, &self.0.ids.uuid())
    }

    /// What a binding keeps beside the instance, for as long as that or any of its contexts lives; made when first asked
    /// for (and possibly more than once by threads that ask at the same time, all but one for nothing). `None` if it was made as another type.
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
