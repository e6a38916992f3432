//! Attributes: those of processors, those of rules, and those whose address is still missing.

use super::state::PendingAttribute;
use super::turn::Turn;
use crate::plan::AttributeValue;
use crate::value::Text;
use crate::value::{Input, Object, Step, View};
use std::sync::Arc;

/// Sets a processor's attribute, which replaces any other of that name, even one that is pending.
pub(super) fn replace(turn: &mut Turn<'_>, name: &Text, value: Arc<Input>) {
    turn.state.pending_attributes.retain(|pending| pending.name != *name);
    turn.findings.attributes.set(name, value);
}

/// Tries the attributes that earlier batches left pending.
pub(super) fn retry(turn: &mut Turn<'_>) {
    let (state, attributes) = (&mut *turn.state, &mut turn.findings.attributes);
    let store = &state.store;
    state.pending_attributes.retain(|attribute| {
        let Some(root) = store.get(attribute.address) else { return true };
        if let Some(value) = copy(root, &attribute.key_path).filter(|_| !attributes.contains(&attribute.name)) {
            attributes.set(&attribute.name, value);
        }
        false
    });
}

/// Collects the attributes of the rules that matched, from `first` on; the first one of a name wins.
pub(super) fn collect(turn: &mut Turn<'_>, first: usize) {
    let plan = turn.plan();
    let (state, findings) = (&mut *turn.state, &mut *turn.findings);
    let attributes = &mut findings.attributes;
    for attribute in findings.rules[first..].iter().flat_map(|found| &plan.rules[found.rule].attributes) {
        let name = &attribute.name;
        if attributes.contains(name) {
            continue;
        }
        match &attribute.value {
            AttributeValue::Literal(value) => {
                state.pending_attributes.retain(|pending| pending.name != *name);
                attributes.set(name, value.clone());
            }
            AttributeValue::Copy(address, key_path) => {
                if state.pending_attributes.iter().any(|pending| pending.name == *name) {
                    continue;
                }
                match state.store.get(*address) {
                    Some(root) => copy(root, key_path).into_iter().for_each(|value| attributes.set(name, value)),
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

/// A copy of a scalar, or of the first element of an array if that is a scalar; else `None`.
fn copy(root: &Object, key_path: &[Step]) -> Option<Arc<Input>> {
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
