//! Programs with too many transitions for masks, such as `(?:a?){1000}`, which are simulated fork by fork.
//!
//! No realistic rule is of this kind. The cost per symbol is bounded by the size of the program here, too.

use super::active::{Active, Busy};
use super::follow::{Looks, bit};
use super::positions::row_length;
use super::program::{Place, Program, Reads, Step};
use super::symbols::Class;

#[derive(Debug)]
pub(super) struct Entangled {
    /// The number of steps of the program.
    steps: u32,
    /// The place that follows each position.
    after: Box<[Place]>,
    /// By class, one row of words each: the positions that read it.
    reads: Box<[u64]>,
    /// Positions that complete a match unconditionally.
    ends: Box<[u64]>,
}

impl Entangled {
    pub(super) fn new(program: &Program, reads: &Reads, by_class: Vec<u64>) -> Self {
        let mut after = vec![0; reads.set_of.len()];
        for step in program.steps() {
            if let Step::Read { position, next } = step {
                after[position as usize] = next;
            }
        }
        let words = row_length(after.len());
        let steps = program.len() as u32;
        let mut made = Entangled { steps, after: after.into(), reads: by_class.into(), ends: Box::default() };
        let mut ends = vec![u64::MAX; words];
        made.keep_fruitful(program, &mut ends, &vec![0; words], 0);
        made.ends = ends.into();
        made
    }

    fn words(&self) -> usize {
        row_length(self.after.len())
    }

    pub(super) fn step(
        &self,
        program: &Program,
        active: &mut Active<'_>,
        looks: Looks,
        class: Class,
        starts: bool,
    ) -> bool {
        let mut seen = vec![false; program.len()];
        let mut open: Vec<Place> = positions(active.now).map(|position| self.after[position]).collect();
        open.extend(starts.then_some(program.start));
        active.now.fill(0);
        let mut reached = Busy::default();
        let mut ended = false;
        let reads = &self.reads[usize::from(class) * self.words()..];
        while let Some(place) = open.pop() {
            if std::mem::replace(&mut seen[place as usize], true) {
                continue;
            }
            match program.step(place) {
                Step::Read { position, .. } => {
                    let (word, bit) = (position as usize / 64, 1 << (position % 64));
                    if reads[word] & bit != 0 {
                        active.next[word] |= bit;
                        reached.mark(word);
                        ended |= self.ends[word] & bit != 0;
                    }
                }
                Step::Fork { first, second } => open.extend([first, second]),
                Step::Assert { look, next } => open.extend((looks & bit(look) != 0).then_some(next)),
                Step::Note { next, .. } => open.push(next),
                Step::Match => {}
            }
        }
        active.advance(reached);
        ended
    }

    pub(super) fn ends_if(&self, program: &Program, set: &[u64], looks: Looks) -> bool {
        let good = self.fruitful(program, &vec![0; set.len()], looks, true);
        positions(set).any(|position| good[self.after[position] as usize])
    }

    pub(super) fn starts_with(&self, program: &Program, set: &[u64], looks: Looks) -> bool {
        self.fruitful(program, set, looks, false)[program.start as usize]
    }

    pub(super) fn starts_reading(&self, program: &Program, class: Class) -> bool {
        self.starts_with(program, &self.reads[usize::from(class) * self.words()..][..self.words()], Looks::MAX)
    }

    pub(super) fn keep_fruitful(&self, program: &Program, set: &mut [u64], after: &[u64], looks: Looks) {
        let good = self.fruitful(program, after, looks, true);
        for (position, &place) in self.after.iter().enumerate() {
            if !good[place as usize] {
                set[position / 64] &= !(1 << (position % 64));
            }
        }
    }

    /// The places from which a position of the set can be read next, or, if `ends`, a match can be completed.
    fn fruitful(&self, program: &Program, set: &[u64], looks: Looks, ends: bool) -> Vec<bool> {
        let mut good = vec![false; program.len()];
        loop {
            let mut changed = false;
            // Most successors precede their step, except in loops, so a few rounds suffice.
            for (place, step) in program.steps().enumerate() {
                let is_good = match step {
                    Step::Read { position, .. } => set[position as usize / 64] >> (position % 64) & 1 == 1,
                    Step::Fork { first, second } => good[first as usize] || good[second as usize],
                    Step::Assert { look, next } => looks & bit(look) != 0 && good[next as usize],
                    Step::Note { next, .. } => good[next as usize],
                    Step::Match => ends,
                };
                changed |= is_good != good[place];
                good[place] |= is_good;
            }
            if !changed {
                return good;
            }
        }
    }

    /// The operations to step any set.
    pub(super) fn cost(&self) -> u32 {
        self.steps
    }

    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.after) + size_of_val(&*self.reads) + size_of_val(&*self.ends)
    }
}

/// The members of a set.
fn positions(row: &[u64]) -> impl Iterator<Item = usize> {
    row.iter()
        .enumerate()
        .flat_map(|(word, &bits)| (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * 64 + bit))
}
