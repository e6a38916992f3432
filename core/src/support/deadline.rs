//! How long a call may still take.
//!
//! Reading the clock costs about as much as matching a short string, so it is read at every 64th check; in
//! between the last answer stands. Once expired, always expired.

use std::time::{Duration, Instant};

/// What may be done between two looks at the clock, in the units of [`Deadline::spend`].
const PERIOD: u32 = 256;

/// What an ordinary check stands for.
const CHECK: u32 = 4;

/// The end of a call's budget on the monotonic clock.
#[derive(Debug, Clone)]
pub struct Deadline {
    start: Instant,
    budget: Duration,
    until_look: u32,
    expired: bool,
}

impl Deadline {
    /// A budget that starts now.
    pub fn new(budget: Duration) -> Self {
        // Whatever there is of a budget lasts for a while; where there is none, the first check tells.
        let until_look = if budget.is_zero() { 0 } else { PERIOD };
        Deadline { start: Instant::now(), budget, until_look, expired: false }
    }

    /// No limit.
    pub fn unlimited() -> Self {
        Self::new(Duration::MAX)
    }

    /// Does something for which the budget does not count.
    pub fn suspended<T>(&mut self, run: impl FnOnce(&mut Deadline) -> T) -> T {
        let (until_look, expired) = (self.until_look, self.expired);
        (self.until_look, self.expired) = (u32::MAX, false);
        let done = run(self);
        (self.until_look, self.expired) = (until_look, expired);
        done
    }

    /// True once the budget is used up. Cheap enough for inner loops.
    #[inline]
    pub fn expired(&mut self) -> bool {
        self.spend(CHECK)
    }

    /// Likewise, before work of this size: a unit is about a short string looked at once, or a few hundred bytes.
    #[inline]
    pub fn spend(&mut self, units: u32) -> bool {
        if self.until_look == 0 {
            self.look();
        }
        self.until_look = self.until_look.saturating_sub(units);
        self.expired
    }

    /// After work of unknown length: the next check looks at the clock.
    pub fn look_next(&mut self) {
        // A suspended deadline has more left than this, and does not look.
        if self.until_look <= PERIOD {
            self.until_look = 0;
        }
    }

    /// Whether the end was seen, without looking at the clock.
    #[inline]
    pub fn was_expired(&self) -> bool {
        self.expired
    }

    /// Looks at the clock now.
    #[cold]
    #[inline(never)]
    fn look(&mut self) {
        self.until_look = PERIOD;
        self.expired = self.expired || self.elapsed() >= self.budget;
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
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
}
