//! From the actions of all matching rules to what the caller should do.

use crate::config::action::{Action, ActionKind};
use crate::order::Table;
use crate::value::Text;
use crate::value::{Object, Value};
use std::sync::Arc;

/// One action for the caller, whose type is the key in the result's `actions`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReportedAction {
    /// The type: `block_request`, `redirect_request`, `generate_stack`, or any other a configuration names.
    pub kind: Text,
    /// The configured parameters, plus ids made for this call.
    pub parameters: Vec<(Text, Value)>,
}

impl ReportedAction {
    /// A parameter by its name.
    pub fn parameter(&self, name: &[u8]) -> Option<&Object> {
        self.parameters.iter().find(|(key, _)| **key == *name).map(|(_, value)| &**value)
    }

    /// A blocking action with the id that links the response to the events.
    pub(crate) fn blocking(action: &Action, response_id: &str) -> Self {
        let mut parameters = action.parameters.clone();
        parameters.push((b"security_response_id"[..].into(), Value::from(response_id)));
        Self { kind: action.type_name.clone(), parameters }
    }
}

/// Collects actions in the order of the rules that have them.
#[derive(Default)]
pub(super) struct Consolidation {
    blocking: Option<Arc<Action>>,
    /// Made when needed.
    others: Option<Table<Arc<Action>>>,
}

impl Consolidation {
    /// Of several blocking actions the strongest is kept, among equals the first; of others each once.
    pub(super) fn add(&mut self, action: &Arc<Action>) {
        if !action.kind.is_blocking() {
            self.others.get_or_insert_default().insert(action.id.clone(), action.clone());
        } else if self.blocking.as_ref().is_none_or(|known| known.kind < action.kind) {
            self.blocking = Some(action.clone());
        }
    }

    /// The blocking action, without the id of a response, as there is none.
    pub(super) fn untaken(self) -> Option<ReportedAction> {
        let action = self.blocking?;
        Some(ReportedAction { kind: action.type_name.clone(), parameters: action.parameters.clone() })
    }

    /// The blocking action comes first.
    pub(super) fn finish(
        self,
        response_id: &mut dyn FnMut() -> Arc<str>,
        stack_id: &mut dyn FnMut() -> Arc<str>,
    ) -> Vec<ReportedAction> {
        let mut reported = vec![];
        if let Some(action) = self.blocking {
            reported.push(ReportedAction::blocking(&action, &response_id()));
        }
        for action in self.others.iter().flat_map(Table::values) {
            let parameters = match action.kind {
                ActionKind::Monitor => continue,
                ActionKind::GenerateStack => vec![(b"stack_id"[..].into(), Value::from(&*stack_id()))],
                _ => action.parameters.clone(),
            };
            reported.push(ReportedAction { kind: action.type_name.clone(), parameters });
        }
        reported
    }
}
