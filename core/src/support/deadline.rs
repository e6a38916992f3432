//! How long a call may still take.
//!
//! A budget is time spent working. Reading the processor time of a thread is a system call, though, and reading the wall
//! clock costs about as much as matching a short string. So the wall clock is read after every few tens of microseconds
//! of work, and only when it says that the budget is over does the processor time decide: a thread that was not running
//! gets what it has missed, up to [`PATIENCE`] times its budget.
//!
//! Once expired, always expired, but for what is run in [`Deadline::grace`].

use super::processor_time;
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// What may be done between two looks at the clock, in the units of [`Deadline::spend`].
const PERIOD: u32 = 256;

/// What an ordinary check stands for.
const CHECK: u32 = 4;

/// What may be done while the budget does not count: some millions of values. Hostile data must come to an end there, too.
const SUSPENDED: u32 = 1 << 22;

/// So many times its budget is what a call may take on the wall clock.
const PATIENCE: u32 = 4;

/// Calls shorter than this never ask for their processor time: all of it counts as work.
const UNMEASURED: Duration = Duration::from_micros(100);

/// The end of a call's budget. A duration is one that begins now.
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
    /// Time on the wall clock that the budget ends with, whatever was done in it.
    patience: Duration,
    until_look: u32,
    expired: bool,
    /// Something was given up for want of time although the budget was not over.
    cut: bool,
    /// Time since the start at the last look.
    seen: Duration,
    measured: Option<Measured>,
    /// Units until it expires, for tests that cut an evaluation off at a place and not at a time.
    #[cfg(test)]
    units: Option<u64>,
    /// Units of work done, for tests that count.
    #[cfg(test)]
    spent: u64,
    /// A clock that only [`Deadline::spend`] moves, for tests that share time out.
    #[cfg(test)]
    clock: Option<Duration>,
}

/// The deadline passed in the middle of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired;

/// The processor time at some moment of a call.
#[derive(Debug, Clone, Copy)]
struct Measured {
    /// Whose it is.
    thread: ThreadId,
    /// As the system counts it.
    at: Duration,
    /// How much of it the call had used.
    used: Duration,
}

impl Deadline {
    /// A budget that starts now.
    pub fn new(budget: Duration) -> Self {
        // Whatever there is of a budget lasts for a while; where there is none, the first check tells.
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

    /// So much work, in the units of [`Deadline::spend`], and [`PERIOD`] more in [`Deadline::grace`].
    #[cfg(test)]
    pub(crate) fn after(units: u64) -> Self {
        Deadline { units: Some(units), ..Self::unlimited() }
    }

    /// What is left of the work that a deadline [after](Self::after) so much of it allows.
    #[cfg(test)]
    pub(crate) fn units(&self) -> Option<u64> {
        self.units
    }

    /// The work done until now, after the end too.
    #[cfg(test)]
    pub(crate) fn spent(&self) -> u64 {
        self.spent
    }

    /// The whole budget.
    pub fn budget(&self) -> Duration {
        self.budget
    }

    /// A budget on a clock of its own, on which a unit of [`Deadline::spend`] takes a microsecond.
    #[cfg(test)]
    pub(crate) fn simulated(budget: Duration) -> Self {
        Deadline { clock: Some(Duration::ZERO), ..Self::new(budget) }
    }

    /// Does something for which the budget does not count, up to some millions of values.
    pub(crate) fn suspended<T>(&mut self, run: impl FnOnce(&mut Deadline) -> T) -> T {
        let (until_look, expired) = (self.until_look, self.expired);
        (self.until_look, self.expired) = (SUSPENDED, false);
        let done = run(self);
        self.cut |= self.expired;
        (self.until_look, self.expired) = (until_look, expired);
        done
    }

    /// Does something that may take half of what is left, so that it cannot keep everything after it from its turn.
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

    /// Does something that must not be left undone, if it can be done within a little more than the budget: a twentieth,
    /// or a tenth of a millisecond.
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

    /// True once the budget is used up. Cheap enough for inner loops.
    #[inline]
    pub fn expired(&mut self) -> bool {
        self.spend(CHECK)
    }

    /// Likewise, before work of this size: a unit is about a short string looked at once, or a few hundred bytes.
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

    /// After work of unknown length: the next check looks at the clock.
    pub(crate) fn look_next(&mut self) {
        // A suspended deadline has more left than this, and does not look.
        if self.until_look <= PERIOD {
            self.until_look = 0;
        }
    }

    /// The next checks need not look at the clock yet.
    pub(super) fn look_later(&mut self) {
        self.until_look = self.until_look.max(PERIOD);
    }

    /// The clock is looked at after this much work at the latest.
    pub(super) fn look_within(&mut self, units: u32) {
        self.until_look = self.until_look.min(units);
    }

    /// A part of the budget ends here. The next check looks at the clock.
    pub(super) fn end_part_at(&mut self, budget: Duration, whole: Duration) {
        let patience = patience_of_part(whole.saturating_mul(PATIENCE));
        (self.budget, self.patience, self.expired, self.until_look) = (budget, patience, false, 0);
    }

    /// The whole budget counts again. The next check looks at the clock.
    pub(super) fn end_at(&mut self, budget: Duration) {
        let patience = budget.saturating_mul(PATIENCE);
        (self.budget, self.patience, self.expired, self.until_look) = (budget, patience, false, 0);
    }

    /// How much of the budget is used up. Reads both clocks.
    pub(super) fn used(&self) -> Duration {
        self.worked(self.elapsed())
    }

    /// Whether the end was seen, without looking at the clock.
    #[inline]
    pub fn was_expired(&self) -> bool {
        self.expired
    }

    /// An error if the end was seen, without looking at the clock: for those whose work ends early then, and has no result.
    #[inline]
    pub(crate) fn in_time(&self) -> Result<(), Expired> {
        if self.expired { Err(Expired) } else { Ok(()) }
    }

    /// Whether anything was left undone for want of time.
    #[inline]
    pub(crate) fn left_undone(&self) -> bool {
        self.expired || self.cut
    }

    /// Looks at the clock now.
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
            // What came before the first look that is late enough was work, but for the time since the look before it,
            // in which the thread may have waited.
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

/// A budget and its grace.
fn extended(budget: Duration) -> Duration {
    budget.saturating_add((budget / 20).max(UNMEASURED))
}

impl From<Duration> for Deadline {
    fn from(budget: Duration) -> Self {
        Deadline::new(budget)
    }
}

/// Whether a budget is used up after so much time on the wall clock, and so much of work.
fn is_over(budget: Duration, patience: Duration, wall: Duration, worked: Duration) -> bool {
    worked >= budget || wall >= patience
}

/// What a part may take of the time on the wall clock. It is work that ends a part, as where a thread waits is chance; the
/// rest has a quarter of that time at least.
fn patience_of_part(patience: Duration) -> Duration {
    patience / 4 * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_of_nothing_is_used_up_at_the_first_check() {
        let mut deadline = Deadline::new(Duration::ZERO);
        assert!(!deadline.was_expired());
        assert!(deadline.expired() && deadline.was_expired());
        assert!(!Deadline::unlimited().expired());
    }

    #[test]
    fn the_clock_is_looked_at_when_told() {
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
    fn work_decides_up_to_a_bound() {
        for (wall, worked, over) in [(4, 4, false), (6, 4, false), (19, 4, false), (20, 4, true), (6, 5, true)] {
            let [budget, wall, worked] = [5, wall, worked].map(Duration::from_millis);
            assert_eq!(is_over(budget, budget * PATIENCE, wall, worked), over, "{wall:?}, {worked:?}");
        }
    }

    /// However late the machine is: a thread that waited past its budget has some left, unless it waited for its fourfold.
    #[cfg(unix)]
    #[test]
    fn a_thread_that_waits_keeps_its_budget() {
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

    /// A part of a budget is not over because its thread waited once.
    #[test]
    fn a_part_waits_as_long_as_the_rest_can_spare() {
        let [whole, part, waited, worked] = [5000, 1875, 14_000, 900].map(Duration::from_micros);
        assert!(!is_over(part, patience_of_part(whole * PATIENCE), waited, worked));
        assert!(is_over(part, patience_of_part(whole * PATIENCE), waited + whole, worked));
        assert!(patience_of_part(whole * PATIENCE) + whole <= whole * PATIENCE);
    }

    #[test]
    fn what_may_take_half_leaves_the_rest() {
        let mut deadline = Deadline::simulated(Duration::from_millis(20));
        let work = |deadline: &mut Deadline| while !deadline.spend(PERIOD) {};
        deadline.half(work);
        assert!(!deadline.was_expired() && deadline.left_undone() && !deadline.expired());
        work(&mut deadline);
        assert!(deadline.was_expired());
    }

    #[test]
    fn what_does_not_count_ends_too_and_says_so() {
        let mut deadline = Deadline::new(Duration::from_nanos(1));
        deadline.suspended(|deadline| while !deadline.spend(PERIOD) {});
        assert!(!deadline.was_expired() && deadline.left_undone());
        assert!((u64::from(SUSPENDED)..2 * u64::from(SUSPENDED)).contains(&deadline.spent()));
    }

    #[test]
    fn grace_is_given_after_the_end_and_ends_itself() {
        let mut deadline = Deadline::new(Duration::from_nanos(1));
        deadline.look_next();
        assert!(deadline.expired());
        deadline.grace(|deadline| while !deadline.spend(PERIOD) {});
        assert!(deadline.was_expired() && deadline.expired());
    }
}
