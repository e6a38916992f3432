//! Which strings are scanned for what.
//!
//! Each string is transformed once per [inspection](Inspection) and scanned once for all distinct matchers. When a
//! batch brings an address, its inspections run, and only rules with a target that was not ruled out are visited:
//!
//! * a target whose matcher can be prefiltered is ruled out unless its matcher was hit in its inspection,
//! * any other target (negated, lists, numbers, presence, detectors) is never ruled out, so its rule is visited
//!   whenever the address is new.

use super::addresses::AddressId;
use super::condition::{Condition, Target};
use super::inspection::{AddressPlan, Inspection};
use super::rule::{Rule, RuleId};
use crate::config::condition::Source;
use crate::matcher::Matcher;
use crate::scan::{MatcherId, Prefilter};
use crate::transform::Chain;
use crate::value::Step;
use std::collections::HashMap;
use std::sync::Arc;

/// The scan tables of a plan.
pub struct ScanPlan {
    /// The prefilter of all matchers.
    pub prefilter: Prefilter,
    /// The matchers by number.
    pub matchers: Vec<Arc<Matcher>>,
    /// All inspections.
    pub inspections: Vec<Inspection>,
    /// The plans by address.
    pub addresses: Vec<AddressPlan>,
}

/// Gives every target its place in the scan, and builds the tables.
pub fn plan(conditions: &mut [Condition], rules: &[Rule], addresses: usize, targets: usize) -> ScanPlan {
    let mut planner = Planner {
        matchers: vec![],
        numbers: HashMap::new(),
        inspections: vec![],
        inspection_of: HashMap::new(),
        addresses: (0..addresses).map(|_| AddressPlan::new(rules.len(), targets)).collect(),
        bound: count_conditions(conditions, rules),
    };
    let has_scan = has_scan(conditions, rules);
    for (id, rule) in rules.iter().enumerate() {
        for condition in &mut conditions[rule.conditions.clone()] {
            match condition.scannable().filter(|_| has_scan) {
                Some(matcher) => condition.targets_mut().for_each(|target| planner.scan_for(&matcher, target, id)),
                None => planner.always_visit(condition, id),
            }
        }
    }
    for target in conditions.iter_mut().flat_map(Condition::targets_mut) {
        planner.addresses[target.address].targets.insert(target.id);
    }
    planner.finish()
}

struct Planner {
    matchers: Vec<Arc<Matcher>>,
    numbers: HashMap<*const Matcher, u32>,
    inspections: Vec<(AddressId, Inspection)>,
    inspection_of: HashMap<(AddressId, Chain, Source), usize>,
    addresses: Vec<AddressPlan>,
    /// An upper bound on the number of matchers.
    bound: usize,
}

impl Planner {
    /// Registers a condition that the scan cannot rule out.
    fn always_visit(&mut self, condition: &mut Condition, rule: RuleId) {
        let resource = condition.resource();
        for target in condition.targets_mut() {
            let address = &mut self.addresses[target.address];
            match resource.filter(|resource| *resource != target.address) {
                Some(resource) => address.with_resource.push((rule, resource)),
                None => address.always.insert(rule),
            }
        }
    }

    /// Registers a target that is visited if its matcher is hit.
    fn scan_for(&mut self, matcher: &Arc<Matcher>, target: &mut Target, rule: RuleId) {
        let number = self.number(matcher);
        let id = self.inspection(target);
        target.scan = Some((id, number));
        let address = &mut self.addresses[target.address];
        address.scanned_targets.insert(target.id);
        let inspection = &mut self.inspections[id].1;
        match target.key_path.first() {
            Some(Step::Key(key)) => {
                let key = address.sources[target.source as usize].number_key(key);
                inspection.below(key, self.bound).insert(number as usize);
            }
            _ => inspection.anywhere.insert(number as usize),
        }
        inspection.add(number, matcher, rule, target.id);
    }

    fn number(&mut self, matcher: &Arc<Matcher>) -> u32 {
        *self.numbers.entry(Arc::as_ptr(matcher)).or_insert_with(|| {
            self.matchers.push(matcher.clone());
            (self.matchers.len() - 1) as u32
        })
    }

    /// The inspection of a target.
    fn inspection(&mut self, target: &Target) -> usize {
        let key = (target.address, target.chain.clone(), target.source);
        *self.inspection_of.entry(key).or_insert_with(|| {
            self.inspections.push((target.address, Inspection::new(target, self.bound)));
            self.inspections.len() - 1
        })
    }

    fn finish(mut self) -> ScanPlan {
        for (id, (address, inspection)) in self.inspections.iter_mut().enumerate() {
            inspection.finish(&self.matchers);
            let sources = &mut self.addresses[*address].sources;
            for source in sources.iter_mut().filter(|plan| plan.source == inspection.source) {
                source.add(id, inspection);
            }
        }
        let inspections: Vec<Inspection> = self.inspections.into_iter().map(|(_, inspection)| inspection).collect();
        // Sorted so that chains with a common prefix share its results.
        for source in self.addresses.iter_mut().flat_map(|plan| &mut plan.sources) {
            source.inspections.sort_by_key(|planned| inspections[planned.inspection].chain.transformers());
        }
        let prefiltered = self.matchers.iter().enumerate();
        let prefiltered = prefiltered.filter_map(|(id, matcher)| Some((MatcherId(id as u32), matcher.required()?)));
        let prefilter = Prefilter::new(prefiltered);
        ScanPlan { prefilter, matchers: self.matchers, inspections, addresses: self.addresses }
    }
}

/// Whether the scan would rule out anything. If not, matchers that have to run on every string are better run in the
/// order of the rules, up to the first match.
fn has_scan(conditions: &[Condition], rules: &[Rule]) -> bool {
    let mut all = rules.iter().flat_map(|rule| &conditions[rule.conditions.clone()]);
    all.any(|condition| condition.scannable().is_some_and(|matcher| matcher.triggers().is_none()))
}

fn count_conditions(conditions: &[Condition], rules: &[Rule]) -> usize {
    rules.iter().map(|rule| conditions[rule.conditions.clone()].len()).sum()
}
