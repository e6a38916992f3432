//! What is asked about the strings of an address.
//!
//! An *inspection* is all that looks at one address with one chain of transformers and one source, values or keys. The
//! words for its steps are those of multi-pattern search:
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

/// All that looks at one address with one chain and one source.
pub struct Inspection {
    /// What is done to strings first.
    pub chain: Chain,
    /// Values or keys.
    pub(super) source: Source,
    /// Matchers with a target on the whole address.
    pub(super) anywhere: Bits,
    /// There are none of those.
    keyed_only: bool,
    /// Matchers with a target below one key of the address, or on the whole of it; keys are numbered by the [`SourcePlan`].
    pub(super) below_key: Vec<(usize, Bits)>,
    /// What depends on a hit of a matcher.
    pub dependents: NumberMap<u32, Dependents>,
    /// The unfiltered matchers,
    pub unfiltered: Vec<u32>,
    /// and when any of them may match.
    pub(super) unfiltered_triggers: Triggers,
    /// The other matchers, if they are so few that verifying them on a changed copy costs less than scanning it.
    pub unscanned: Vec<u32>,
    /// What a copy needs to be worth making, if that is known.
    pub prerequisites: Option<Prerequisites>,
}

/// Matchers of an inspection up to which changed copies are not scanned: a scan looks for what all other matchers need, too.
const FEW: usize = 2;

/// The bytes that some matcher of an inspection needs.
pub struct Prerequisites {
    /// Those that the chain may bring into a text.
    introduced: Presence,
    needs: Needs,
}

impl Prerequisites {
    /// Whether a matcher may match what the chain makes of a text with these bytes.
    #[inline]
    pub fn met_by(&self, present: Presence) -> bool {
        self.needs.met_by(present.or(self.introduced))
    }
}

/// What depends on a hit of a matcher.
#[derive(Default)]
pub struct Dependents {
    /// The rules to visit.
    pub rules: Vec<RuleId>,
    /// Their targets, to be looked at.
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

    /// Decides how changed copies are looked at, once all targets are known.
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

    /// Whether anything looks at what is below this key.
    #[inline]
    pub fn concerns(&self, key: Option<usize>) -> bool {
        !self.keyed_only || self.below_key.iter().any(|(known, _)| Some(*known) == key)
    }

    /// The matchers with a target that is this key's value or below it.
    #[inline]
    pub fn matchers(&self, key: Option<usize>) -> &Bits {
        let below = self.below_key.iter().find(|(known, _)| Some(*known) == key);
        below.map_or(&self.anywhere, |(_, matchers)| matchers)
    }

    /// The matchers with a target below a key, to add to.
    pub(super) fn below(&mut self, key: usize, matchers: usize) -> &mut Bits {
        value_of(&mut self.below_key, key, || Bits::new(matchers))
    }
}

/// An inspection of a source, and when it has more to do than what the prefilter's answer about the text as it is tells.
pub struct Planned {
    /// The number of the inspection.
    pub inspection: usize,
    /// When its chain does more than change the case of letters, which the prefilter does not regard.
    pub rewrites: Triggers,
    /// When an unfiltered matcher may match.
    pub unfiltered: Triggers,
}

/// The inspections of one address over values, or over keys.
pub struct SourcePlan {
    /// Values or keys.
    pub source: Source,
    /// The inspections.
    pub inspections: Vec<Planned>,
    /// When any of them has more to do than what the prefilter's answer about the text as it is tells.
    pub triggers: Triggers,
    /// None looks at the whole address.
    pub keyed_only: bool,
    /// The keys that some inspection looks below.
    keys: Vec<Text>,
}

impl SourcePlan {
    fn new(source: Source) -> Self {
        SourcePlan { source, inspections: vec![], triggers: Triggers::default(), keyed_only: true, keys: vec![] }
    }

    /// The number of a key, if some inspection looks below it; asks for the key only where some look below any.
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
        self.triggers = self.triggers.or(rewrites).or(unfiltered);
        self.keyed_only &= inspection.keyed_only;
        self.inspections.push(Planned { inspection: id, rewrites, unfiltered });
    }
}

/// What is done when an address brings a new value.
pub struct AddressPlan {
    /// Its inspections over values, and those over keys.
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
