//! The hits of a batch's scan: which matcher matches which string.
//!
//! A hit is an inspection, a matcher and a string. A visited condition runs its matcher only on the strings of its
//! hits. An attacker can make every string of a large request a hit of many rules, so the hits of one matcher are
//! counted: after [`PLENTY`], it is not run on further strings, and its conditions search for the first match
//! themselves.

use crate::plan::{Dependents, Plan};
use crate::support::Bits;

/// After this many hits of one matcher, more are not needed.
const PLENTY: usize = 16;

/// After this many hits, they are counted for the first time.
const MANY: usize = 64;

/// An inspection, a matcher, and the identity of a string.
type Hit = (u32, u32, usize);

/// The hits of the current evaluation.
pub(super) struct Hits {
    /// Inspections that are complete.
    scanned: Bits,
    /// Sorted after the scan, so that walks can look strings up quickly.
    found: Vec<Hit>,
    /// Inspections and matchers with so many hits that others may have been dropped.
    plenty: Vec<(u32, u32)>,
    /// The number of hits after which they are counted next.
    count_at: usize,
}

/// What the scan tells about one target.
pub(super) enum Known<'h> {
    /// It was not scanned now, or has too many hits, so its matcher must run on every string.
    Nothing,
    /// Its matcher matches only these strings.
    Only(OnlyAt<'h>),
}

/// The strings that one matcher hit in one inspection, by identity.
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

    /// Whether more hits of this kind are needed.
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

    /// Marks an inspection as complete.
    pub(super) fn set_scanned(&mut self, inspection: usize) {
        self.scanned.insert(inspection);
    }

    /// Sorts the hits after the scan.
    pub(super) fn sort(&mut self) {
        self.found.sort_unstable();
    }

    /// The dependents of all hits.
    pub(super) fn dependents<'p>(&self, plan: &'p Plan) -> impl Iterator<Item = &'p Dependents> {
        let kinds = self.found.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).map(|hits| (hits[0].0, hits[0].1));
        kinds.filter_map(|(inspection, matcher)| plan.scan.inspections[inspection as usize].dependents.get(&matcher))
    }

    /// The rules that depend on hits.
    pub(super) fn rules(&self, plan: &Plan) -> Bits {
        let mut rules = Bits::new(plan.rules.len());
        self.dependents(plan).flat_map(|dependents| &dependents.rules).for_each(|&rule| rules.insert(rule));
        rules
    }

    /// What the scan tells about a matcher in an inspection. With `confirmed`, only hits count, even if something was
    /// not scanned.
    pub(super) fn about(&self, inspection: usize, matcher: u32, confirmed: bool) -> Known<'_> {
        let key = (inspection as u32, matcher);
        if !confirmed && (!self.scanned.contains(inspection) || self.plenty.contains(&key)) {
            return Known::Nothing;
        }
        let start = self.found.partition_point(|hit| (hit.0, hit.1) < key);
        let length = self.found[start..].partition_point(|hit| (hit.0, hit.1) == key);
        Known::Only(OnlyAt(&self.found[start..start + length]))
    }

    /// Reduces the hits of each kind to [`PLENTY`].
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
