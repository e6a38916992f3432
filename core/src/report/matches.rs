//! Events, and the matches they are made of.

use crate::plan::EventRule;
use crate::value::Step;
use crate::value::Text;
use std::sync::Arc;

/// A rule that matched, as reported to callers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The rule.
    pub rule: Arc<EventRule>,
    /// One per condition, in order.
    pub matches: Vec<ConditionMatch>,
    /// Links the event to a stack trace taken by the caller.
    pub stack_id: Option<Arc<str>>,
    /// Links the event to the response that blocked the request.
    pub security_response_id: Option<Arc<str>>,
}

/// One condition that held.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConditionMatch {
    /// The operator that ran.
    pub operator: Operator,
    /// The expression of `match_regex`; empty for most operators.
    pub operator_value: Text,
    /// One named `input` for scalar operators; several for detectors.
    pub arguments: Vec<ArgumentMatch>,
    /// The parts that matched.
    pub highlight: Vec<Vec<u8>>,
}

/// An operator's name as events show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Without `!`.
    pub name: &'static str,
    /// Whether it is shown with `!`.
    pub negated: bool,
}

impl std::fmt::Display for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mark = if self.negated { "!" } else { "" };
        write!(f, "{mark}{}", self.name)
    }
}

/// The value of one argument that took part in a match.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArgumentMatch {
    /// `input`, or the argument's name.
    pub name: &'static str,
    /// The address of the value.
    pub address: Text,
    /// As text, after transformers.
    pub value: Vec<u8>,
    /// The path within the address.
    pub key_path: Vec<Step>,
}
