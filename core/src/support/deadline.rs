//! How long a call may still take.
//!
//! A budget is time spent working. But reading the processor time of a thread is a system call, and reading the wall
//! clock costs about as much as matching a short string. So the wall clock is read only after every few tens of
//! microseconds of work, and the processor time decides only once the wall clock says that the budget is over: a thread
//! that was descheduled may go on, up to [`PATIENCE`] times its budget.
//!
//! An expired deadline stays expired, except within [`Deadline::grace`].

use super::processor_time;
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// Work between two reads of the clock, in the units of [`Deadline::spend`].
const PERIOD: u32 = 256;

/// The work that [`Deadline::expired`] counts for a check.
const CHECK: u32 = 4;

/// Work allowed while the budget is suspended, some millions of values: hostile data must be bounded there, too.
const SUSPENDED: u32 = 1 << 22;

/// The most wall-clock time that a call may take, as a multiple of its budget.
const PATIENCE: u32 = 4;

/// Calls shorter than this never ask for the processor time: all of their time counts as work.
const UNMEASURED: Duration = Duration::from_micros(100);

/// The end of a call's budget. A `Duration` converts to a budget that begins now.
///
/// ```
/// use bartizan::Deadline;
/// use std::time::Duration;
/// let mut deadline = Deadline::from(Duration::from_secs(60));
/// assert!(!deadline.expired());
/// ```
#[derive(Debug, Clone)]
pub struct Deadline {
    start: Instant,
    budget: Duration,
    /// The wall-clock time at which the budget ends in any case.
    patience: Duration,
    until_look: u32,
    expired: bool,
    /// Whether something was abandoned for lack of time although the budget was not over.
    cut: bool,
    /// The time since the start when the clock was last read.
    seen: Duration,
    measured: Option<Measured>,
    /// Units until it expires, for tests that cut an evaluation off at an exact place.
    #[cfg(test)]
    units: Option<u64>,
    /// Units of work done, for tests that count.
    #[cfg(test)]
    spent: u64,
    /// A clock that only [`Deadline::spend`] advances, for tests that divide a budget.
    #[cfg(test)]
    clock: Option<Duration>,
}

/// The deadline passed before the work was complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired;

/// The processor time at some moment of a call.
#[derive(Debug, Clone, Copy)]
struct Measured {
    /// The thread it belongs to.
    thread: ThreadId,
    /// The system's reading.
    at: Duration,
    /// The part of it that the call had used.
    used: Duration,
}

impl Deadline {
    /// A budget that starts now.
    pub fn new(budget: Duration) -> Self {
        // Any budget above zero lasts for a while; with none, the first check has to tell.
        let until_look = if budget.is_zero() { 0 } else { PERIOD };
        Deadline {
            start: Instant::now(),
            budget,
            patience: budget.saturating_mul(PATIENCE),
            until_look,
            expired: false,
            cut: false,
            seen: Duration::ZERO,
            measured: None,
            #[cfg(test)]
            units: None,
            #[cfg(test)]
            spent: 0,
            #[cfg(test)]
            clock: None,
        }
    }

    /// No limit.
    pub fn unlimited() -> Self {
        Self::new(Duration::MAX)
    }

    /// A deadline after this much work, in the units of [`Deadline::spend`], plus [`PERIOD`] in [`Deadline::grace`].
    #[cfg(test)]
    pub(crate) fn after(units: u64) -> Self {
        Deadline { units: Some(units), ..Self::unlimited() }
    }

    /// The work left to a deadline that was made by [`Deadline::after`].
    #[cfg(test)]
    pub(crate) fn units(&self) -> Option<u64> {
        self.units
    }

    /// The work done so far, including work done after the end.
    #[cfg(test)]
    pub(crate) fn spent(&self) -> u64 {
        self.spent
    }

    /// The whole budget.
    pub fn budget(&self) -> Duration {
        self.budget
    }

    /// A budget with its own clock, on which a unit of [`Deadline::spend`] takes a microsecond.
    #[cfg(test)]
    pub(crate) fn simulated(budget: Duration) -> Self {
        Deadline { clock: Some(Duration::ZERO), ..Self::new(budget) }
    }

    /// Does something that does not count against the budget, up to some millions of values.
    pub(crate) fn suspended<T>(&mut self, run: impl FnOnce(&mut Deadline) -> T) -> T {
        let (until_look, expired) = (self.until_look, self.expired);
        (self.until_look, self.expired) = (SUSPENDED, false);
        let done = run(self);
        self.cut |= self.expired;
        (self.until_look, self.expired) = (until_look, expired);
        done
    }

    /// Does something that may take half of what is left, so that time remains for what follows.
    pub fn half<T>(&mut self, run: impl FnOnce(&mut Deadline) -> T) -> T {
        if self.expired || self.budget.is_zero() {
            return run(self);
        }
        let (budget, patience) = (self.budget, self.patience);
        self.budget = budget.saturating_add(self.seen) / 2;
        self.patience = patience_of_part(patience);
        let done = run(self);
        (self.budget, self.patience) = (budget, patience);
        if self.expired {
            (self.expired, self.cut, self.until_look) = (false, true, 0);
        }
        done
    }

    /// Does something that should be done even after the end, within a little more than the budget: a twentieth, or a
    /// tenth of a millisecond.
    pub(crate) fn grace<T>(&mut self, run: impl FnOnce(&mut Deadline) -> T) -> T {
        let (budget, patience) = (self.budget, self.patience);
        (self.budget, self.patience) = (extended(budget), extended(patience));
        (self.expired, self.until_look) = (false, 0);
        #[cfg(test)]
        self.units.as_mut().into_iter().for_each(|left| *left = u64::from(PERIOD));
        let done = run(self);
        (self.expired, self.budget, self.patience) = (true, budget, patience);
        done
    }

    /// Whether even [`Deadline::grace`] is over now. Reads the clock.
    pub(crate) fn is_past_grace(&self) -> bool {
        let (budget, patience, wall) = (extended(self.budget), extended(self.patience), self.elapsed());
        wall >= budget && is_over(budget, patience, wall, self.worked(wall))
    }

    /// Whether the budget is used up. Cheap enough for inner loops.
    #[inline]
    pub fn expired(&mut self) -> bool {
        self.spend(CHECK)
    }

    /// The same as [`Deadline::expired`] for work of this size: a unit is about one scan of a short string, or a few
    /// hundred bytes.
    #[inline]
    pub(crate) fn spend(&mut self, units: u32) -> bool {
        #[cfg(test)]
        {
            self.spent += u64::from(units);
        }
        #[cfg(test)]
        if let Some(left) = self.units.as_mut().filter(|_| self.until_look <= PERIOD) {
            *left = left.saturating_sub(u64::from(units));
            self.expired |= *left == 0;
        }
        #[cfg(test)]
        if let Some(clock) = &mut self.clock {
            *clock += Duration::from_micros(units.into());
        }
        if self.until_look == 0 {
            self.look();
        }
        self.until_look = self.until_look.saturating_sub(units);
        self.expired
    }

    /// [`Deadline::expired`] as an error.
    #[inline]
    pub(crate) fn check(&mut self) -> Result<(), Expired> {
        self.try_spend(CHECK)
    }

    /// [`Deadline::spend`], with an error once the budget is used up.
    #[inline]
    pub(crate) fn try_spend(&mut self, units: u32) -> Result<(), Expired> {
        if self.spend(units) { Err(Expired) } else { Ok(()) }
    }

    /// Makes the next check read the clock, after work of unknown length.
    pub(crate) fn look_next(&mut self) {
        // A suspended deadline has more left than this, and keeps it.
        if self.until_look <= PERIOD {
            self.until_look = 0;
        }
    }

    /// Makes the next checks skip the clock.
    pub(super) fn look_later(&mut self) {
        self.until_look = self.until_look.max(PERIOD);
    }

    /// Makes the deadline read the clock after this much work at the latest.
    pub(super) fn look_within(&mut self, units: u32) {
        self.until_look = self.until_look.min(units);
    }

    /// Ends a part of the budget at this time. The next check reads the clock.
    pub(super) fn end_part_at(&mut self, budget: Duration, whole: Duration) {
        let patience = patience_of_part(whole.saturating_mul(PATIENCE));
        (self.budget, self.patience, self.expired, self.until_look) = (budget, patience, false, 0);
    }

    /// Returns to the whole budget. The next check reads the clock.
    pub(super) fn end_at(&mut self, budget: Duration) {
        let patience = budget.saturating_mul(PATIENCE);
        (self.budget, self.patience, self.expired, self.until_look) = (budget, patience, false, 0);
    }

    /// How much of the budget is used up. Reads both clocks.
    pub(super) fn used(&self) -> Duration {
        self.worked(self.elapsed())
    }

    /// Whether the end was noticed; does not read the clock.
    #[inline]
    pub fn was_expired(&self) -> bool {
        self.expired
    }

    /// An error if the end was noticed; does not read the clock. For callers whose work then ended early and has no
    /// result.
    #[inline]
    pub(crate) fn in_time(&self) -> Result<(), Expired> {
        if self.expired { Err(Expired) } else { Ok(()) }
    }

    /// Whether anything was abandoned for lack of time.
    #[inline]
    pub(crate) fn left_undone(&self) -> bool {
        self.expired || self.cut
    }

    /// Reads the clock now.
    #[cold]
    #[inline(never)]
    fn look(&mut self) {
        self.until_look = PERIOD;
        if self.expired {
            return;
        }
        let wall = self.elapsed();
        self.seen = wall.min(self.budget);
        if self.measured.is_none() && wall >= UNMEASURED {
            // Of the time before the first measurement, only this much counts as work: the thread may have been
            // descheduled in the rest.
            let used = wall.min(2 * UNMEASURED);
            let thread = thread::current().id();
            self.measured = processor_time::of_this_thread().map(|at| Measured { thread, at, used });
        }
        self.expired = wall >= self.budget && is_over(self.budget, self.patience, wall, self.worked(wall));
    }

    /// Time spent working, as far as the system can tell.
    fn worked(&self, wall: Duration) -> Duration {
        #[cfg(test)]
        if let Some(clock) = self.clock {
            return clock;
        }
        let measured = self.measured.filter(|measured| measured.thread == thread::current().id());
        let now = measured.and_then(|measured| Some((measured, processor_time::of_this_thread()?)));
        now.map_or(wall, |(measured, now)| measured.used + now.saturating_sub(measured.at))
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        #[cfg(test)]
        if let Some(clock) = self.clock {
            return clock;
        }
        self.start.elapsed()
    }
}

/// A budget with its grace.
fn extended(budget: Duration) -> Duration {
    budget.saturating_add((budget / 20).max(UNMEASURED))
}

impl From<Duration> for Deadline {
    fn from(budget: Duration) -> Self {
        Deadline::new(budget)
    }
}

/// Whether a budget is used up after this much wall-clock time and this much work.
fn is_over(budget: Duration, patience: Duration, wall: Duration, worked: Duration) -> bool {
    worked >= budget || wall >= patience
}

/// The most wall-clock time that a part may take. Work ends a part, as how long a thread is descheduled is chance; at
/// least a quarter of that time remains for the rest.
fn patience_of_part(patience: Duration) -> Duration {
    patience / 4 * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_budget_expires_at_the_first_check() {
        let mut deadline = Deadline::new(Duration::ZERO);
        assert!(!deadline.was_expired());
        assert!(deadline.expired() && deadline.was_expired());
        assert!(!Deadline::unlimited().expired());
    }

    #[test]
    fn the_clock_is_read_when_requested() {
        let mut deadline = Deadline::new(Duration::from_nanos(1));
        assert!(!deadline.spend(1));
        deadline.look_next();
        assert!(deadline.spend(1));
        let mut deadline = Deadline::new(Duration::from_nanos(1));
        deadline.suspended(|deadline| {
            deadline.look_next();
            assert!(!deadline.spend(1));
        });
    }

    #[test]
    fn work_counts_up_to_a_bound() {
        for (wall, worked, over) in [(4, 4, false), (6, 4, false), (19, 4, false), (20, 4, true), (6, 5, true)] {
            let [budget, wall, worked] = [5, wall, worked].map(Duration::from_millis);
            assert_eq!(is_over(budget, budget * PATIENCE, wall, worked), over, "{wall:?}, {worked:?}");
        }
    }

    /// A thread that was descheduled beyond its budget may go on, up to four times the budget.
    #[cfg(unix)]
    #[test]
    fn a_descheduled_thread_keeps_its_budget() {
        let budget = Duration::from_millis(50);
        let mut deadline = Deadline::new(budget);
        let expires = |deadline: &mut Deadline| {
            deadline.look_next();
            deadline.expired()
        };
        std::thread::sleep(2 * UNMEASURED);
        assert!(!expires(&mut deadline) || deadline.elapsed() >= budget * PATIENCE);
        std::thread::sleep(budget + budget / 10);
        assert!(!expires(&mut deadline) || deadline.elapsed() >= budget * PATIENCE);
        while !expires(&mut deadline) {}
        let wall = deadline.elapsed();
        assert!(is_over(budget, budget * PATIENCE, wall, deadline.worked(wall)));
    }

    /// A part of a budget does not end because its thread was descheduled once.
    #[test]
    fn a_part_of_a_budget_survives_a_wait() {
        let [whole, part, waited, worked] = [5000, 1875, 14_000, 900].map(Duration::from_micros);
        assert!(!is_over(part, patience_of_part(whole * PATIENCE), waited, worked));
        assert!(is_over(part, patience_of_part(whole * PATIENCE), waited + whole, worked));
        assert!(patience_of_part(whole * PATIENCE) + whole <= whole * PATIENCE);
    }

    #[test]
    fn half_of_a_budget_leaves_the_rest() {
        let mut deadline = Deadline::simulated(Duration::from_millis(20));
        let work = |deadline: &mut Deadline| while !deadline.spend(PERIOD) {};
        deadline.half(work);
        assert!(!deadline.was_expired() && deadline.left_undone() && !deadline.expired());
        work(&mut deadline);
        assert!(deadline.was_expired());
    }

    #[test]
    fn suspended_work_is_bounded_and_reported() {
        let mut deadline = Deadline::new(Duration::from_nanos(1));
        deadline.suspended(|deadline| while !deadline.spend(PERIOD) {});
        assert!(!deadline.was_expired() && deadline.left_undone());
        assert!((u64::from(SUSPENDED)..2 * u64::from(SUSPENDED)).contains(&deadline.spent()));
    }

    #[test]
    fn grace_begins_after_the_end_and_is_bounded() {
        let mut deadline = Deadline::new(Duration::from_nanos(1));
        deadline.look_next();
        assert!(deadline.expired());
        deadline.grace(|deadline| while !deadline.spend(PERIOD) {});
        assert!(deadline.was_expired() && deadline.expired());
    }
}
