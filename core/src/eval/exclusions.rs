//! The decisions of filters so far, which hold for the rest of the context.

use crate::plan::{InputFilter, Mode, RuleId};
use crate::support::NumberMap;
use crate::support::lists::value_of;
use crate::value::Object;
use std::collections::HashSet;

/// The accumulated decisions.
#[derive(Clone, Default)]
pub(super) struct Exclusions {
    /// The strongest mode of each rule; among equals the first.
    modes: NumberMap<RuleId, Mode>,
    /// The objects that each input filter excludes.
    objects: Vec<(usize, HashSet<usize>)>,
}

impl Exclusions {
    /// Applies a rule filter to these rules.
    pub(super) fn apply(&mut self, rules: &[RuleId], mode: &Mode) {
        for &rule in rules {
            match self.modes.get_mut(&rule) {
                Some(known) if known.rank() >= mode.rank() => {}
                Some(known) => known.clone_from(mode),
                None => _ = self.modes.insert(rule, mode.clone()),
            }
        }
    }

    /// The set of objects that an input filter excludes.
    pub(super) fn objects_of(&mut self, filter: usize) -> &mut HashSet<usize> {
        value_of(&mut self.objects, filter, HashSet::new)
    }

    /// The mode that applies to a rule.
    #[inline]
    pub(super) fn mode(&self, rule: RuleId) -> Option<&Mode> {
        if self.modes.is_empty() { None } else { self.modes.get(&rule) }
    }

    /// What is excluded for a rule.
    pub(super) fn for_rule<'a>(&'a self, filters: &'a [InputFilter], rule: RuleId) -> Excluded<'a> {
        if self.objects.is_empty() {
            return Excluded::NOTHING;
        }
        Excluded(Some((self, filters, rule)))
    }
}

/// The objects that are excluded for one rule.
#[derive(Clone, Copy)]
pub(super) struct Excluded<'a>(Option<(&'a Exclusions, &'a [InputFilter], RuleId)>);

impl Excluded<'_> {
    /// Filters and processors see everything.
    pub(super) const NOTHING: Excluded<'static> = Excluded(None);

    /// Whether nothing is excluded.
    pub(super) fn is_nothing(&self) -> bool {
        let Some((exclusions, filters, rule)) = self.0 else { return true };
        !exclusions.objects.iter().any(|(filter, objects)| filters[*filter].rules.contains(rule) && !objects.is_empty())
    }

    /// Whether exactly this object is excluded (walks do not reach what is below it).
    #[inline]
    pub(super) fn contains(&self, object: &Object) -> bool {
        self.0.is_some() && self.lists(object)
    }

    fn lists(&self, object: &Object) -> bool {
        let Some((exclusions, filters, rule)) = self.0 else { return false };
        exclusions
            .objects
            .iter()
            .any(|(filter, objects)| filters[*filter].rules.contains(rule) && objects.contains(&object.identity()))
    }
}
