//! Scanning new data: one scan of each string per distinct transformed form.
//!
//! The candidates that the prefilter leaves, usually none, are verified at once, while the string and its transformed
//! form are at hand. The result is a list of *hits*: a prefiltered matcher matches nowhere else. Rules with a hit are
//! visited; a visited condition runs its matcher only on the strings of its hits.

use super::hits::Hits;
use super::state::State;
use super::sweep::{Subject, Sweep};
use super::verify::{BYTES_A_UNIT, Verifier, cost};
use crate::pattern::Presence;
use crate::plan::{AddressId, Plan};
use crate::scan::{Candidates, STRETCH};
use crate::support::{Bits, Deadline, Expired};
use crate::transform::{self, ByteClasses, Copy};

/// Buffers that are reused from one batch to the next, and from one context to the next.
pub(super) struct Scratch {
    /// For transformers.
    pub transform: transform::Scratch,
    /// The candidates for the original string.
    original: Candidates,
    /// The candidates for a changed copy.
    changed: Candidates,
    /// The hits of the current batch.
    pub hits: Hits,
    /// Addresses whose scan is complete.
    finished: Vec<AddressId>,
    /// Addresses that are new in the current batch.
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

    /// Clears what an interrupted call left.
    pub(super) fn reset(&mut self) {
        self.fresh.clear();
    }

    /// Whether it has grown larger than an idle context should keep.
    pub(super) fn is_large(&self) -> bool {
        self.transform.capacity() > LARGE
    }
}

/// The most bytes for transformed copies that a context keeps.
const LARGE: usize = 2048;

/// Scans all addresses that need it, and registers which rules are to be visited. What the deadline cuts off is
/// reported and stays to be scanned; the hits found until then count.
///
/// Later calls continue with that after their own data, for half of the time then left, and give it up after a few
/// attempts: a large body must not use up the time of every later call of its context.
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
    let mut look = Examination { plan, transform, original, changed, hits: &mut *hits };
    let mut sweep = |addresses: &mut Bits, deadline: &mut Deadline| {
        Sweep::default().run(plan, store, (addresses, &mut *finished), deadline, |subject, deadline| {
            look.examine(subject, deadline)
        })
    };
    let complete = sweep(pending.unscanned(), deadline);
    if complete.is_ok()
        && let Some(cut_off) = pending.cut_off()
    {
        // The deadline itself records what is left undone here.
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
    /// Scans a string for all inspections that concern it. Returns the number of matchers that were run.
    ///
    /// Most strings end here; what the others need is a function of its own, so that its registers are not saved for all.
    #[inline]
    fn examine(&mut self, subject: Subject<'_>, deadline: &mut Deadline) -> Result<usize, Expired> {
        let text = subject.text();
        if deadline.spend(cost(text)) {
            return Err(Expired);
        }
        self.original.clear();
        let mut stop = || deadline.spend(STRETCH_COST);
        let classes = self.plan.scan.prefilter.scan_unless(text, self.original, &mut stop).ok_or(Expired)?;
        if self.original.is_empty() && !subject.source.triggers.met_by(classes) {
            return Ok(0);
        }
        self.inspect(subject, classes, deadline)
    }

    /// Runs the inspections for which the scan found something in a string, or which may change it.
    #[inline(never)]
    fn inspect(
        &mut self,
        subject: Subject<'_>,
        classes: ByteClasses,
        deadline: &mut Deadline,
    ) -> Result<usize, Expired> {
        let Examination { plan, transform, original, changed, hits } = self;
        let Subject { source, key, .. } = subject;
        let (prefilter, text) = (&plan.scan.prefilter, subject.text());
        let no_candidates = original.is_empty();
        let identity = subject.object.identity();
        let (mut present, mut scanned, mut verified) = (None, None, 0);
        for planned in &source.inspections {
            if no_candidates && !planned.either.met_by(classes) {
                continue;
            }
            let rewrites = planned.rewrites.met_by(classes);
            let unfiltered = planned.unfiltered.met_by(classes);
            let inspection = &plan.scan.inspections[planned.inspection];
            if !inspection.concerns(key) {
                continue;
            }
            let matchers = inspection.matchers(key);
            let found = !no_candidates && original.numbers().intersects(matchers);
            if !(rewrites || unfiltered || found) {
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
                        let known = (subject.text(), &**original, classes);
                        if !prefilter.scan_copy(known, text, changed, &mut stop) {
                            return Err(Expired);
                        }
                        scanned = Some(number);
                    }
                    verifier.verify(changed.numbers().common(matchers), text)?;
                } else {
                    verifier.verify_unscanned(&inspection.unscanned, text)?;
                }
                verifier.verify(inspection.unfiltered.iter().map(|&matcher| matcher as usize), text)?;
            } else if unfiltered || found {
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

/// The set of bytes in a text.
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

/// The cost of a stretch of a long text, in the units of [`Deadline::spend`].
const STRETCH_COST: u32 = (STRETCH / BYTES_A_UNIT) as u32;
