//! The findings of a call, before they are reported.

use super::ConditionMatch;
use crate::config::action::Action;
use crate::plan::RuleId;
use crate::value::Input;
use crate::value::Text;
use std::sync::Arc;

/// The findings of a call so far, over all its batches.
#[derive(Default)]
pub(crate) struct Findings {
    /// Rules that matched, in order.
    pub rules: Vec<RuleMatch>,
    /// Attributes for the trace.
    pub attributes: Attributes,
    /// Batches whose evaluation was completed.
    pub evaluated: u64,
    /// Whether a blocking verdict was reached.
    pub blocked: bool,
}

/// A rule that matched, with the effect of a filter.
pub(crate) struct RuleMatch {
    pub rule: RuleId,
    /// The action that replaces the rule's own because of a filter, if it is a modal one.
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

    /// Sets an attribute, replacing one of the same name in place.
    pub(crate) fn set(&mut self, name: &Text, value: Arc<Input>) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name.clone(), value)),
        }
    }

    /// All attributes that were set.
    pub(super) fn finish(self) -> Vec<(Text, Arc<Input>)> {
        self.0
    }
}
