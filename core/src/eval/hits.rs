//! What the scan of a batch found: which matcher matches which string.
//!
//! A hit is a lane, an entry and a string. A visited condition runs its matcher on the strings of its hits alone. An
//! attacker can make every string of a large request a hit of many rules, so the hits of one matcher are counted: once
//! there are [`PLENTY`], it is not asked about further strings, and its conditions look for the first match themselves.

use crate::plan::{Plan, Waiting};
use crate::support::Bits;

/// Hits of one matcher after which there is no need for more.
const PLENTY: usize = 16;

/// Hits after which they are counted for the first time.
const MANY: usize = 64;

/// A lane, an entry of the scan, and the identity of a string.
type Hit = (u32, u32, usize);

/// The hits of the current evaluation.
pub(super) struct Hits {
    /// Lanes that were scanned completely.
    scanned: Bits,
    /// Sorted once the scan is over: what walks ask must not cost more than looking it up.
    found: Vec<Hit>,
    /// Lanes and entries with so many hits that there may be others.
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

/// The strings that hits of one lane and entry name, by identity.
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
    pub(super) fn new(lanes: usize) -> Self {
        Hits { scanned: Bits::new(lanes), found: vec![], plenty: vec![], count_at: MANY }
    }

    pub(super) fn clear(&mut self) {
        self.scanned.clear();
        self.found.clear();
        self.plenty.clear();
        self.count_at = MANY;
    }

    /// Whether further hits of this kind are of use.
    #[inline]
    pub(super) fn wants(&self, lane: usize, entry: usize) -> bool {
        self.plenty.is_empty() || !self.plenty.contains(&(lane as u32, entry as u32))
    }

    pub(super) fn add(&mut self, lane: usize, entry: usize, identity: usize) {
        self.found.push((lane as u32, entry as u32, identity));
        if self.found.len() >= self.count_at {
            self.count();
        }
    }

    /// A lane has been scanned completely.
    pub(super) fn set_scanned(&mut self, lane: usize) {
        self.scanned.insert(lane);
    }

    /// After the scan.
    pub(super) fn sort(&mut self) {
        self.found.sort_unstable();
    }

    /// Who waits for what was found.
    pub(super) fn waiting<'p>(&self, plan: &'p Plan) -> impl Iterator<Item = &'p Waiting> {
        let kinds = self.found.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).map(|hits| (hits[0].0, hits[0].1));
        kinds.filter_map(|(lane, entry)| plan.scan.lanes[lane as usize].waiting.get(&entry))
    }

    /// The rules among them.
    pub(super) fn rules(&self, plan: &Plan) -> Bits {
        let mut rules = Bits::new(plan.rules.len());
        self.waiting(plan).flat_map(|waiting| &waiting.rules).for_each(|&rule| rules.insert(rule));
        rules
    }

    /// What is known about an entry in a lane. With `confirmed`, only what was found counts, whatever was not scanned.
    pub(super) fn about(&self, lane: usize, entry: u32, confirmed: bool) -> Known<'_> {
        let key = (lane as u32, entry);
        if !confirmed && (!self.scanned.contains(lane) || self.plenty.contains(&key)) {
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
        self.found.retain(|&(lane, entry, _)| {
            same = if last.replace((lane, entry)) == Some((lane, entry)) { same + 1 } else { 1 };
            if same == PLENTY && !plenty.contains(&(lane, entry)) {
                plenty.push((lane, entry));
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
