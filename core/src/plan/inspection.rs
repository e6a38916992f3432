//! How the strings of an address are inspected.
//!
//! An *inspection* covers all targets on one address with one chain of transformers and one source, values or keys. The
//! steps have the names of multi-pattern search:
//!
//! - The **prefilter**, one scan of a string for all matchers, leaves **candidates**.
//! - A candidate is **verified** by running its matcher.
//! - **Unfiltered** matchers are about as cheap as the prefilter, and are verified whenever their triggers are met.
//! - **Prerequisites** are bytes without which no matcher of an inspection can match, so its copy need not be made.

use super::addresses::AddressId;
use super::condition::{Target, TargetId};
use super::rule::RuleId;
use crate::config::condition::Source;
use crate::matcher::Matcher;
use crate::pattern::{Needs, Presence};
use crate::support::lists::{place_of, value_of};
use crate::support::{Bits, NumberMap};
use crate::transform::{Chain, Triggers};
use crate::value::Text;
use std::sync::Arc;

/// All targets on one address with one chain and one source.
pub struct Inspection {
    /// The transformers applied to strings first.
    pub chain: Chain,
    /// Whether values or keys are inspected.
    pub(super) source: Source,
    /// Matchers with a target on the whole address.
    pub(super) anywhere: Bits,
    /// Whether there are none of those.
    keyed_only: bool,
    /// Matchers with a target below one key of the address, or on the whole of it; the [`SourcePlan`] numbers the keys.
    pub(super) below_key: Vec<(usize, Bits)>,
    /// The dependents of each matcher's hits.
    pub dependents: NumberMap<u32, Dependents>,
    /// The unfiltered matchers.
    pub unfiltered: Vec<u32>,
    /// When any of them may match.
    pub(super) unfiltered_triggers: Triggers,
    /// The other matchers, if they are so few that verifying them on a changed copy costs less than scanning it.
    pub unscanned: Vec<u32>,
    /// The prerequisites for making a copy, if they are known.
    pub prerequisites: Option<Prerequisites>,
}

/// Up to this many matchers, changed copies are not scanned, as a scan searches for all other matchers, too.
const FEW: usize = 2;

/// The bytes that some matcher of an inspection needs.
pub struct Prerequisites {
    /// The bytes that the chain may introduce into a text.
    introduced: Presence,
    needs: Needs,
}

impl Prerequisites {
    /// Whether a matcher may match the output of the chain for a text with these bytes.
    #[inline]
    pub fn met_by(&self, present: Presence) -> bool {
        self.needs.met_by(present.or(self.introduced))
    }
}

/// What depends on the hits of a matcher.
#[derive(Default)]
pub struct Dependents {
    /// The rules to visit.
    pub rules: Vec<RuleId>,
    /// Their targets to visit again.
    pub targets: Vec<TargetId>,
}

impl Inspection {
    pub(super) fn new(target: &Target, matchers: usize) -> Self {
        Inspection {
            chain: target.chain.clone(),
            source: target.source,
            anywhere: Bits::new(matchers),
            keyed_only: false,
            below_key: vec![],
            dependents: NumberMap::default(),
            unfiltered: vec![],
            unfiltered_triggers: Triggers::default(),
            unscanned: vec![],
            prerequisites: None,
        }
    }

    /// Adds a target that depends on hits of a matcher.
    pub(super) fn add(&mut self, number: u32, matcher: &Matcher, rule: RuleId, target: TargetId) {
        if let Some(triggers) = matcher.triggers()
            && !self.dependents.contains_key(&number)
        {
            self.unfiltered.push(number);
            self.unfiltered_triggers = self.unfiltered_triggers.or(triggers);
        }
        let dependents = self.dependents.entry(number).or_default();
        dependents.targets.push(target);
        if dependents.rules.last() != Some(&rule) {
            dependents.rules.push(rule);
        }
    }

    /// Decides how changed copies are inspected, once all targets are known.
    pub(super) fn finish(&mut self, matchers: &[Arc<Matcher>]) {
        let mut filtered: Vec<u32> =
            self.dependents.keys().copied().filter(|matcher| !self.unfiltered.contains(matcher)).collect();
        filtered.sort_unstable();
        let required = |&number: &u32| matchers[number as usize].required();
        if self.unfiltered.is_empty() && filtered.iter().all(|number| required(number).is_some()) {
            let needs = Needs::of_any(filtered.iter().filter_map(required).map(|required| required.needs()));
            let introduced = self.chain.introduces().filter(|_| !needs.is_empty());
            self.prerequisites = introduced.map(|introduced| Prerequisites { introduced, needs });
        }
        if filtered.len() <= FEW {
            self.unscanned = filtered;
        }
        self.keyed_only = self.anywhere.is_empty();
        self.below_key.iter_mut().for_each(|(_, matchers)| matchers.union(&self.anywhere));
    }

    /// Whether any target includes the value of this key.
    #[inline]
    pub fn concerns(&self, key: Option<usize>) -> bool {
        !self.keyed_only || self.below_key.iter().any(|(known, _)| Some(*known) == key)
    }

    /// The matchers with a target that includes the value of this key, or part of it.
    #[inline]
    pub fn matchers(&self, key: Option<usize>) -> &Bits {
        let below = self.below_key.iter().find(|(known, _)| Some(*known) == key);
        below.map_or(&self.anywhere, |(_, matchers)| matchers)
    }

    /// The matchers with a target below a key, mutable.
    pub(super) fn below(&mut self, key: usize, matchers: usize) -> &mut Bits {
        value_of(&mut self.below_key, key, || Bits::new(matchers))
    }
}

/// An inspection of a source, and when the prefilter's result for the unchanged text does not suffice for it.
pub struct Planned {
    /// The number of the inspection.
    pub inspection: usize,
    /// When its chain does more than change the case of letters, which the prefilter ignores.
    pub rewrites: Triggers,
    /// When an unfiltered matcher may match.
    pub unfiltered: Triggers,
    /// When one of both holds.
    pub either: Triggers,
}

/// The inspections of one address over values, or over keys.
pub struct SourcePlan {
    /// Whether values or keys are inspected.
    pub source: Source,
    /// The inspections.
    pub inspections: Vec<Planned>,
    /// When the prefilter's result for the unchanged text does not suffice for one of them.
    pub triggers: Triggers,
    /// Whether no target is a whole address.
    pub keyed_only: bool,
    /// The keys with targets below them.
    keys: Vec<Text>,
}

impl SourcePlan {
    fn new(source: Source) -> Self {
        SourcePlan { source, inspections: vec![], triggers: Triggers::default(), keyed_only: true, keys: vec![] }
    }

    /// The number of a key with targets below it; calls `key` only if there are such keys.
    #[inline]
    pub fn key_number<'k>(&self, key: impl FnOnce() -> Option<&'k [u8]>) -> Option<usize> {
        if self.keys.is_empty() {
            return None;
        }
        let key = key()?;
        self.keys.iter().position(|known| **known == *key)
    }

    pub(super) fn number_key(&mut self, key: &Text) -> usize {
        place_of(&mut self.keys, key.clone())
    }

    pub(super) fn add(&mut self, id: usize, inspection: &Inspection) {
        let (rewrites, unfiltered) = (inspection.chain.rewrites(), inspection.unfiltered_triggers);
        let either = rewrites.or(unfiltered);
        self.triggers = self.triggers.or(either);
        self.keyed_only &= inspection.keyed_only;
        self.inspections.push(Planned { inspection: id, rewrites, unfiltered, either });
    }
}

/// The effect of a new value at an address.
pub struct AddressPlan {
    /// Its inspections over values, and those over keys.
    pub sources: [SourcePlan; 2],
    /// Rules to visit whenever the address is new.
    pub always: Bits,
    /// Rules to visit if another address, the resource of their detector, has a value.
    pub with_resource: Vec<(RuleId, AddressId)>,
    /// All scalar targets on the address, to be visited again.
    pub targets: Bits,
    /// Targets that only hits make be visited again.
    pub scanned_targets: Bits,
}

impl AddressPlan {
    pub(super) fn new(rules: usize, targets: usize) -> Self {
        AddressPlan {
            sources: [SourcePlan::new(Source::Values), SourcePlan::new(Source::Keys)],
            always: Bits::new(rules),
            with_resource: vec![],
            targets: Bits::new(targets),
            scanned_targets: Bits::new(targets),
        }
    }
}
