//! Compiling the merged configuration into one immutable, shareable plan of evaluation.
//!
//! Everything that can be decided in advance is decided here: names become numbers, rules get their order and modules,
//! actions are resolved, filters know their rules, and every pattern that can be prefiltered has its place in the scan
//! tables. For a benign request, the evaluation then only follows a few bit sets.
//!
//! Dynamic lists are not part of the plan: conditions refer to them by slot, so that an update of a denylist of a
//! million entries swaps a few pointers ([`Lists`]) and leaves the plan as it is.

mod actions;
mod addresses;
mod build;
mod condition;
mod filter;
mod inspection;
mod lists;
mod modules;
mod obfuscator;
mod order_rules;
mod processor;
mod rule;
mod scan;
mod scanners;

pub use addresses::{AddressId, Addresses};
pub use build::{EngineOptions, build};
pub use condition::{Argument, Condition, ConditionId, MatcherRef, Target};
pub use filter::{InputFilter, Mode, RuleFilter};
pub use inspection::{Dependents, SourcePlan};
pub use lists::{List, Lists};
pub use obfuscator::{Obfuscator, ValueRule};
pub use processor::{Mapping, Processor};
pub use rule::{AttributeValue, EventRule, Module, Rule, RuleId, Verdict};
pub use scan::ScanPlan;

use crate::config::action::Action;
use crate::support::Bits;
use crate::value::Text;
use std::sync::Arc;

/// An immutable plan, shared by all contexts.
pub struct Plan {
    /// All addresses referred to.
    pub addresses: Addresses,
    /// In evaluation order.
    pub rules: Vec<Rule>,
    /// In evaluation order; only those with rules.
    pub modules: Vec<Module>,
    /// Conditions of rules, filters and processors.
    pub conditions: Vec<Condition>,
    /// The number of targets of scalar conditions.
    pub targets: usize,
    /// In evaluation order.
    pub rule_filters: Vec<RuleFilter>,
    /// In evaluation order.
    pub input_filters: Vec<InputFilter>,
    /// Processors that run before the rules.
    pub preprocessors: Vec<Processor>,
    /// Processors that run after the rules.
    pub postprocessors: Vec<Processor>,
    /// The addresses that can make rules match when they are new.
    pub rule_addresses: Bits,
    /// Likewise for filters.
    pub filter_addresses: Bits,
    /// How strings are prefiltered.
    pub scan: ScanPlan,
    /// What events must not show.
    pub obfuscator: Obfuscator,
    /// Addresses this plan reacts to.
    pub known_addresses: Vec<Text>,
    /// Action types that rules and filters can lead to.
    pub known_actions: Vec<Text>,
    /// The action `block`, which ends a request if no rule does.
    pub block: Arc<Action>,
    /// The names of the lists that conditions refer to.
    pub list_names: Vec<lists::ListName>,
}
