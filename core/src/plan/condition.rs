//! Conditions with names resolved to numbers.

use super::addresses::AddressId;
use super::lists::ListSlot;
use crate::config::Text;
use crate::config::condition::Source;
use crate::config::detector::DetectorKind;
use crate::exploit::Detector;
use crate::matcher::Matcher;
use crate::transform::Chain;
use crate::value::Step;
use std::sync::Arc;

/// The number of a condition, unique over rules, filters and processors: caches are kept by it.
pub type ConditionId = usize;
/// The number of a target of a scalar condition.
pub type TargetId = usize;

/// A condition.
pub struct Condition {
    /// What it asks.
    pub kind: ConditionKind,
}

/// What a condition asks.
pub enum ConditionKind {
    /// A matcher over scalars.
    Scalar {
        /// The matcher.
        matcher: MatcherRef,
        /// Holds if nothing matches.
        negated: bool,
        /// Where it looks, in order.
        targets: Vec<Target>,
    },
    /// Presence.
    Exists {
        /// Holds if the target is absent.
        negated: bool,
        /// Where it looks, in order.
        targets: Vec<Target>,
    },
    /// A RASP detector.
    Detector {
        /// Which one.
        kind: DetectorKind,
        /// With its options.
        detector: Arc<Detector>,
        /// Its arguments, in the order of the event.
        arguments: Vec<Argument>,
    },
}

impl Condition {
    /// The matcher that a scan can rule out, if the condition has one.
    pub fn scannable(&self) -> Option<Arc<Matcher>> {
        match &self.kind {
            ConditionKind::Scalar { matcher: MatcherRef::Fixed(matcher), negated: false, .. } => {
                Some(matcher.clone()).filter(|matcher| matcher.required().is_some() || matcher.triggers().is_some())
            }
            _ => None,
        }
    }

    /// The address without which a detector finds nothing.
    pub fn resource(&self) -> Option<AddressId> {
        match &self.kind {
            ConditionKind::Detector { arguments, .. } => Some(arguments.first()?.targets.first()?.address),
            _ => None,
        }
    }

    /// All places it looks at.
    pub fn targets_mut(&mut self) -> Vec<&mut Target> {
        match &mut self.kind {
            ConditionKind::Scalar { targets, .. } | ConditionKind::Exists { targets, .. } => {
                targets.iter_mut().collect()
            }
            ConditionKind::Detector { arguments, .. } => {
                arguments.iter_mut().flat_map(|argument| &mut argument.targets).collect()
            }
        }
    }
}

/// Where a matcher comes from.
pub enum MatcherRef {
    /// The rule.
    Fixed(Arc<Matcher>),
    /// A dynamic list.
    List(ListSlot),
    /// A list that cannot exist: never holds, negated or not.
    Never,
}

/// A named argument of a detector.
pub struct Argument {
    /// As the event shows it.
    pub name: &'static str,
    /// One target, or several for `params`.
    pub targets: Vec<Target>,
}

/// Where a condition looks.
pub struct Target {
    /// The number under which its state is kept.
    pub id: TargetId,
    /// The address by number,
    pub address: AddressId,
    /// and by name.
    pub name: Text,
    /// The way below it.
    pub key_path: Vec<Step>,
    /// What is done to strings first.
    pub chain: Chain,
    /// Values or keys.
    pub source: Source,
    /// Lane and entry of the scan that can rule this target out.
    pub scan: Option<(usize, u32)>,
}
