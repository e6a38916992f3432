//! Conditions with names resolved to numbers.

use super::addresses::AddressId;
use super::lists::ListSlot;
use crate::config::condition::{self, Source};
use crate::matcher::Matcher;
use crate::transform::Chain;
use crate::value::Step;
use crate::value::Text;
use std::sync::Arc;

/// The number of a condition, unique over rules, filters and processors; caches use it as key.
pub type ConditionId = usize;
/// The number of a target of a scalar condition.
pub type TargetId = usize;

/// A condition.
pub type Condition = condition::Condition<MatcherRef, Target>;
/// A named argument of a detector.
pub type Argument = condition::Argument<Target>;

impl Condition {
    /// The matcher that a scan can rule out, if the condition has one.
    pub fn scannable(&self) -> Option<Arc<Matcher>> {
        match self {
            Condition::Scalar { matcher: MatcherRef::Fixed(matcher), negated: false, .. } => {
                Some(matcher.clone()).filter(|matcher| matcher.required().is_some() || matcher.triggers().is_some())
            }
            _ => None,
        }
    }

    /// The address without which a detector finds nothing.
    pub fn resource(&self) -> Option<AddressId> {
        match self {
            Condition::Detector { arguments, .. } => Some(arguments.first()?.targets.first()?.address),
            _ => None,
        }
    }
}

/// The origin of a matcher.
pub enum MatcherRef {
    /// The rule itself.
    Fixed(Arc<Matcher>),
    /// A dynamic list.
    List(ListSlot),
    /// A list that cannot exist, so the condition never holds, negated or not.
    Never,
}

/// What a condition is applied to.
pub struct Target {
    /// The number under which its state is stored.
    pub id: TargetId,
    /// The number of the address.
    pub address: AddressId,
    /// The name of the address.
    pub name: Text,
    /// The path within it.
    pub key_path: Vec<Step>,
    /// The transformers applied to strings first.
    pub chain: Chain,
    /// Whether values or keys are matched.
    pub source: Source,
    /// The inspection and the matcher whose hits make this target be visited again.
    pub scan: Option<(usize, u32)>,
}
