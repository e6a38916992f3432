//! What can follow what: the positions that a program may read next after each.
//!
//! This is Glushkov's view of a pattern. Forks, assertions and notes vanish; of the assertions on the way from one position
//! to the next it remains which must hold.

use super::program::{Place, Program, Step};
use crate::pattern::ast::Look;

/// A set of assertions that must hold, or that hold at a place.
pub(super) type Looks = u8;

pub(super) const fn bit(look: Look) -> Looks {
    1 << look as u8
}

/// The ways on from a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ways {
    /// Positions that can be read next, and what must hold.
    pub(super) reads: Vec<(Looks, u32)>,
    /// What must hold for the match to be complete; one for each way there is.
    pub(super) ends: Vec<Looks>,
}

/// Looks for the ways on in a program.
pub(super) struct Follow<'p> {
    program: &'p Program,
    /// By place: the sets of assertions it was reached with in this search.
    seen: Vec<u64>,
    touched: Vec<Place>,
    open: Vec<(Place, Looks)>,
    /// How many steps all searches took.
    pub(super) steps: usize,
}

impl<'p> Follow<'p> {
    pub(super) fn new(program: &'p Program) -> Self {
        let seen = vec![0; program.len()];
        Follow { program, seen, touched: vec![], open: vec![], steps: 0 }
    }

    pub(super) fn from(&mut self, place: Place) -> Ways {
        let mut ways = Ways::default();
        self.open.push((place, 0));
        while let Some((place, looks)) = self.open.pop() {
            let seen = &mut self.seen[place as usize];
            // What was reached without conditions is done with.
            if *seen & (1 | 1 << looks) != 0 {
                continue;
            }
            *seen |= 1 << looks;
            self.steps += 1;
            self.touched.push(place);
            match self.program.step(place) {
                Step::Read { position, .. } => ways.reads.push((looks, position)),
                Step::Fork { first, second } => self.open.extend([(second, looks), (first, looks)]),
                Step::Assert { look, next } => self.open.push((next, looks | bit(look))),
                Step::Note { next, .. } => self.open.push((next, looks)),
                Step::Match => ways.ends.push(looks),
            }
        }
        self.touched.drain(..).for_each(|place| self.seen[place as usize] = 0);
        ways
    }
}
