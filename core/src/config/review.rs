//! Checks the elements of a configuration for references to what does not exist, and for what may be costly.
//!
//! Whether an action exists depends on all configurations of a builder, so this checks the whole store, at any time.

use super::condition::Condition;
use super::exclusion::FilterMode;
use super::known_addresses::is_known;
use super::reference::Reference;
use super::rule::{AttributeSource, Origin};
use super::store::{Contribution, Store};
use super::warning::{Warning, WarningKind};
use super::{action, rule::Rule};
use crate::matcher::Matcher;
use crate::matcher::ScalarMatcher;
use crate::value::Text;
use std::collections::HashSet;

/// Warnings about the elements of one contribution, in the order of their sections.
pub fn references(store: &Store, contribution: &Contribution) -> Vec<Warning> {
    let derived = store.processors.values().filter(|processor| processor.evaluate);
    let derived = derived.flat_map(|processor| processor.mappings.iter().map(|mapping| &*mapping.output)).collect();
    let actions = action::defaults().into_iter().map(|action| action.id).collect();
    let mut review = Review { store, derived, actions, warnings: vec![] };
    review.contribution(contribution);
    review.warnings
}

struct Review<'a> {
    store: &'a Store,
    /// Addresses that processors make.
    derived: HashSet<&'a [u8]>,
    /// The ids of actions that exist without configuration.
    actions: Vec<Text>,
    warnings: Vec<Warning>,
}

impl Review<'_> {
    fn contribution(&mut self, contribution: &Contribution) {
        let store = self.store;
        for rule in store.rules_of(contribution) {
            self.rule(rule);
        }
        for over in store.rule_overrides_of(contribution) {
            let id = Text::default();
            over.on_match.iter().flatten().for_each(|action| self.action("rules_override", &id, action));
            self.targets("rules_override", &id, &over.targets);
        }
        for filter in store.rule_filters_of(contribution) {
            if let FilterMode::Custom(action) = &filter.mode {
                self.action("exclusions", &filter.id, action);
            }
            self.targets("exclusions", &filter.id, &filter.targets);
            self.conditions("exclusions", &filter.id, &filter.conditions);
        }
        for filter in store.input_filters_of(contribution) {
            self.targets("exclusions", &filter.id, &filter.targets);
            self.conditions("exclusions", &filter.id, &filter.conditions);
            filter.inputs.iter().for_each(|(address, _)| self.address("exclusions", &filter.id, address));
        }
        for processor in store.processors_of(contribution) {
            self.conditions("processors", &processor.id, &processor.conditions);
            let inputs = processor.mappings.iter().flat_map(|mapping| &mapping.inputs);
            inputs.for_each(|input| self.address("processors", &processor.id, &input.address));
        }
        for scanner in store.scanners_of(contribution) {
            let matchers = [&scanner.key, &scanner.value].into_iter().flatten();
            matchers.for_each(|matcher| self.cost("scanners", &scanner.id, matcher));
        }
    }

    fn rule(&mut self, rule: &Rule) {
        let section = match rule.origin {
            Origin::Base => "rules",
            Origin::User => "custom_rules",
        };
        rule.on_match.iter().for_each(|action| self.action(section, &rule.id, action));
        self.conditions(section, &rule.id, &rule.conditions);
        for attribute in &*rule.attributes {
            if let AttributeSource::Copy { address, .. } = &attribute.source {
                self.address(section, &rule.id, address);
            }
        }
    }

    fn conditions(&mut self, section: &'static str, id: &Text, conditions: &[Condition]) {
        for condition in conditions {
            if let Condition::Scalar { matcher: ScalarMatcher::Fixed(matcher), .. } = condition {
                self.cost(section, id, matcher);
            }
            condition.targets().for_each(|target| self.address(section, id, &target.address));
        }
    }

    fn action(&mut self, section: &'static str, id: &Text, action: &Text) {
        if self.store.actions.contains_key(action) || self.actions.contains(action) {
            return;
        }
        let name = String::from_utf8_lossy(action);
        let message = format!("there is no action `{name}`, so nothing is done where it is asked for");
        self.warn(WarningKind::UnknownAction, section, id, message);
    }

    fn targets(&mut self, section: &'static str, id: &Text, targets: &[Reference]) {
        for target in targets {
            if self.store.rules().any(|rule| target.selects(&rule.id, &rule.tags)) {
                continue;
            }
            let text = |text: &Text| String::from_utf8_lossy(text).into_owned();
            let message = match target {
                Reference::Id(rule) => format!("there is no rule `{}` to which this could apply", text(rule)),
                Reference::Tags(tags) => {
                    let tags: Vec<_> =
                        tags.iter().map(|(tag, value)| format!("{}:{}", text(tag), text(value))).collect();
                    format!("no rule has the tags `{}`, so there is none to which this could apply", tags.join(" "))
                }
                Reference::Empty => continue,
            };
            self.warn(WarningKind::UnknownRule, section, id, message);
        }
    }

    fn address(&mut self, section: &'static str, id: &Text, address: &[u8]) {
        if is_known(address) || self.derived.contains(address) {
            return;
        }
        let name = String::from_utf8_lossy(address);
        let message = format!("requests are not submitted under the address `{name}`, unless the application does it");
        self.warn(WarningKind::UnknownAddress, section, id, message);
    }

    fn cost(&mut self, section: &'static str, id: &Text, matcher: &Matcher) {
        let Some(pattern) = matcher.pattern().filter(|pattern| pattern.is_costly()) else { return };
        let message = format!(
            "searching for `{}` can take {} operations a character, some nanoseconds each, on texts that an attacker chooses; \
             counted repetitions such as `x{{0,300}}` often do without the count",
            String::from_utf8_lossy(pattern.source()),
            pattern.bound()
        );
        self.warn(WarningKind::CostlyPattern, section, id, message);
    }

    /// Repeats no warning about an element.
    fn warn(&mut self, kind: WarningKind, section: &'static str, id: &Text, message: String) {
        let warning = Warning::of_element(kind, section, id, message);
        let of_element = self.warnings.iter().rev().take_while(|said| said.id == *id && said.section == section);
        if !of_element.into_iter().any(|said| *said == warning) {
            self.warnings.push(warning);
        }
    }
}
