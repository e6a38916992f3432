//! Rules in evaluation order, and the modules and collections they form.

use super::addresses::AddressId;
use super::condition::ConditionId;
use crate::config::action::Action;
use crate::value::Text;
use crate::value::{Input, Step};
use std::ops::Range;
use std::sync::Arc;

/// The position of a rule in evaluation order.
pub type RuleId = usize;

/// The effect of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The request goes on.
    Monitor = 1,
    /// The request ends, and with it the evaluation.
    Block = 2,
}

/// A rule.
pub struct Rule {
    /// What its events show of it, unless a filter changes its actions.
    pub shown: Arc<EventRule>,
    /// Action ids in order, with the action if there is one.
    pub on_match: Vec<(Text, Option<Arc<Action>>)>,
    /// The strongest effect of these actions.
    pub verdict: Verdict,
    /// Whether blocking actions are only named in the outcome, and not asked for, as the engine monitors.
    pub withholds: bool,
    /// All must hold.
    pub conditions: Range<ConditionId>,
    /// Whether a match is reported as an event.
    pub event: bool,
    /// Whether a match asks for the trace to be kept.
    pub keep: bool,
    /// The attributes that a match sets.
    pub attributes: Vec<Attribute>,
}

/// What an event shows of its rule.
#[derive(Clone, Debug)]
pub struct EventRule {
    /// Its id.
    pub id: Text,
    /// Its name.
    pub name: Text,
    /// Its tags.
    pub tags: Vec<(Text, Text)>,
    /// Ids of its actions, after filters.
    pub on_match: Vec<Text>,
}

/// One attribute of a rule.
pub struct Attribute {
    /// Its name.
    pub name: Text,
    /// Its value.
    pub value: AttributeValue,
}

/// The value of an attribute.
#[derive(Clone)]
pub enum AttributeValue {
    /// A fixed scalar.
    Literal(Arc<Input>),
    /// A copy of the value at this path.
    Copy(AddressId, Arc<[Step]>),
}

/// Rules that are evaluated together.
pub struct Module {
    /// The rules of the module.
    pub rules: Range<RuleId>,
    /// Whether the module runs even after the deadline.
    pub ignores_deadline: bool,
    /// Groups of rules of which at most one is reported; if empty, every match is.
    pub collections: Vec<Collection>,
}

/// A run of rules of one type.
pub struct Collection {
    /// Its rules.
    pub rules: Range<RuleId>,
    /// The number of the type; all collections of a type share their progress.
    pub type_id: usize,
    /// The verdict of the first rule.
    pub verdict: Verdict,
}
