//! Which strings are scanned for what.
//!
//! A *lane* is all that looks at one address with one chain of transformers and one source (values or keys). Each string
//! is transformed once per lane and scanned once; an entry of the scan is a distinct matcher. When a batch brings an
//! address, its lanes are scanned, and only rules with a target that was not ruled out are visited:
//!
//! * a target whose matcher can be prefiltered is ruled out unless its entry was hit in its lane,
//! * any other target (negated, lists, numbers, presence, detectors) is never ruled out, so its rule is visited whenever
//!   the address is new.

use super::addresses::AddressId;
use super::condition::{Condition, Target, TargetId};
use super::rule::{Rule, RuleId};
use crate::config::Text;
use crate::config::condition::Source;
use crate::matcher::Matcher;
use crate::pattern::{Needs, Presence};
use crate::scan::{MatcherId, Scanner};
use crate::support::{Bits, NumberMap};
use crate::transform::{Chain, Triggers};
use crate::value::Step;
use std::collections::HashMap;
use std::sync::Arc;

/// All that looks at one address with one chain and one source.
pub struct Lane {
    /// What is done to strings first.
    pub chain: Chain,
    /// Values or keys.
    source: Source,
    /// Entries with a target on the whole address.
    anywhere: Bits,
    /// There are none of those.
    keyed_only: bool,
    /// Entries with a target below one key of the address, or on the whole of it; keys are numbered by the [`SourcePlan`].
    below_key: Vec<(usize, Bits)>,
    /// Who waits for an entry to be hit.
    pub waiting: NumberMap<u32, Waiting>,
    /// Entries that are not in the scan: their matcher is quick enough to be asked about every string
    pub judges: Vec<u32>,
    /// that meets these.
    judge_triggers: Triggers,
    /// The entries, where they are so few that a changed copy is better not scanned: their matchers are asked instead.
    pub alone: Vec<u32>,
    /// Where a chain brings few bytes into a text: these, and what bytes a copy needs to be worth making.
    pub needs: Option<(Presence, Needs)>,
}

/// So many matchers are asked without a scan, which looks for what all others need, too.
const ALONE: usize = 2;

/// Who waits for an entry of a lane.
#[derive(Default)]
pub struct Waiting {
    /// The rules to visit.
    pub rules: Vec<RuleId>,
    /// Their targets, to be looked at.
    pub targets: Vec<TargetId>,
}

/// What is done when an address brings a new value.
pub struct AddressPlan {
    /// Its lanes over values, and those over keys.
    pub sources: [SourcePlan; 2],
    /// Rules visited whenever the address is new,
    pub always: Bits,
    /// and those visited if another address, the resource of their detector, has a value.
    pub with_resource: Vec<(RuleId, AddressId)>,
    /// All scalar targets on the address, to be looked at again.
    pub targets: Bits,
    /// Targets that hits alone bring back.
    pub scanned_targets: Bits,
}

/// When a lane has more to look at than what the scan of a text as it is tells.
pub struct Look {
    /// The lane.
    pub lane: usize,
    /// When its chain does more than change the case of letters, which a scan does not regard; otherwise the scan of the
    /// original text serves.
    pub beyond_case: Triggers,
    /// When a matcher is asked that is not in the scan.
    pub judges: Triggers,
}

/// The lanes of one address over values, or over keys.
pub struct SourcePlan {
    /// Values or keys.
    pub source: Source,
    /// The lanes, and when each is concerned.
    pub lanes: Vec<Look>,
    /// When any of them has more to look at than a scan of the text as it is.
    pub attention: Triggers,
    /// None looks at the whole address.
    pub keyed_only: bool,
    /// The keys that some lane looks below.
    keys: Vec<Text>,
}

impl SourcePlan {
    /// The number of a key that some lane looks below.
    #[inline]
    pub fn key_number(&self, key: Option<&[u8]>) -> Option<usize> {
        let key = key?;
        self.keys.iter().position(|known| **known == *key)
    }

    fn number_key(&mut self, key: &Text) -> usize {
        self.keys.iter().position(|known| known == key).unwrap_or_else(|| {
            self.keys.push(key.clone());
            self.keys.len() - 1
        })
    }

    fn new(source: Source) -> Self {
        SourcePlan { source, lanes: vec![], attention: Triggers::default(), keyed_only: true, keys: vec![] }
    }
}

/// The scan tables of a plan.
pub struct ScanPlan {
    /// The first look for all entries.
    pub scanner: Scanner,
    /// By entry.
    pub matchers: Vec<Arc<Matcher>>,
    /// All lanes.
    pub lanes: Vec<Lane>,
    /// By address.
    pub addresses: Vec<AddressPlan>,
}

/// Gives every target its place in the scan, and builds the tables.
pub fn plan(conditions: &mut [Condition], rules: &[Rule], addresses: usize, targets: usize) -> ScanPlan {
    let mut matchers: Vec<Arc<Matcher>> = vec![];
    let mut entries: HashMap<*const Matcher, u32> = HashMap::new();
    let mut lane_ids: HashMap<(AddressId, Chain, Source), usize> = HashMap::new();
    let mut lanes: Vec<(AddressId, Lane)> = vec![];
    let new_plan = || AddressPlan {
        sources: [SourcePlan::new(Source::Values), SourcePlan::new(Source::Keys)],
        always: Bits::new(rules.len()),
        with_resource: vec![],
        targets: Bits::new(targets),
        scanned_targets: Bits::new(targets),
    };
    let mut plans: Vec<AddressPlan> = (0..addresses).map(|_| new_plan()).collect();
    let bound = count_matchers(conditions, rules);
    let has_scan = has_scan(conditions, rules);

    for (rule_id, rule) in rules.iter().enumerate() {
        for condition in &mut conditions[rule.conditions.clone()] {
            let scannable = condition.scannable().filter(|_| has_scan);
            let resource = condition.resource();
            for target in condition.targets_mut() {
                let address = &mut plans[target.address];
                let Some(matcher) = &scannable else {
                    match resource.filter(|resource| *resource != target.address) {
                        Some(resource) => address.with_resource.push((rule_id, resource)),
                        None => address.always.insert(rule_id),
                    }
                    continue;
                };
                let entry = *entries.entry(Arc::as_ptr(matcher)).or_insert_with(|| {
                    matchers.push(matcher.clone());
                    (matchers.len() - 1) as u32
                });
                let key = (target.address, target.chain.clone(), target.source);
                let lane = *lane_ids.entry(key).or_insert_with(|| {
                    lanes.push((target.address, new_lane(target, bound)));
                    lanes.len() - 1
                });
                address.scanned_targets.insert(target.id);
                target.scan = Some((lane, entry));
                let lane = &mut lanes[lane].1;
                match target.key_path.first() {
                    Some(Step::Key(key)) => {
                        let key = address.sources[target.source as usize].number_key(key);
                        lane.below(key, bound).insert(entry as usize);
                    }
                    _ => lane.anywhere.insert(entry as usize),
                }
                if let Some(triggers) = matcher.triggers()
                    && !lane.waiting.contains_key(&entry)
                {
                    lane.judges.push(entry);
                    lane.judge_triggers = lane.judge_triggers.or(triggers);
                }
                let waiting = lane.waiting.entry(entry).or_default();
                waiting.targets.push(target.id);
                if waiting.rules.last() != Some(&rule_id) {
                    waiting.rules.push(rule_id);
                }
            }
        }
    }
    for target in conditions.iter_mut().flat_map(Condition::targets_mut) {
        plans[target.address].targets.insert(target.id);
    }
    for (id, (address, lane)) in lanes.iter_mut().enumerate() {
        lane.keyed_only = lane.anywhere.is_empty();
        lane.look_at_copies(&matchers);
        lane.below_key.iter_mut().for_each(|(_, entries)| entries.union(&lane.anywhere));
        for plan in plans[*address].sources.iter_mut().filter(|plan| plan.source == lane.source) {
            let look = Look { lane: id, beyond_case: lane.chain.beyond_case(), judges: lane.judge_triggers };
            plan.attention = plan.attention.or(look.beyond_case).or(look.judges);
            plan.lanes.push(look);
            plan.keyed_only &= lane.keyed_only;
        }
    }
    let lanes: Vec<Lane> = lanes.into_iter().map(|(_, lane)| lane).collect();
    // Chains that begin with the same steps share what these make of a text.
    for source in plans.iter_mut().flat_map(|plan| &mut plan.sources) {
        source.lanes.sort_by_key(|look| lanes[look.lane].chain.transformers());
    }
    let prefiltered = matchers.iter().enumerate();
    let prefiltered = prefiltered.filter_map(|(id, matcher)| Some((MatcherId(id as u32), matcher.required()?)));
    let scanner = Scanner::new(prefiltered);
    ScanPlan { scanner, matchers, lanes, addresses: plans }
}

fn new_lane(target: &Target, matchers: usize) -> Lane {
    Lane {
        chain: target.chain.clone(),
        source: target.source,
        anywhere: Bits::new(matchers),
        keyed_only: false,
        below_key: vec![],
        waiting: NumberMap::default(),
        judges: vec![],
        judge_triggers: Triggers::default(),
        alone: vec![],
        needs: None,
    }
}

impl Lane {
    /// Decides how changed copies are looked at.
    fn look_at_copies(&mut self, matchers: &[Arc<Matcher>]) {
        let mut entries: Vec<u32> = self.waiting.keys().copied().filter(|entry| !self.judges.contains(entry)).collect();
        entries.sort_unstable();
        let mut all = entries.iter().map(|&entry| &matchers[entry as usize]);
        if entries.len() <= ALONE {
            self.alone.clone_from(&entries);
        }
        if self.judges.is_empty() && all.all(|matcher| matcher.required().is_some()) {
            let needs =
                Needs::of_any(entries.iter().filter_map(|&entry| Some(matchers[entry as usize].required()?.needs())));
            self.needs = self.chain.brings().map(|brings| (brings, needs)).filter(|(_, needs)| !needs.is_empty());
        }
    }

    /// Whether anything looks at what is below this key.
    #[inline]
    pub fn concerns(&self, key: Option<usize>) -> bool {
        !self.keyed_only || self.below_key.iter().any(|(known, _)| Some(*known) == key)
    }

    /// The entries with a target that is this key's value or below it.
    #[inline]
    pub fn entries(&self, key: Option<usize>) -> &Bits {
        let below = self.below_key.iter().find(|(known, _)| Some(*known) == key);
        below.map_or(&self.anywhere, |(_, entries)| entries)
    }

    fn below(&mut self, key: usize, matchers: usize) -> &mut Bits {
        let at = self.below_key.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            self.below_key.push((key, Bits::new(matchers)));
            self.below_key.len() - 1
        });
        &mut self.below_key[at].1
    }
}

/// Whether there is anything that only a scan finds quickly. Without it, those that are asked about every string are better
/// asked in the order of the rules, up to the first match.
fn has_scan(conditions: &[Condition], rules: &[Rule]) -> bool {
    let mut all = rules.iter().flat_map(|rule| &conditions[rule.conditions.clone()]);
    all.any(|condition| condition.scannable().is_some_and(|matcher| matcher.triggers().is_none()))
}

/// An upper bound for the number of entries.
fn count_matchers(conditions: &[Condition], rules: &[Rule]) -> usize {
    rules.iter().map(|rule| conditions[rule.conditions.clone()].len()).sum()
}
