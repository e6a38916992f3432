//! Scanning what is new: one look at each string per distinct transformed form.
//!
//! The outcome is a list of *hits*, (lane, entry, string): only there can a prefiltered matcher match. Rules with a hit
//! are visited; a visited condition runs its matcher on the strings of its hits alone.

use super::exclusions::Excluded;
use super::state::State;
use super::walk::Walk;
use crate::config::condition::Source;
use crate::plan::{AddressId, Lane, Plan};
use crate::scan::Candidates;
use crate::support::Bits;
use crate::transform::{self, ByteClasses};

/// Buffers that are used again from one batch to the next, and from one context to the next.
pub(super) struct Scratch {
    /// For transformers.
    pub transform: transform::Scratch,
    /// What the scan of one string found.
    candidates: Candidates,
    /// What scans of the current batch found.
    pub hits: Hits,
    /// Addresses the current batch brought.
    pub fresh: Vec<AddressId>,
}

impl Scratch {
    pub(super) fn new(plan: &Plan) -> Self {
        Scratch {
            transform: transform::Scratch::default(),
            candidates: plan.scan.scanner.candidates(),
            hits: Hits { scanned: Bits::new(plan.scan.lanes.len()), found: vec![] },
            fresh: vec![],
        }
    }
}

/// The hits of the current evaluation.
#[derive(Default)]
pub(super) struct Hits {
    /// Lanes that were scanned.
    scanned: Bits,
    /// (lane, entry, identity of the string), sorted: what walks ask must not cost more than looking it up, however
    /// many strings of a request are hits.
    found: Vec<(u32, u32, usize)>,
}

/// What is known about one target.
pub(super) enum Known<'h> {
    /// It was not scanned now: its matcher must be run on everything.
    Nothing,
    /// Its matcher can match these strings only.
    Only(OnlyAt<'h>),
}

/// The strings that hits of one lane and entry name, by identity.
#[derive(Clone, Copy)]
pub(super) struct OnlyAt<'h>(&'h [(u32, u32, usize)]);

impl OnlyAt<'_> {
    pub(super) fn contains(&self, identity: usize) -> bool {
        self.0.binary_search_by_key(&identity, |hit| hit.2).is_ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Hits {
    pub(super) fn about(&self, lane: usize, entry: u32) -> Known<'_> {
        if !self.scanned.contains(lane) {
            return Known::Nothing;
        }
        let key = (lane as u32, entry);
        let start = self.found.partition_point(|hit| (hit.0, hit.1) < key);
        let length = self.found[start..].partition_point(|hit| (hit.0, hit.1) == key);
        Known::Only(OnlyAt(&self.found[start..start + length]))
    }

    pub(super) fn clear(&mut self) {
        self.scanned.clear();
        self.found.clear();
    }
}

/// Scans all addresses that need it, and notes which rules are to be visited.
pub(super) fn scan(plan: &Plan, state: &mut State, scratch: &mut Scratch) {
    scratch.hits.clear();
    let mut from = 0;
    while let Some(address) = state.unscanned.next(from) {
        from = address + 1;
        let address_plan = &plan.scan.addresses[address];
        state.pending.union(&address_plan.always);
        for source in [Source::Values, Source::Keys] {
            let lanes = address_plan.lanes.iter().map(|&id| (id, &plan.scan.lanes[id]));
            let mut lanes = lanes.filter(|(_, lane)| lane.source == source).peekable();
            if lanes.peek().is_some() {
                scan_source(plan, state, scratch, address, source);
            }
        }
        for &lane in &address_plan.lanes {
            scratch.hits.scanned.insert(lane);
        }
        // What was not hit needs no further look.
        state.looked_at.union(&address_plan.scanned_targets);
    }
    state.unscanned.clear();
    scratch.hits.found.sort_unstable();
    let mut last = None;
    for &(lane, entry, _) in &scratch.hits.found {
        if last.replace((lane, entry)) == Some((lane, entry)) {
            continue;
        }
        if let Some(waiting) = plan.scan.lanes[lane as usize].waiting.get(&entry) {
            waiting.rules.iter().for_each(|&rule| state.pending.insert(rule));
            waiting.targets.iter().for_each(|&target| state.looked_at.remove(target));
        }
    }
    state.pending.subtract(&state.fired);
}

fn scan_source(plan: &Plan, state: &State, scratch: &mut Scratch, address: AddressId, source: Source) {
    let Some(root) = state.store.get(address) else { return };
    let lanes = &plan.scan.addresses[address].lanes;
    for leaf in Walk::new(root, source, Excluded::NOTHING) {
        let Some(text) = leaf.object.as_bytes().filter(|text| !text.is_empty()) else { continue };
        let classes = ByteClasses::of(text);
        let identity = leaf.object.identity();
        let mut original_scanned = false;
        for &id in lanes {
            let lane = &plan.scan.lanes[id];
            if lane.source != source {
                continue;
            }
            let changed = if lane.folds_only || !lane.chain.may_change(classes) {
                None
            } else {
                lane.chain.apply(text, &mut scratch.transform)
            };
            match changed {
                Some(changed) => {
                    original_scanned = false;
                    scratch.candidates.clear();
                    plan.scan.scanner.scan(changed, &mut scratch.candidates);
                }
                None if !original_scanned => {
                    original_scanned = true;
                    scratch.candidates.clear();
                    plan.scan.scanner.scan(text, &mut scratch.candidates);
                }
                None => {}
            }
            note(lane, id, leaf.top_key, identity, &scratch.candidates, &mut scratch.hits.found);
        }
    }
}

/// Keeps those candidates that the lane has a target for at this place.
fn note(
    lane: &Lane,
    id: usize,
    top_key: Option<&[u8]>,
    identity: usize,
    candidates: &Candidates,
    found: &mut Vec<(u32, u32, usize)>,
) {
    for entry in candidates.iter() {
        let here = lane.anywhere.contains(entry.0 as usize)
            || lane
                .below_key
                .iter()
                .any(|(key, entries)| Some(&key[..]) == top_key && entries.contains(entry.0 as usize));
        if here {
            found.push((id as u32, entry.0, identity));
        }
    }
}
