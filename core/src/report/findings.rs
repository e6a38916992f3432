//! What a call has found, before it is put in the words of a report.

use super::ConditionMatch;
use crate::config::action::Action;
use crate::plan::RuleId;
use crate::value::Input;
use crate::value::Text;
use std::sync::Arc;

/// What a call has come to so far, over all its batches.
#[derive(Default)]
pub(crate) struct Findings {
    /// Rules that matched, in order.
    pub rules: Vec<RuleMatch>,
    /// Attributes for the trace.
    pub attributes: Attributes,
    /// Batches whose evaluation was completed.
    pub evaluated: u64,
    /// A blocking verdict was reached.
    pub blocked: bool,
}

/// A rule that matched, with what a filter did to it.
pub(crate) struct RuleMatch {
    pub rule: RuleId,
    /// The action a filter puts over the rule's own, if it is one that can be.
    pub override_action: Option<Arc<Action>>,
    /// In condition order.
    pub matches: Vec<ConditionMatch>,
}

/// Attributes in the order in which they were set, each name once.
#[derive(Default)]
pub(crate) struct Attributes(Vec<(Text, Arc<Input>)>);

impl Attributes {
    pub(crate) fn contains(&self, name: &Text) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Sets an attribute, in the place of one of the same name if there is one.
    pub(crate) fn set(&mut self, name: &Text, value: Arc<Input>) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name.clone(), value)),
        }
    }

    /// What was set.
    pub(super) fn finish(self) -> Vec<(Text, Arc<Input>)> {
        self.0
    }
}
