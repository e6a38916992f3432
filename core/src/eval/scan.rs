//! Scanning what is new: one look at each string per distinct transformed form.
//!
//! What the prefilter leaves of a ruleset's matchers, usually none, is verified there and then, while the string and its
//! transformed form are at hand. The outcome is a list of *hits*: only there does a prefiltered matcher match.
//! Rules with a hit are visited; a visited condition runs its matcher on the strings of its hits alone.

use super::hits::Hits;
use super::state::State;
use super::sweep::{Subject, Sweep};
use super::verify::{BYTES_A_UNIT, Verifier, cost};
use crate::pattern::Presence;
use crate::plan::{AddressId, Plan};
use crate::scan::{Candidates, STRETCH};
use crate::support::{Bits, Deadline, Expired};
use crate::transform::{self, Copy};

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
    /// Addresses whose scan came to its end.
    finished: Vec<AddressId>,
    /// Addresses the current batch brought.
    pub fresh: Vec<AddressId>,
}

impl Scratch {
    pub(super) fn new(plan: &Plan) -> Self {
        Scratch {
            transform: transform::Scratch::default(),
            original: plan.scan.prefilter.candidates(),
            changed: plan.scan.prefilter.candidates(),
            hits: Hits::new(plan.scan.inspections.len()),
            finished: vec![],
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

/// Scans all addresses that need it, and notes which rules are to be visited. What the deadline cuts off stays to be
/// scanned, and says so; what was found until then counts.
///
/// Later calls turn to that when what they bring themselves is done, for half of the time that is left then, and give it up
/// after a few attempts: a large body must not use up the time of every call that follows in its context.
pub(super) fn scan(
    plan: &Plan,
    state: &mut State,
    scratch: &mut Scratch,
    deadline: &mut Deadline,
) -> Result<(), Expired> {
    let Scratch { transform, original, changed, hits, finished, .. } = scratch;
    let State { store, pending, .. } = state;
    hits.clear();
    finished.clear();
    let mut sweep = |addresses: &mut Bits, deadline: &mut Deadline| {
        Sweep::default().run(plan, store, (addresses, &mut *finished), deadline, |subject, deadline| {
            let mut look = Examination { plan, transform, original: &mut *original, changed: &mut *changed, hits };
            look.examine(subject, deadline)
        })
    };
    let complete = sweep(pending.unscanned(), deadline);
    if complete.is_ok()
        && let Some(cut_off) = pending.cut_off()
    {
        // What is left undone here is said by the deadline.
        let _ = deadline.half(|deadline| sweep(cut_off, deadline));
    }
    pending.end_scan();
    for &address in &*finished {
        pending.set_scanned(plan, address, |resource| store.get(resource).is_some());
        let planned = plan.scan.addresses[address].sources.iter().flat_map(|source| &source.inspections);
        planned.for_each(|planned| hits.set_scanned(planned.inspection));
    }
    hits.sort();
    hits.dependents(plan).for_each(|dependents| pending.hit(dependents));
    pending.leave_out_fired();
    complete
}

/// What the scan of one string reads and writes.
struct Examination<'e> {
    plan: &'e Plan,
    transform: &'e mut transform::Scratch,
    original: &'e mut Candidates,
    changed: &'e mut Candidates,
    hits: &'e mut Hits,
}

impl Examination<'_> {
    /// Looks at a string in all inspections it concerns. Returns how many matchers had to be run.
    fn examine(&mut self, subject: Subject<'_>, deadline: &mut Deadline) -> Result<usize, Expired> {
        let Examination { plan, transform, original, changed, hits } = self;
        let Subject { source, key, .. } = subject;
        let prefilter = &plan.scan.prefilter;
        let text = subject.text();
        if deadline.spend(cost(text)) {
            return Err(Expired);
        }
        original.clear();
        let mut stop = || deadline.spend(STRETCH_COST);
        let classes = prefilter.scan_unless(text, original, &mut stop).ok_or(Expired)?;
        let no_candidates = original.is_empty();
        if no_candidates && !source.triggers.met_by(classes) {
            return Ok(0);
        }
        let identity = subject.object.identity();
        let (mut present, mut scanned, mut verified) = (None, None, 0);
        for planned in &source.inspections {
            let rewrites = planned.rewrites.met_by(classes);
            let unfiltered = planned.unfiltered.met_by(classes);
            if no_candidates && !rewrites && !unfiltered {
                continue;
            }
            let inspection = &plan.scan.inspections[planned.inspection];
            if !inspection.concerns(key) {
                continue;
            }
            if let Some(prerequisites) = &inspection.prerequisites {
                let present = match present {
                    Some(known) => known,
                    None => *present.insert(presence(text, deadline)?),
                };
                if !prerequisites.met_by(present) {
                    continue;
                }
            }
            let matchers = inspection.matchers(key);
            let place = (planned.inspection, identity);
            let mut verifier = Verifier { plan, place, matchers, hits, deadline, verified: 0 };
            let copy = match rewrites {
                true => inspection.chain.apply_to((identity, text), transform, verifier.deadline)?,
                false => None,
            };
            if let Some(Copy { text, number }) = copy {
                if inspection.unscanned.is_empty() {
                    if scanned != Some(number) {
                        changed.clear();
                        let mut stop = || verifier.deadline.spend(STRETCH_COST);
                        prefilter.scan_unless(text, changed, &mut stop).ok_or(Expired)?;
                        scanned = Some(number);
                    }
                    verifier.verify(changed.numbers().common(matchers), text)?;
                } else {
                    verifier.verify_unscanned(&inspection.unscanned, text)?;
                }
                verifier.verify(inspection.unfiltered.iter().map(|&matcher| matcher as usize), text)?;
            } else if unfiltered || (!no_candidates && original.numbers().intersects(matchers)) {
                let copy = match inspection.chain.may_change(classes) {
                    true => inspection.chain.apply_to((identity, text), transform, verifier.deadline)?,
                    false => None,
                };
                let text = copy.map_or(text, |copy| copy.text);
                verifier.verify(original.numbers().common(matchers), text)?;
                if unfiltered {
                    verifier.verify(inspection.unfiltered.iter().map(|&matcher| matcher as usize), text)?;
                }
            }
            verified += verifier.verified;
        }
        Ok(verified)
    }
}

/// The bytes of a text.
fn presence(text: &[u8], deadline: &mut Deadline) -> Result<Presence, Expired> {
    let mut all = Presence::default();
    for (nth, stretch) in text.chunks(STRETCH).enumerate() {
        if nth > 0 && deadline.spend(STRETCH_COST) {
            return Err(Expired);
        }
        all = all.or(Presence::of(stretch));
    }
    Ok(all)
}

/// What looking at a stretch of a long text may cost, in the units of [`Deadline::spend`].
const STRETCH_COST: u32 = (STRETCH / BYTES_A_UNIT) as u32;
