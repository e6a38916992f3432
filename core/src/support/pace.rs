//! Dividing a deadline between the parts of a tree that is ingested depth first.
//!
//! If one part could use up all the time, nothing after it would be inspected, and the sender of a request could choose
//! that part. So there are two phases. The first lasts for three eighths of the budget, and most trees end long before.
//! When it runs out, the innermost open container is abandoned, and another eighth is divided among the containers
//! around it: each gets half of what its parent has, and so does every container opened from then on. The outermost
//! one, which holds the addresses of a request, goes on with half of that time, however deep the nesting was. The other
//! half of the budget is left for evaluating the tree.

use super::Deadline;
use std::time::Duration;

/// The work between two reads of the clock in the second phase, in which shares are short.
const STEP: u32 = 16;

/// Which of the open containers may go on, and how long.
#[derive(Clone, Debug)]
pub struct Pace {
    deadline: Deadline,
    budget: Duration,
    /// When each phase ends.
    phases: [Duration; 2],
    /// The number of open containers.
    depth: usize,
    /// When the share of each of them ends, in the second phase.
    shares: Option<Vec<Duration>>,
    /// Whether the current container has used up its share.
    over: bool,
}

impl Pace {
    /// A pace for the first half of a deadline.
    pub fn of(mut deadline: Deadline) -> Self {
        let budget = deadline.budget();
        let phases = [3, 4].map(|eighths| budget / 8 * eighths);
        deadline.end_part_at(phases[0], budget);
        // A little is always ingested, as much as it takes to notice that there is no time.
        deadline.look_later();
        Pace { deadline, budget, phases, depth: 0, shares: None, over: false }
    }

    /// Counts work, in the units of [`Deadline::spend`]; true if the rest of the current container is to be left out.
    #[inline]
    pub fn spend(&mut self, units: u32) -> bool {
        if self.over {
            return true;
        }
        self.over = self.deadline.spend(units);
        if self.over && self.shares.is_none() {
            self.shares = Some(shares(self.phases, self.depth));
        } else if self.shares.is_some() {
            self.deadline.look_within(STEP);
        }
        self.over
    }

    /// Whether the rest of the current container is to be left out.
    #[inline]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Opens a container within the current one.
    #[inline]
    pub fn enter(&mut self) {
        self.depth += 1;
        if self.shares.is_some() {
            self.enter_with_share();
        }
    }

    /// Closes the current container.
    #[inline]
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if let Some(shares) = &mut self.shares {
            shares.pop();
            self.go_on();
        }
    }

    /// Returns the deadline for what follows.
    pub fn finish(mut self) -> Deadline {
        self.deadline.end_at(self.budget);
        self.deadline
    }

    #[cold]
    fn enter_with_share(&mut self) {
        let used = self.deadline.used();
        let end = self.end_of_share();
        let share = end.min(used + end.saturating_sub(used) / 2);
        self.shares.get_or_insert_default().push(share);
        self.go_on();
    }

    #[cold]
    fn go_on(&mut self) {
        self.deadline.end_part_at(self.end_of_share(), self.budget);
        self.over = self.deadline.expired();
    }

    fn end_of_share(&self) -> Duration {
        let of_container = self.shares.as_ref().and_then(|shares| shares.last().copied());
        of_container.unwrap_or(self.phases[1])
    }
}

/// When the share of each open container ends, outermost first, as of the end of the first phase. The innermost one
/// gets no more time.
fn shares([first, second]: [Duration; 2], depth: usize) -> Vec<Duration> {
    let halves = |level: usize| 1u32.checked_shl(level as u32).map_or(Duration::ZERO, |n| (second - first) / n);
    (0..depth).map(|level| if level + 1 == depth { first } else { first + halves(level) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(millis: u64) -> Pace {
        Pace::of(Deadline::simulated(Duration::from_millis(millis)))
    }

    #[test]
    fn shares_halve_from_level_to_level() {
        let phases = [300, 400].map(Duration::from_millis);
        let ends: Vec<_> = shares(phases, 4).iter().map(Duration::as_millis).collect();
        assert_eq!(ends, [400, 350, 325, 300]);
        assert_eq!(shares(phases, 0), []);
        assert_eq!(shares(phases, 40).len(), 40);
    }

    #[test]
    fn parts_after_an_endless_one_are_ingested() {
        let mut pace = pace(8);
        pace.enter(); // the addresses
        for _ in 0..3 {
            for _ in 0..5 {
                pace.enter();
            }
            while !pace.spend(1) {}
            for _ in 0..4 {
                pace.leave();
                while !pace.spend(1) {}
            }
            pace.leave();
            assert!(!pace.is_over());
            pace.spend(10);
        }
        while !pace.spend(1) {}
        let mut deadline = pace.finish();
        assert!(deadline.used() >= Duration::from_millis(4) && deadline.used() < Duration::from_millis(5));
        assert!(!deadline.expired());
    }

    #[test]
    fn a_little_is_ingested_without_a_budget() {
        let mut pace = pace(0);
        pace.enter();
        assert!(!pace.spend(10));
        while !pace.spend(10) {}
        pace.leave();
        assert!(pace.is_over() && pace.finish().expired());
    }

    #[test]
    fn without_a_limit_nothing_is_left_out() {
        let mut pace = Pace::of(Deadline::unlimited());
        assert!((0..10_000).all(|_| !pace.spend(1000)));
        assert!(!pace.finish().expired());
    }
}
