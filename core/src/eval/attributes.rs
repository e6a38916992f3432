//! Collecting attributes: what processors made, what rules store, and what rules wait for.

use super::rules::RuleMatch;
use super::state::{PendingAttribute, State};
use crate::config::Text;
use crate::plan::{AttributeValue, Plan};
use crate::value::{Object, Parked, Step, View};
use std::sync::Arc;

/// The attributes of one call.
#[derive(Default)]
pub(crate) struct Collector(Vec<(Text, Arc<Parked>)>);

impl Collector {
    /// What was collected.
    pub(crate) fn finish(self) -> Vec<(Text, Arc<Parked>)> {
        self.0
    }

    fn contains(&self, name: &Text) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// A processor's attribute: replaces what is there, and what waits under that name.
    pub(super) fn replace(&mut self, name: &Text, value: Arc<Parked>, state: &mut State) {
        state.pending_attributes.retain(|pending| pending.name != *name);
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name.clone(), value)),
        }
    }

    /// Tries again what earlier batches left waiting.
    pub(super) fn retry(&mut self, state: &mut State) {
        if state.pending_attributes.is_empty() {
            return;
        }
        let pending = std::mem::take(&mut state.pending_attributes);
        for attribute in pending {
            match state.store.get(attribute.address) {
                None => state.pending_attributes.push(attribute),
                Some(root) => {
                    if let Some(value) = copy(root, &attribute.key_path).filter(|_| !self.contains(&attribute.name)) {
                        self.0.push((attribute.name, value));
                    }
                }
            }
        }
    }

    /// The attributes of rules that matched; the first of a name counts.
    pub(super) fn collect(&mut self, plan: &Plan, found: &[RuleMatch], state: &mut State) {
        for rule in found {
            for attribute in &plan.rules[rule.rule].attributes {
                let name = &attribute.name;
                if self.contains(name) {
                    continue;
                }
                match &attribute.value {
                    AttributeValue::Literal(value) => {
                        state.pending_attributes.retain(|pending| pending.name != *name);
                        self.0.push((name.clone(), value.clone()));
                    }
                    AttributeValue::Copy(address, key_path) => {
                        if state.pending_attributes.iter().any(|pending| pending.name == *name) {
                            continue;
                        }
                        match state.store.get(*address) {
                            Some(root) => self.0.extend(copy(root, key_path).map(|value| (name.clone(), value))),
                            None => state.pending_attributes.push(PendingAttribute {
                                name: name.clone(),
                                address: *address,
                                key_path: key_path.clone(),
                            }),
                        }
                    }
                }
            }
        }
    }
}

/// A scalar is copied; of an array its first element, if that is a scalar; anything else is nothing.
fn copy(root: &Object, key_path: &[Step]) -> Option<Arc<Parked>> {
    let object = root.follow(key_path)?;
    let object = match object.view() {
        View::Array(elements) => elements.first()?,
        _ => object,
    };
    match object.view() {
        View::Map(_) | View::Array(_) | View::Null | View::Invalid => None,
        _ => Some(Arc::new(object.to_value().into())),
    }
}
