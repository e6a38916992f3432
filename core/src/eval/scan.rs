//! Scanning what is new: one look at each string per distinct transformed form.
//!
//! What the look leaves of a ruleset's matchers, usually none, is asked there and then, while the string and its transformed
//! form are at hand. The outcome is a list of *hits*, (lane, entry, string): only there does a prefiltered matcher match.
//! Rules with a hit are visited; a visited condition runs its matcher on the strings of its hits alone.

use super::Expired;
use super::exclusions::Excluded;
use super::state::State;
use super::walk::Walk;
use crate::matcher::Matcher;
use crate::pattern::Presence;
use crate::plan::{AddressId, Plan, SourcePlan};
use crate::scan::{Candidates, STRETCH};
use crate::support::{Bits, Deadline};
use crate::transform;
use crate::value::Object;

/// Buffers that are used again from one batch to the next, and from one context to the next.
pub(super) struct Scratch {
    /// For transformers.
    pub transform: transform::Scratch,
    /// What the scan of a string as it is found,
    original: Candidates,
    /// and what the scan of a changed copy found.
    changed: Candidates,
    /// What scans of the current batch found.
    pub hits: Hits,
    /// Addresses the current batch brought.
    pub fresh: Vec<AddressId>,
}

impl Scratch {
    pub(super) fn new(plan: &Plan) -> Self {
        Scratch {
            transform: transform::Scratch::default(),
            original: plan.scan.scanner.candidates(),
            changed: plan.scan.scanner.candidates(),
            hits: Hits { scanned: Bits::new(plan.scan.lanes.len()), found: vec![] },
            fresh: vec![],
        }
    }

    /// Forgets what a call that did not come to its end left.
    pub(super) fn reset(&mut self) {
        self.fresh.clear();
    }

    /// Whether it has grown to more than a context should keep.
    pub(super) fn is_large(&self) -> bool {
        self.transform.capacity() > LARGE
    }
}

/// Bytes for transformed copies that are much to keep.
const LARGE: usize = 2048;

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
    /// Its matcher matches these strings only.
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

/// Scans all addresses that need it, and notes which rules are to be visited. What the deadline cuts off stays to be
/// scanned, and says so.
pub(super) fn scan(
    plan: &Plan,
    state: &mut State,
    scratch: &mut Scratch,
    deadline: &mut Deadline,
) -> Result<(), Expired> {
    scratch.hits.clear();
    let mut from = 0;
    let mut expired = Ok(());
    while let Some(address) = state.unscanned.next(from) {
        from = address + 1;
        let address_plan = &plan.scan.addresses[address];
        if let Some(root) = state.store.get(address) {
            for source in address_plan.sources.iter().filter(|source| !source.lanes.is_empty()) {
                expired = expired.and_then(|()| scan_source(plan, root, scratch, source, deadline));
            }
        }
        if expired.is_err() {
            break;
        }
        state.unscanned.remove(address);
        state.pending.union(&address_plan.always);
        for (rule, resource) in &address_plan.with_resource {
            if state.store.get(*resource).is_some() {
                state.pending.insert(*rule);
            }
        }
        let lanes = address_plan.sources.iter().flat_map(|source| &source.lanes);
        lanes.for_each(|look| scratch.hits.scanned.insert(look.lane));
        // What was not hit needs no further look.
        state.looked_at.union(&address_plan.scanned_targets);
    }
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
    expired
}

fn scan_source(
    plan: &Plan,
    root: &Object,
    scratch: &mut Scratch,
    source: &SourcePlan,
    deadline: &mut Deadline,
) -> Result<(), Expired> {
    let scanner = &plan.scan.scanner;
    let Scratch { transform, original, changed, hits, .. } = scratch;
    for leaf in Walk::new(root, source.source, Excluded::NOTHING) {
        let text = leaf.object.as_bytes().unwrap_or_default();
        if deadline.spend(cost(text)) {
            return Err(Expired);
        }
        let key = source.key_number(leaf.top_key);
        if text.is_empty() || (source.keyed_only && key.is_none()) {
            continue;
        }
        original.clear();
        let mut stop = || deadline.spend(STRETCH_COST);
        let classes = scanner.scan_unless(text, original, &mut stop).ok_or(Expired)?;
        let quiet = original.is_empty();
        if quiet && !source.attention.met_by(classes) {
            continue;
        }
        let identity = leaf.object.identity();
        let mut present = None;
        for look in &source.lanes {
            let beyond_case = look.beyond_case.met_by(classes);
            let judged = look.judges.met_by(classes);
            if quiet && !beyond_case && !judged {
                continue;
            }
            let id = look.lane;
            let lane = &plan.scan.lanes[id];
            if !lane.concerns(key) {
                continue;
            }
            if let Some((brings, needs)) = &lane.needs
                && !needs.met_by(present.get_or_insert_with(|| Presence::of(text)).or(*brings))
            {
                continue;
            }
            let entries = lane.entries(key);
            let mut finder = Finder { plan, lane: id, entries, identity, found: &mut hits.found, deadline };
            if beyond_case && let Some(text) = lane.chain.apply(text, transform) {
                if lane.alone.is_empty() {
                    changed.clear();
                    let mut stop = || finder.deadline.spend(STRETCH_COST);
                    scanner.scan_unless(text, changed, &mut stop).ok_or(Expired)?;
                    finder.judge(changed.numbers().common(entries), text)?;
                } else {
                    finder.ask_alone(&lane.alone, text)?;
                }
                finder.judge(lane.judges.iter().map(|&entry| entry as usize), text)?;
            } else if judged || (!quiet && original.numbers().intersects(entries)) {
                let copy = if lane.chain.may_change(classes) { lane.chain.apply(text, transform) } else { None };
                let text = copy.unwrap_or(text);
                finder.judge(original.numbers().common(entries), text)?;
                if judged {
                    finder.judge(lane.judges.iter().map(|&entry| entry as usize), text)?;
                }
            }
        }
    }
    Ok(())
}

/// What looking at a text costs, in the units of [`Deadline::spend`].
fn cost(text: &[u8]) -> u32 {
    1 + (text.len() / 256) as u32
}

/// And what a stretch of a long one costs.
const STRETCH_COST: u32 = (STRETCH / 256) as u32;

/// Collects the hits of one string in one lane.
struct Finder<'f> {
    plan: &'f Plan,
    lane: usize,
    /// The entries that have a target at this place.
    entries: &'f Bits,
    identity: usize,
    found: &'f mut Vec<(u32, u32, usize)>,
    deadline: &'f mut Deadline,
}

impl Finder<'_> {
    /// Asks matchers about a string as the lane sees it.
    #[inline]
    fn judge(&mut self, entries: impl Iterator<Item = usize>, text: &[u8]) -> Result<(), Expired> {
        entries.into_iter().try_for_each(|entry| self.ask(entry, text, Matcher::accepts))
    }

    /// The same, of a string that was not scanned.
    #[inline]
    fn ask_alone(&mut self, entries: &[u32], text: &[u8]) -> Result<(), Expired> {
        entries.iter().try_for_each(|&entry| self.ask(entry as usize, text, Matcher::accepts_unscanned))
    }

    fn ask(&mut self, entry: usize, text: &[u8], accepts: fn(&Matcher, &[u8]) -> bool) -> Result<(), Expired> {
        if !self.entries.contains(entry) {
            return Ok(());
        }
        if self.deadline.spend(cost(text)) {
            return Err(Expired);
        }
        let matcher = &self.plan.scan.matchers[entry];
        let was_compiled = matcher.is_compiled();
        if accepts(matcher, text) {
            self.found.push((self.lane as u32, entry as u32, self.identity));
        }
        if !was_compiled && matcher.is_compiled() {
            // Compiling takes longer than anything else here.
            self.deadline.look_next();
        }
        Ok(())
    }
}
