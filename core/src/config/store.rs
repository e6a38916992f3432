//! Everything that the configurations of a builder have contributed, and which one contributed what.
//!
//! Ids are unique over all paths, and the first element with an id keeps it. Removing a path removes exactly what it
//! contributed. The tables keep the iteration order that determines the evaluation order (see `order`).

use super::action::Action;
use super::data::{self, DataList, DataSet};
use super::exclusion::{InputFilter, RuleFilter};
use super::obfuscator::Obfuscator;
use super::overrides::{ProcessorOverride, RuleOverride};
use super::processor::{Processor, ScannerSpec};
use super::rule::{Origin, Rule};
use super::warning::Warning;
use crate::matcher::data::{DataMatcher, ListType};
use crate::order::Table;
use crate::value::{Text, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// The contribution of one path: what to remove with the path.
#[derive(Default)]
pub struct Contribution {
    /// 0 for an empty contribution.
    owner: u64,
    actions: Vec<Text>,
    rules: Vec<Text>,
    filters: Vec<Text>,
    processors: Vec<Text>,
    scanners: Vec<Text>,
    rules_data: Vec<Text>,
    exclusion_data: Vec<Text>,
    overrides: bool,
    obfuscator: bool,
    /// What the document says about the detection of account takeover; rules of the firewall do not need it.
    pub takeover: Option<Value>,
    /// The warnings from reading the document.
    pub warnings: Vec<Warning>,
}

/// Something that one path contributed.
#[derive(Clone)]
pub struct Owned<T> {
    owner: u64,
    /// What it is.
    pub item: T,
}

/// All lists of one kind, by name.
#[derive(Clone, Default)]
pub struct DataLists(HashMap<Text, Named>);

#[derive(Clone)]
struct Named {
    /// The type of the first list ever added under the name; it outlives the list.
    settled: ListType,
    sets: Vec<Owned<DataSet>>,
}

impl DataLists {
    fn add(&mut self, owner: u64, id: Text, list: &DataList) {
        let named = self.0.entry(id).or_insert_with(|| Named { settled: list.declared, sets: vec![] });
        let item = list.build(named.settled);
        named.sets.push(Owned { owner, item });
    }

    fn remove(&mut self, owner: u64, id: &[u8]) {
        if let Some(named) = self.0.get_mut(id) {
            named.sets.retain(|set| set.owner != owner);
        }
    }

    /// The current values of the lists of this name, if there ever was one.
    pub fn get(&self, id: &[u8]) -> Option<DataMatcher> {
        let named = self.0.get(id)?;
        Some(data::join(named.settled, named.sets.iter().map(|set| &set.item)))
    }
}

/// The merged configuration of all paths. Copies share the elements.
#[derive(Clone, Default)]
pub struct Store {
    owners: u64,
    /// Configured actions by id, without the built-in ones.
    pub actions: HashMap<Text, Arc<Action>>,
    /// `rules` and `rules_compat`.
    pub base_rules: Table<Arc<Rule>>,
    /// `custom_rules`.
    pub user_rules: Table<Arc<Rule>>,
    /// Exclusions without `inputs`.
    pub rule_filters: Table<Arc<RuleFilter>>,
    /// Exclusions with `inputs`.
    pub input_filters: Table<Arc<InputFilter>>,
    /// Both kinds of processors.
    pub processors: Table<Arc<Processor>>,
    /// Scanners of all paths.
    pub scanners: Table<Arc<ScannerSpec>>,
    /// Oldest first.
    pub rule_overrides: Vec<Owned<Arc<RuleOverride>>>,
    /// Oldest first.
    pub processor_overrides: Vec<Owned<Arc<ProcessorOverride>>>,
    /// Contributed by at most one path.
    pub obfuscator: Option<Owned<Obfuscator>>,
    /// Lists that conditions of rules refer to.
    pub rules_data: DataLists,
    /// Lists that conditions of exclusions refer to.
    pub exclusion_data: DataLists,
    /// Whether anything but dynamic lists has changed since [`Store::take_changed`].
    changed: bool,
}

impl Store {
    /// Starts a contribution, which is filled through [`Adding`].
    pub fn start(&mut self) -> Adding<'_> {
        self.owners += 1;
        let contribution = Contribution { owner: self.owners, ..Contribution::default() };
        Adding { store: self, contribution }
    }

    /// Whether anything has changed since the last call, except for dynamic lists, which are cheap to swap.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The rules of all contributions.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.base_rules.values().chain(self.user_rules.values()).map(|rule| &**rule)
    }

    /// The rules of a contribution.
    pub fn rules_of(&self, contribution: &Contribution) -> impl Iterator<Item = &Rule> {
        let find = |id: &Text| self.base_rules.get(id).or_else(|| self.user_rules.get(id));
        contribution.rules.iter().filter_map(move |id| find(id).map(|rule| &**rule))
    }

    /// The exclusions without `inputs` of a contribution.
    pub fn rule_filters_of(&self, contribution: &Contribution) -> impl Iterator<Item = &RuleFilter> {
        contribution.filters.iter().filter_map(|id| self.rule_filters.get(id).map(|filter| &**filter))
    }

    /// The exclusions with `inputs` of a contribution.
    pub fn input_filters_of(&self, contribution: &Contribution) -> impl Iterator<Item = &InputFilter> {
        contribution.filters.iter().filter_map(|id| self.input_filters.get(id).map(|filter| &**filter))
    }

    /// The processors of a contribution.
    pub fn processors_of(&self, contribution: &Contribution) -> impl Iterator<Item = &Processor> {
        contribution.processors.iter().filter_map(|id| self.processors.get(id).map(|processor| &**processor))
    }

    /// The scanners of a contribution.
    pub fn scanners_of(&self, contribution: &Contribution) -> impl Iterator<Item = &ScannerSpec> {
        contribution.scanners.iter().filter_map(|id| self.scanners.get(id).map(|scanner| &**scanner))
    }

    /// The overrides of rules of a contribution.
    pub fn rule_overrides_of(&self, contribution: &Contribution) -> impl Iterator<Item = &RuleOverride> {
        let owner = contribution.owner;
        self.rule_overrides.iter().filter(move |over| over.owner == owner).map(|over| &*over.item)
    }

    /// Removes what a path contributed.
    pub fn remove(&mut self, gone: &Contribution) {
        let owner = gone.owner;
        gone.actions.iter().for_each(|id| drop(self.actions.remove(id)));
        for id in &gone.rules {
            if self.base_rules.remove(id).is_none() {
                self.user_rules.remove(id);
            }
        }
        for id in &gone.filters {
            if self.rule_filters.remove(id).is_none() {
                self.input_filters.remove(id);
            }
        }
        gone.processors.iter().for_each(|id| drop(self.processors.remove(id)));
        gone.scanners.iter().for_each(|id| drop(self.scanners.remove(id)));
        gone.rules_data.iter().for_each(|id| self.rules_data.remove(owner, id));
        gone.exclusion_data.iter().for_each(|id| self.exclusion_data.remove(owner, id));
        self.rule_overrides.retain(|o| o.owner != owner);
        self.processor_overrides.retain(|o| o.owner != owner);
        if gone.obfuscator {
            self.obfuscator = None;
        }
        self.changed |= gone.overrides
            || gone.obfuscator
            || [&gone.actions, &gone.rules, &gone.filters, &gone.processors, &gone.scanners]
                .iter()
                .any(|ids| !ids.is_empty());
    }
}

/// A contribution under construction; each method returns whether the id was still free.
pub struct Adding<'a> {
    store: &'a mut Store,
    contribution: Contribution,
}

impl Adding<'_> {
    /// Whether a rule of this id exists.
    pub fn has_rule(&self, id: &[u8]) -> bool {
        self.store.base_rules.contains(id) || self.store.user_rules.contains(id)
    }

    /// Whether a filter of this id exists.
    pub fn has_filter(&self, id: &[u8]) -> bool {
        self.store.rule_filters.contains(id) || self.store.input_filters.contains(id)
    }

    /// Whether an action of this id was configured.
    pub fn has_action(&self, id: &[u8]) -> bool {
        self.store.actions.contains_key(id)
    }

    /// Whether a processor of this id exists.
    pub fn has_processor(&self, id: &[u8]) -> bool {
        self.store.processors.contains(id)
    }

    /// Whether a scanner of this id exists.
    pub fn has_scanner(&self, id: &[u8]) -> bool {
        self.store.scanners.contains(id)
    }

    /// Whether some path has an obfuscator.
    pub fn has_obfuscator(&self) -> bool {
        self.store.obfuscator.is_some()
    }

    /// Adds an action.
    pub fn action(&mut self, action: Action) {
        self.store.changed = true;
        self.contribution.actions.push(action.id.clone());
        self.store.actions.insert(action.id.clone(), Arc::new(action));
    }

    /// Adds a rule.
    pub fn rule(&mut self, rule: Rule) {
        self.store.changed = true;
        self.contribution.rules.push(rule.id.clone());
        let table = match rule.origin {
            Origin::Base => &mut self.store.base_rules,
            Origin::User => &mut self.store.user_rules,
        };
        table.insert(rule.id.clone(), Arc::new(rule));
    }

    /// Adds a rule filter.
    pub fn rule_filter(&mut self, filter: RuleFilter) {
        self.store.changed = true;
        self.contribution.filters.push(filter.id.clone());
        self.store.rule_filters.insert(filter.id.clone(), Arc::new(filter));
    }

    /// Adds an input filter.
    pub fn input_filter(&mut self, filter: InputFilter) {
        self.store.changed = true;
        self.contribution.filters.push(filter.id.clone());
        self.store.input_filters.insert(filter.id.clone(), Arc::new(filter));
    }

    /// Adds a processor.
    pub fn processor(&mut self, processor: Processor) {
        self.store.changed = true;
        self.contribution.processors.push(processor.id.clone());
        self.store.processors.insert(processor.id.clone(), Arc::new(processor));
    }

    /// Adds a scanner.
    pub fn scanner(&mut self, scanner: ScannerSpec) {
        self.store.changed = true;
        self.contribution.scanners.push(scanner.id.clone());
        self.store.scanners.insert(scanner.id.clone(), Arc::new(scanner));
    }

    /// Adds values to a list for rules.
    pub fn rules_data(&mut self, id: Text, list: &DataList) {
        self.contribution.rules_data.push(id.clone());
        self.store.rules_data.add(self.contribution.owner, id, list);
    }

    /// Adds values to a list for exclusions.
    pub fn exclusion_data(&mut self, id: Text, list: &DataList) {
        self.contribution.exclusion_data.push(id.clone());
        self.store.exclusion_data.add(self.contribution.owner, id, list);
    }

    /// Adds an override of rules.
    pub fn rule_override(&mut self, item: RuleOverride) {
        self.store.changed = true;
        self.contribution.overrides = true;
        self.store.rule_overrides.push(Owned { owner: self.contribution.owner, item: Arc::new(item) });
    }

    /// Adds an override of processors.
    pub fn processor_override(&mut self, item: ProcessorOverride) {
        self.store.changed = true;
        self.contribution.overrides = true;
        self.store.processor_overrides.push(Owned { owner: self.contribution.owner, item: Arc::new(item) });
    }

    /// Sets the obfuscator.
    pub fn obfuscator(&mut self, item: Obfuscator) {
        self.store.changed = true;
        self.contribution.obfuscator = true;
        self.store.obfuscator = Some(Owned { owner: self.contribution.owner, item });
    }

    /// Records a warning.
    pub fn warn(&mut self, warning: Warning) {
        self.contribution.warnings.push(warning);
    }

    /// Whether there is a rule that may match.
    pub fn has_enabled_rules(&self) -> bool {
        self.store.rules_of(&self.contribution).any(|rule| rule.enabled)
    }

    /// Keeps everything that was added, and adds its warnings to `warnings`.
    pub fn finish(mut self, warnings: &mut Vec<Warning>) -> Contribution {
        self.contribution.warnings.append(warnings);
        warnings.clone_from(&self.contribution.warnings);
        self.contribution
    }
}
