//! What the scan of a batch found: which matcher matches which string.
//!
//! A hit is an inspection, a matcher and a string. A visited condition runs its matcher on the strings of its hits alone. An
//! attacker can make every string of a large request a hit of many rules, so the hits of one matcher are counted: once
//! there are [`PLENTY`], it is not asked about further strings, and its conditions look for the first match themselves.

use crate::plan::{Dependents, Plan};
use crate::support::Bits;

/// Hits of one matcher after which there is no need for more.
const PLENTY: usize = 16;

/// Hits after which they are counted for the first time.
const MANY: usize = 64;

/// An inspection, a matcher, and the identity of a string.
type Hit = (u32, u32, usize);

/// The hits of the current evaluation.
pub(super) struct Hits {
    /// Inspections that ran completely.
    scanned: Bits,
    /// Sorted once the scan is over: what walks ask must not cost more than looking it up.
    found: Vec<Hit>,
    /// Inspections and matchers with so many hits that there may be others.
    plenty: Vec<(u32, u32)>,
    /// The number of hits at which they are counted next.
    count_at: usize,
}

/// What is known about one target.
pub(super) enum Known<'h> {
    /// It was not scanned now, or there are too many hits: its matcher must be run on everything.
    Nothing,
    /// Its matcher matches these strings only.
    Only(OnlyAt<'h>),
}

/// The strings that hits of one matcher in one inspection name, by identity.
#[derive(Clone, Copy)]
pub(super) struct OnlyAt<'h>(&'h [Hit]);

impl OnlyAt<'_> {
    pub(super) fn contains(&self, identity: usize) -> bool {
        self.0.binary_search_by_key(&identity, |hit| hit.2).is_ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Hits {
    pub(super) fn new(inspections: usize) -> Self {
        Hits { scanned: Bits::new(inspections), found: vec![], plenty: vec![], count_at: MANY }
    }

    pub(super) fn clear(&mut self) {
        self.scanned.clear();
        self.found.clear();
        self.plenty.clear();
        self.count_at = MANY;
    }

    /// Whether further hits of this kind are of use.
    #[inline]
    pub(super) fn wants(&self, inspection: usize, matcher: usize) -> bool {
        self.plenty.is_empty() || !self.plenty.contains(&(inspection as u32, matcher as u32))
    }

    pub(super) fn add(&mut self, inspection: usize, matcher: usize, identity: usize) {
        self.found.push((inspection as u32, matcher as u32, identity));
        if self.found.len() >= self.count_at {
            self.count();
        }
    }

    /// An inspection ran completely.
    pub(super) fn set_scanned(&mut self, inspection: usize) {
        self.scanned.insert(inspection);
    }

    /// After the scan.
    pub(super) fn sort(&mut self) {
        self.found.sort_unstable();
    }

    /// What depends on what was found.
    pub(super) fn dependents<'p>(&self, plan: &'p Plan) -> impl Iterator<Item = &'p Dependents> {
        let kinds = self.found.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).map(|hits| (hits[0].0, hits[0].1));
        kinds.filter_map(|(inspection, matcher)| plan.scan.inspections[inspection as usize].dependents.get(&matcher))
    }

    /// The rules among them.
    pub(super) fn rules(&self, plan: &Plan) -> Bits {
        let mut rules = Bits::new(plan.rules.len());
        self.dependents(plan).flat_map(|dependents| &dependents.rules).for_each(|&rule| rules.insert(rule));
        rules
    }

    /// What is known about a matcher in an inspection. With `confirmed`, only what was found counts, whatever was not scanned.
    pub(super) fn about(&self, inspection: usize, matcher: u32, confirmed: bool) -> Known<'_> {
        let key = (inspection as u32, matcher);
        if !confirmed && (!self.scanned.contains(inspection) || self.plenty.contains(&key)) {
            return Known::Nothing;
        }
        let start = self.found.partition_point(|hit| (hit.0, hit.1) < key);
        let length = self.found[start..].partition_point(|hit| (hit.0, hit.1) == key);
        Known::Only(OnlyAt(&self.found[start..start + length]))
    }

    /// Keeps [`PLENTY`] hits of each kind.
    #[cold]
    fn count(&mut self) {
        self.found.sort_unstable();
        let (mut last, mut same) = (None, 0);
        let plenty = &mut self.plenty;
        self.found.retain(|&(inspection, matcher, _)| {
            same = if last.replace((inspection, matcher)) == Some((inspection, matcher)) { same + 1 } else { 1 };
            if same == PLENTY && !plenty.contains(&(inspection, matcher)) {
                plenty.push((inspection, matcher));
            }
            same <= PLENTY
        });
        self.count_at = MANY.max(2 * self.found.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_hits_of_a_kind_are_counted_and_others_kept() {
        let mut hits = Hits::new(2);
        hits.set_scanned(0);
        hits.add(0, 5, 7);
        for identity in 0..10_000 {
            if hits.wants(0, 3) {
                hits.add(0, 3, identity);
            }
        }
        hits.sort();
        assert!(hits.found.len() < 2 * MANY && !hits.wants(0, 3) && hits.wants(0, 5));
        assert!(matches!(hits.about(0, 3, false), Known::Nothing));
        assert!(matches!(hits.about(0, 3, true), Known::Only(only) if only.contains(0) && !only.contains(9_999)));
        assert!(matches!(hits.about(0, 5, false), Known::Only(only) if only.contains(7)));
        assert!(matches!(hits.about(1, 5, false), Known::Nothing));
        assert!(matches!(hits.about(1, 5, true), Known::Only(only) if only.is_empty()));
        hits.clear();
        assert!(hits.wants(0, 3) && matches!(hits.about(0, 5, false), Known::Nothing));
    }
}
