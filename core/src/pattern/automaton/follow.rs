//! Which positions a program may read next after each position.
//!
//! This is Glushkov's automaton: forks, assertions and notes disappear, and each transition keeps the set of assertions
//! that must hold.

use super::program::{Place, Program, Step};
use crate::pattern::ast::Look;

/// A set of assertions: those that must hold, or those that hold at a place.
pub(super) type Looks = u8;

pub(super) const fn bit(look: Look) -> Looks {
    1 << look as u8
}

/// The transitions from a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ways {
    /// Positions that can be read next, and the assertions that must hold.
    pub(super) reads: Vec<(Looks, u32)>,
    /// The assertions that must hold to complete the match, one set per way to do so.
    pub(super) ends: Vec<Looks>,
}

/// Computes the transitions of a program.
pub(super) struct Follow<'p> {
    program: &'p Program,
    /// By place: the sets of assertions with which this search reached it.
    seen: Vec<u64>,
    touched: Vec<Place>,
    open: Vec<(Place, Looks)>,
    /// The steps taken by all searches.
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
            // A place reached without conditions need not be visited again.
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
