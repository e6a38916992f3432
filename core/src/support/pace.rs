//! Sharing out a deadline between the parts of a tree that is taken in depth first.
//!
//! If one part may use up all the time, nothing after it is looked at, and whoever writes a request decides what that is.
//! So there are two phases. The first lasts for three eighths of the budget, and most trees end long before. If it runs
//! out, the innermost container that is open is given up, and another eighth is shared out among the containers around it:
//! each gets half of what its parent has, and so does every container that is opened from then on. The outermost one, which
//! holds the addresses of a request, goes on with half of that time, however many containers it was in the middle of. The
//! other half of the budget is left for whatever is done with the tree.

use super::Deadline;
use std::time::Duration;

/// In the second phase shares are short, so that the clock is looked at more often.
const STEP: u32 = 16;

/// Who may go on taking in, and how long.
#[derive(Clone, Debug)]
pub struct Pace {
    deadline: Deadline,
    budget: Duration,
    /// When the phases end.
    phases: [Duration; 2],
    /// How many containers are open.
    depth: usize,
    /// For each of them, in the second phase, when its share is used up.
    shares: Option<Vec<Duration>>,
    /// The container at hand has used up its share.
    over: bool,
}

impl Pace {
    /// A pace for the first half of a deadline.
    pub fn of(mut deadline: Deadline) -> Self {
        let budget = deadline.budget();
        let phases = [3, 4].map(|eighths| budget / 8 * eighths);
        deadline.end_part_at(phases[0], budget);
        // A little is always taken in: what it takes to see that there is no time.
        deadline.look_later();
        Pace { deadline, budget, phases, depth: 0, shares: None, over: false }
    }

    /// Notes work, in the units of [`Deadline::spend`]; true if the rest of the container at hand is to be left out.
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

    /// Whether the rest of the container at hand is to be left out.
    #[inline]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Begins a container in the one at hand.
    #[inline]
    pub fn enter(&mut self) {
        self.depth += 1;
        if self.shares.is_some() {
            self.enter_with_share();
        }
    }

    /// Goes back to the container around.
    #[inline]
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if let Some(shares) = &mut self.shares {
            shares.pop();
            self.go_on();
        }
    }

    /// What is left of the deadline.
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

/// The ends of the shares of all containers that are open when the first phase ends, outermost first. The innermost one
/// gets nothing more.
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
    fn what_comes_after_an_endless_part_has_its_turn() {
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
    fn a_little_is_taken_in_without_a_budget() {
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
