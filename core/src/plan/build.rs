//! Assembling the plan.

use super::actions::Actions;
use super::addresses::Addresses;
use super::condition::{Condition, ConditionId, MatcherRef, Target};
use super::filter::{InputFilter, Mode, PathTrie, RuleFilter};
use super::lists::ListName;
use super::obfuscator::Obfuscator;
use super::order_rules::{Planned, in_evaluation_order};
use super::processor::{Mapping, Processor};
use super::rule::{Attribute, AttributeValue, EventRule, Rule};
use super::{Plan, modules, scan, scanners};
use crate::config::action::Action;
use crate::config::condition as spec;
use crate::config::exclusion::FilterMode;
use crate::config::obfuscator::Obfuscator as ObfuscatorSpec;
use crate::config::reference::Reference;
use crate::config::rule::AttributeSource;
use crate::config::store::Store;
use crate::matcher::ScalarMatcher;
use crate::order::Table;
use crate::pattern::PatternCache;
use crate::support::Bits;
use crate::support::lists::{place_of, value_of};
use crate::value::Text;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// What an engine adds to the configuration; nothing by default.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Whether rules only report.
    pub monitors: bool,
    /// What events must not show, if no configuration says so.
    pub obfuscator: Option<ObfuscatorSpec>,
}

/// Makes a plan of the whole store; `None` if there is nothing to run.
///
/// If an engine monitors, rules do not block, except those that carry out what somebody decided.
pub fn build(store: &Store, patterns: &mut PatternCache, engine: &EngineOptions) -> Option<Plan> {
    let actions = Actions::new(store);
    let planned = in_evaluation_order(store, &actions, engine.monitors);
    let has_postprocessor = store.processors.values().any(|p| !p.evaluate);
    if planned.is_empty() && !has_postprocessor {
        crate::log!(Warn, "No valid rules or postprocessors found");
        return None;
    }
    let mut builder = Builder::default();
    let mut known_by_spec = HashMap::new();
    let mut rule_addresses = vec![];
    let mut rules: Vec<Rule> = vec![];
    for rule in &planned {
        rules.push(builder.rule(rule));
        rule_addresses.extend_from_slice(&builder.used);
        known_by_spec.insert(Arc::as_ptr(&rule.spec), std::mem::take(&mut builder.used));
    }

    let rule_filters = builder.rule_filters(store, &planned, &actions);
    let input_filters = builder.input_filters(store, &planned);
    let filter_addresses = builder.used.clone();
    let known_filters = std::mem::take(&mut builder.used);

    let selection = scanners::Selection::new(store);
    let mut preprocessors = builder.processors(store, &selection, true);
    let known_preprocessors = std::mem::take(&mut builder.used);
    let mut postprocessors = builder.processors(store, &selection, false);
    let known_postprocessors = std::mem::take(&mut builder.used);
    preprocessors.iter_mut().chain(&mut postprocessors).enumerate().for_each(|(id, processor)| processor.id = id);

    let known_rules = store.base_rules.values().chain(store.user_rules.values());
    let known_rules = known_rules.filter_map(|spec| known_by_spec.remove(&Arc::as_ptr(spec))).flatten().collect();
    let known = [known_rules, known_filters, known_preprocessors, known_postprocessors];
    let known_addresses = known_addresses(&builder.addresses, known);
    let as_bits = |ids: &[usize]| {
        let mut bits = Bits::new(builder.addresses.len());
        ids.iter().for_each(|&id| bits.insert(id));
        bits
    };
    let (rule_addresses, filter_addresses) = (as_bits(&rule_addresses), as_bits(&filter_addresses));
    let modules = modules::form(&planned);
    let scan = scan::plan(&mut builder.conditions, &rules, builder.addresses.len(), builder.targets);
    Some(Plan {
        known_actions: known_actions(&planned, store, &actions),
        block: actions.block(),
        obfuscator: Obfuscator::new(
            store.obfuscator.as_ref().map(|o| &o.item).or(engine.obfuscator.as_ref()),
            patterns,
        ),
        addresses: builder.addresses,
        conditions: builder.conditions,
        targets: builder.targets,
        list_names: builder.lists,
        rules,
        modules,
        rule_filters,
        input_filters,
        preprocessors,
        postprocessors,
        rule_addresses,
        filter_addresses,
        scan,
        known_addresses,
    })
}

/// The addresses that rules, filters, pre-processors and post-processors read. The reference has a hash table of each.
fn known_addresses(addresses: &Addresses, sections: [Vec<usize>; 4]) -> Vec<Text> {
    let mut known: Vec<Text> = vec![];
    for section in sections {
        let mut table = Table::default();
        section.into_iter().for_each(|id| {
            table.insert(addresses.name(id).clone(), ());
        });
        let new: Vec<Text> = table.iter().map(|(name, ())| name.clone()).filter(|name| !known.contains(name)).collect();
        known.extend(new);
    }
    known
}

/// The action types that rules and filters can lead to: base rules, user rules, then filters.
fn known_actions(planned: &[Planned], store: &Store, actions: &Actions<'_>) -> Vec<Text> {
    let mut names: Vec<Text> = vec![];
    let mut add = |action: Option<Arc<Action>>| {
        if let Some(action) = action.filter(|action| !names.contains(&action.type_name)) {
            names.push(action.type_name.clone());
        }
    };
    let by_spec: HashMap<*const _, &Planned> = planned.iter().map(|rule| (Arc::as_ptr(&rule.spec), rule)).collect();
    for spec in store.base_rules.values().chain(store.user_rules.values()) {
        let enabled = by_spec.get(&Arc::as_ptr(spec));
        enabled.iter().flat_map(|rule| &rule.on_match).for_each(|(_, action)| add(action.clone()));
    }
    for filter in store.rule_filters.values() {
        // The reference gives the other modes an action, too: the one with the empty id, which a configuration may
        // define.
        add(match &filter.mode {
            FilterMode::Custom(id) => actions.get(id),
            FilterMode::Bypass | FilterMode::Monitor => actions.get(b""),
        });
    }
    names
}

/// The dynamic lists that a section's conditions may refer to.
#[derive(Clone, Copy)]
enum Lists {
    Rules,
    Exclusions,
    None,
}

#[derive(Default)]
struct Builder {
    addresses: Addresses,
    conditions: Vec<Condition>,
    targets: usize,
    lists: Vec<ListName>,
    /// Addresses referred to since the last check, in order.
    used: Vec<usize>,
}

impl Builder {
    fn address(&mut self, name: &Text) -> usize {
        let id = self.addresses.intern(name);
        self.used.push(id);
        id
    }

    fn rule(&mut self, planned: &Planned) -> Rule {
        let spec = &planned.spec;
        let conditions = self.conditions(&spec.conditions, Lists::Rules);
        // The reference lists the addresses of attributes in the order of its hash table.
        for attribute in spec.attributes.iter().rev() {
            if let AttributeSource::Copy { address, .. } = &attribute.source {
                self.address(address);
            }
        }
        let attributes = spec.attributes.iter().map(|attribute| Attribute {
            name: attribute.name.clone(),
            value: match &attribute.source {
                AttributeSource::Literal(value) => AttributeValue::Literal(Arc::new(value.clone().into())),
                AttributeSource::Copy { address, key_path } => {
                    AttributeValue::Copy(self.addresses.intern(address), key_path.as_slice().into())
                }
            },
        });
        let shown = EventRule {
            id: spec.id.clone(),
            name: spec.name.clone(),
            tags: planned.tags.clone(),
            on_match: planned.on_match.iter().map(|(id, _)| id.clone()).collect(),
        };
        Rule {
            shown: Arc::new(shown),
            on_match: planned.on_match.clone(),
            verdict: planned.verdict,
            withholds: planned.withholds,
            conditions,
            event: spec.event,
            keep: spec.keep,
            attributes: attributes.collect(),
        }
    }

    fn conditions(&mut self, specs: &[spec::Condition], lists: Lists) -> Range<ConditionId> {
        let start = self.conditions.len();
        for spec in specs {
            let condition = spec.map(self, |builder, matcher| builder.matcher(matcher, lists), Self::target);
            self.conditions.push(condition);
        }
        start..self.conditions.len()
    }

    fn matcher(&mut self, spec: &ScalarMatcher, lists: Lists) -> MatcherRef {
        let name = match (spec, lists) {
            (ScalarMatcher::Fixed(matcher), _) => return MatcherRef::Fixed(matcher.clone()),
            (ScalarMatcher::Data(id), _) if id.is_empty() => return MatcherRef::Never,
            (ScalarMatcher::Data(_), Lists::None) => return MatcherRef::Never,
            (ScalarMatcher::Data(id), Lists::Rules) => ListName::Rules(id.clone()),
            (ScalarMatcher::Data(id), Lists::Exclusions) => ListName::Exclusions(id.clone()),
        };
        MatcherRef::List(place_of(&mut self.lists, name))
    }

    fn target(&mut self, spec: &spec::Target) -> Target {
        self.targets += 1;
        Target {
            id: self.targets - 1,
            address: self.address(&spec.address),
            name: spec.address.clone(),
            key_path: spec.key_path.clone(),
            chain: spec.chain.clone(),
            source: spec.source,
            scan: None,
        }
    }

    fn rule_filters(&mut self, store: &Store, planned: &[Planned], actions: &Actions<'_>) -> Vec<RuleFilter> {
        let filters = store.rule_filters.values().map(|spec| RuleFilter {
            conditions: self.conditions(&spec.conditions, Lists::Exclusions),
            rules: selected(&spec.targets, planned).filter(|rule| !spares(&spec.id, &planned[*rule])).collect(),
            mode: match &spec.mode {
                FilterMode::Bypass => Mode::Bypass,
                FilterMode::Monitor => Mode::Monitor(actions.get(b"monitor")),
                FilterMode::Custom(id) => Mode::Custom(actions.get(id)),
            },
        });
        filters.collect()
    }

    fn input_filters(&mut self, store: &Store, planned: &[Planned]) -> Vec<InputFilter> {
        let mut filters = vec![];
        for spec in store.input_filters.values() {
            let conditions = self.conditions(&spec.conditions, Lists::Exclusions);
            let mut inputs: Vec<(usize, PathTrie)> = vec![];
            // The reference keeps them in a hash table.
            let mut table = Table::default();
            for (address, _) in &spec.inputs {
                table.insert(address.clone(), ());
            }
            table.iter().for_each(|(address, ())| {
                self.address(address);
            });
            for (address, path) in &spec.inputs {
                let address = self.addresses.intern(address);
                value_of(&mut inputs, address, PathTrie::default).insert(path);
            }
            let mut rules = Bits::new(planned.len());
            selected(&spec.targets, planned).for_each(|rule| rules.insert(rule));
            filters.push(InputFilter { conditions, rules, inputs });
        }
        filters
    }

    /// The processors that run before rules are evaluated, or after.
    fn processors(&mut self, store: &Store, selection: &scanners::Selection<'_>, evaluate: bool) -> Vec<Processor> {
        let mut processors = vec![];
        for spec in store.processors.values().filter(|spec| spec.evaluate == evaluate) {
            let conditions = self.conditions(&spec.conditions, Lists::None);
            let mut mappings = vec![];
            for mapping in &spec.mappings {
                let inputs = mapping.inputs.iter();
                let inputs = inputs.map(|input| (self.address(&input.address), input.key_path.clone())).collect();
                // The processor does not read its output, which is therefore not a known address.
                let output = self.addresses.intern(&mapping.output);
                mappings.push(Mapping { inputs, output, name: mapping.output.clone() });
            }
            processors.push(Processor {
                id: 0,
                generator: spec.generator,
                conditions,
                mappings,
                scanners: selection.for_processor(spec),
                evaluate: spec.evaluate,
                output: spec.output,
            });
        }
        processors
    }
}

/// The ids of filters that an engine makes of its settings begin with this.
const OF_ENGINES: &[u8] = b"bartizan/";

/// Whether a filter leaves a rule alone: excluding a path must not let those pass who are refused.
fn spares(filter: &[u8], rule: &Planned) -> bool {
    rule.decides && filter.starts_with(OF_ENGINES)
}

/// The rules that a filter's references select, or all if there is none.
fn selected<'a>(targets: &'a [Reference], planned: &'a [Planned]) -> impl Iterator<Item = usize> + 'a {
    let all = targets.is_empty();
    planned
        .iter()
        .enumerate()
        .filter(move |(_, rule)| all || targets.iter().any(|target| target.selects(&rule.spec.id, &rule.tags)))
        .map(|(id, _)| id)
}
