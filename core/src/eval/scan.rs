//! Scanning what is new: one look at each string per distinct transformed form.
//!
//! What the look leaves of a ruleset's matchers, usually none, is asked there and then, while the string and its transformed
//! form are at hand. The outcome is a list of *hits*, (lane, entry, string): only there does a prefiltered matcher match.
//! Rules with a hit are visited; a visited condition runs its matcher on the strings of its hits alone.

use super::hits::Hits;
use super::state::State;
use super::sweep::{Subject, Sweep};
use crate::matcher::Matcher;
use crate::pattern::{Haystack, Opening, Presence, opening};
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
            original: plan.scan.scanner.candidates(),
            changed: plan.scan.scanner.candidates(),
            hits: Hits::new(plan.scan.lanes.len()),
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
        let lanes = plan.scan.addresses[address].sources.iter().flat_map(|source| &source.lanes);
        lanes.for_each(|look| hits.set_scanned(look.lane));
    }
    hits.sort();
    hits.waiting(plan).for_each(|waiting| pending.hit(waiting));
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
    /// Looks at a string in all lanes it concerns. Returns how many matchers it had to ask.
    fn examine(&mut self, subject: Subject<'_>, deadline: &mut Deadline) -> Result<usize, Expired> {
        let Examination { plan, transform, original, changed, hits } = self;
        let Subject { source, key, .. } = subject;
        let scanner = &plan.scan.scanner;
        let text = subject.text();
        if deadline.spend(cost(text)) {
            return Err(Expired);
        }
        original.clear();
        let mut stop = || deadline.spend(STRETCH_COST);
        let classes = scanner.scan_unless(text, original, &mut stop).ok_or(Expired)?;
        let quiet = original.is_empty();
        if quiet && !source.attention.met_by(classes) {
            return Ok(0);
        }
        let identity = subject.object.identity();
        let (mut present, mut scanned, mut asked) = (None, None, 0);
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
            if let Some((brings, needs)) = &lane.needs {
                let present = match present {
                    Some(known) => known,
                    None => *present.insert(presence(text, deadline)?),
                };
                if !needs.met_by(present.or(*brings)) {
                    continue;
                }
            }
            let entries = lane.entries(key);
            let mut finder = Finder { plan, lane: id, entries, identity, hits, deadline, asked: 0 };
            let copy =
                if beyond_case { lane.chain.apply_to((identity, text), transform, finder.deadline)? } else { None };
            if let Some(Copy { text, number }) = copy {
                if lane.alone.is_empty() {
                    if scanned != Some(number) {
                        changed.clear();
                        let mut stop = || finder.deadline.spend(STRETCH_COST);
                        scanner.scan_unless(text, changed, &mut stop).ok_or(Expired)?;
                        scanned = Some(number);
                    }
                    finder.judge(changed.numbers().common(entries), text)?;
                } else {
                    finder.ask_alone(&lane.alone, text)?;
                }
                finder.judge(lane.judges.iter().map(|&entry| entry as usize), text)?;
            } else if judged || (!quiet && original.numbers().intersects(entries)) {
                let may_change = lane.chain.may_change(classes);
                let copy =
                    if may_change { lane.chain.apply_to((identity, text), transform, finder.deadline)? } else { None };
                let text = copy.map_or(text, |copy| copy.text);
                finder.judge(original.numbers().common(entries), text)?;
                if judged {
                    finder.judge(lane.judges.iter().map(|&entry| entry as usize), text)?;
                }
            }
            asked += finder.asked;
        }
        Ok(asked)
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

/// What looking at the beginning of a text may cost, in the units of [`Deadline::spend`]. Those who read on look at the
/// deadline as they go.
fn cost(text: &[u8]) -> u32 {
    1 + (text.len().min(STRETCH) / BYTES_A_UNIT) as u32
}

/// And what a stretch of a long one may cost.
const STRETCH_COST: u32 = (STRETCH / BYTES_A_UNIT) as u32;

/// From this length on, it is seen first where patterns may match.
const LONG: usize = 1024;

/// So many patterns are worth that.
const SEVERAL: usize = 4;

/// Few enough for texts on which matchers are slow.
const BYTES_A_UNIT: usize = 16;

/// Collects the hits of one string in one lane.
struct Finder<'f> {
    plan: &'f Plan,
    lane: usize,
    /// The entries that have a target at this place.
    entries: &'f Bits,
    identity: usize,
    hits: &'f mut Hits,
    deadline: &'f mut Deadline,
    /// Matchers that were asked.
    asked: usize,
}

impl Finder<'_> {
    /// Asks matchers about a string as the lane sees it.
    #[inline]
    fn judge(&mut self, entries: impl Iterator<Item = usize>, text: &[u8]) -> Result<(), Expired> {
        if text.len() >= LONG {
            return self.judge_long(entries.collect(), text);
        }
        let mut haystack = Haystack::new(text);
        entries.into_iter().try_for_each(|entry| self.ask(entry, &mut haystack, Matcher::accepts_in))
    }

    /// The same for a long text, of which several patterns need not read all.
    #[inline(never)]
    fn judge_long(&mut self, mut entries: Vec<usize>, text: &[u8]) -> Result<(), Expired> {
        entries.retain(|&entry| self.wants(entry));
        let matchers = &self.plan.scan.matchers;
        let opening = |entry: &usize| Some((*entry, matchers[*entry].opening()?));
        let (with_opening, openings): (Vec<usize>, Vec<&Opening>) = entries.iter().filter_map(opening).unzip();
        let mut places = vec![];
        if with_opening.len() >= SEVERAL {
            for openings in openings.chunks(opening::TOGETHER) {
                places.extend(opening::find(text, openings, self.deadline)?);
            }
        }
        let mut known = with_opening.into_iter().zip(places).peekable();
        let mut haystack = Haystack::new(text);
        for entry in entries {
            let places = known.next_if(|(known, _)| *known == entry).and_then(|(_, places)| places);
            match places {
                Some(places) => self.ask(entry, &mut haystack, |matcher, haystack, deadline| {
                    matcher.accepts_at(&places, haystack, deadline)
                })?,
                None => self.ask(entry, &mut haystack, Matcher::accepts_in)?,
            }
        }
        Ok(())
    }

    /// The same, of a string that was not scanned.
    #[inline]
    fn ask_alone(&mut self, entries: &[u32], text: &[u8]) -> Result<(), Expired> {
        let mut haystack = Haystack::new(text);
        entries.iter().try_for_each(|&entry| self.ask(entry as usize, &mut haystack, Matcher::accepts_unscanned))
    }

    /// Whether it matters what a matcher says.
    #[inline]
    fn wants(&self, entry: usize) -> bool {
        self.entries.contains(entry) && self.hits.wants(self.lane, entry)
    }

    #[inline(always)]
    fn ask(
        &mut self,
        entry: usize,
        haystack: &mut Haystack<'_>,
        accepts: impl FnOnce(&Matcher, &mut Haystack<'_>, &mut Deadline) -> Result<bool, Expired>,
    ) -> Result<(), Expired> {
        if !self.wants(entry) {
            return Ok(());
        }
        if self.deadline.spend(cost(haystack.bytes)) {
            return Err(Expired);
        }
        self.asked += 1;
        if accepts(&self.plan.scan.matchers[entry], haystack, self.deadline)? {
            self.hits.add(self.lane, entry, self.identity);
        }
        Ok(())
    }
}
