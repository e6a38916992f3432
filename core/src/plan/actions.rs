//! Resolving action ids.

use crate::config::action::{self, Action};
use crate::config::store::Store;
use crate::value::Text;
use std::collections::HashMap;
use std::sync::Arc;

/// Action ids resolved: configured ones first, then built-in ones.
pub struct Actions<'a> {
    store: &'a Store,
    defaults: HashMap<Text, Arc<Action>>,
}

impl<'a> Actions<'a> {
    /// The actions of a configuration.
    pub fn new(store: &'a Store) -> Self {
        let defaults = action::defaults().into_iter().map(|action| (action.id.clone(), Arc::new(action)));
        Actions { store, defaults: defaults.collect() }
    }

    /// The action of this id.
    pub fn get(&self, id: &[u8]) -> Option<Arc<Action>> {
        self.store.actions.get(id).or_else(|| self.defaults.get(id)).cloned()
    }

    /// The action `block`, or the built-in one if that does not block.
    pub fn block(&self) -> Arc<Action> {
        let configured = self.get(action::BLOCK).filter(|action| action.kind.is_blocking());
        configured.unwrap_or_else(|| Arc::new(action::default_block()))
    }
}
