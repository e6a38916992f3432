//! Reading a symbol: the transitions of all active positions at once.

use super::{Jump, LARGE_WORD, Positions, SMALL, WORD, Word};
use crate::pattern::automaton::active::{Active, Busy};
use crate::pattern::automaton::follow::Looks;
use crate::pattern::automaton::symbols::Class;

impl Positions {
    /// Reads a symbol of this class where these assertions hold, also as the beginning of a match if `starts`. Returns
    /// whether a match is complete now, and the number of operations.
    #[inline]
    pub(in crate::pattern::automaton) fn step(
        &self,
        active: &mut Active<'_>,
        looks: Looks,
        class: Class,
        starts: bool,
    ) -> (bool, u32) {
        if let [set] = &mut *active.now {
            let (next, ended, work) = self.step_word(*set, looks, class, starts);
            *set = next;
            active.busy = Busy(u64::from(next != 0));
            return (ended, work);
        }
        match (active.now.len(), self.sources.is_some()) {
            (2, true) => self.step_small::<2>(active, looks, class, starts),
            (4, true) => self.step_small::<4>(active, looks, class, starts),
            (SMALL, true) => self.step_small::<SMALL>(active, looks, class, starts),
            _ => self.step_large(active, looks, class, starts),
        }
    }

    /// The same for patterns of one word.
    #[inline(always)]
    pub(in crate::pattern::automaton) fn step_word(
        &self,
        set: u64,
        looks: Looks,
        class: Class,
        starts: bool,
    ) -> (u64, bool, u32) {
        let word = &self.words[0];
        let mut next = set & word.loops | (set & word.shifts) >> 1 | (set & word.skips) >> 2;
        let mut work = WORD;
        if set & word.jumping != 0 {
            work += word.jumps();
            let (plain, conditional) = self.jumps_of(word);
            next = plain.iter().fold(next, |next, jump| next | jump.reached(set));
            next = conditional.iter().fold(next, |next, jump| next | jump.reached_if(set, looks));
        }
        if starts {
            next = self.starts.iter().fold(next, |next, part| next | part.if_holds(looks));
        }
        let next = next & self.reads[usize::from(class)];
        (next, next & word.ends != 0, work)
    }

    fn step_small<const N: usize>(
        &self,
        active: &mut Active<'_>,
        looks: Looks,
        class: Class,
        starts: bool,
    ) -> (bool, u32) {
        let reads = self.reads[usize::from(class) * N..].first_chunk::<N>();
        let (Some(words), Some(now), Some(reads)) =
            (self.words.first_chunk::<N>(), active.now.first_chunk_mut::<N>(), reads)
        else {
            return (false, 0);
        };
        let mut next = [0; N];
        let (mut below, mut jumping) = (0, 0);
        for at in (0..N).rev() {
            let (word, set) = (&words[at], now[at]);
            let (shifted, skipped) = (set & word.shifts, set & word.skips);
            next[at] = set & word.loops | shifted >> 1 | skipped >> 2 | below;
            below = shifted << 63 | skipped << 62;
            jumping |= set & word.jumping;
        }
        let mut work = N as u32 * WORD;
        if jumping != 0 {
            work += (self.jumps.len() as u32).div_ceil(2);
            for at in 0..N {
                let (plain, conditional) = self.jumps_of(&words[at]);
                let from = |jump: &Jump| now[usize::from(jump.from_word) % N];
                let reached = plain.iter().fold(0, |all, jump| all | jump.reached(from(jump)));
                next[at] |= conditional.iter().fold(reached, |all, jump| all | jump.reached_if(from(jump), looks));
            }
        }
        if starts {
            for part in &*self.starts {
                next[part.word as usize % N] |= part.if_holds(looks);
            }
        }
        let (mut busy, mut ended) = (0, 0);
        for at in 0..N {
            let set = next[at] & reads[at];
            ended |= set & words[at].ends;
            busy |= u64::from(set != 0) << at;
            now[at] = set;
        }
        active.busy = Busy(busy);
        (ended != 0, work)
    }

    #[inline(never)]
    fn step_large(&self, active: &mut Active<'_>, looks: Looks, class: Class, starts: bool) -> (bool, u32) {
        let length = self.words.len();
        let (now, next) = (&mut active.now[..length], &mut active.next[..length]);
        let mut reached = Busy(0);
        let mut work = 0;
        active.busy.for_each(length, |at| {
            let word = &self.words[at];
            let set = std::mem::take(&mut now[at]);
            work += LARGE_WORD;
            next[at] |= set & word.loops | (set & word.shifts) >> 1 | (set & word.skips) >> 2;
            reached.mark(at);
            let below = (set & word.shifts) << 63 | (set & word.skips) << 62;
            if at > 0 {
                next[at - 1] |= below;
                reached.0 |= u64::from(below != 0) << ((at - 1) % 64);
            }
            if set & word.jumping != 0 {
                work += word.jumps();
                reached.0 |= word.reach.0;
                let (plain, conditional) = self.jumps_of(word);
                for jump in plain {
                    next[usize::from(jump.to_word)] |= jump.reached(set);
                }
                for jump in conditional {
                    next[usize::from(jump.to_word)] |= jump.reached_if(set, looks);
                }
            }
        });
        if starts {
            for part in &*self.starts {
                next[part.word as usize] |= part.if_holds(looks);
                reached.mark(part.word as usize);
            }
        }
        let reads = &self.reads[usize::from(class) * length..][..length];
        let (mut left, mut ended) = (Busy(0), 0);
        reached.for_each(length, |at| {
            let set = next[at] & reads[at];
            next[at] = set;
            ended |= set & self.words[at].ends;
            left.0 |= u64::from(set != 0) << (at % 64);
        });
        active.advance(left);
        (ended != 0, work)
    }

    /// The jumps of a word without conditions, and those with.
    #[inline(always)]
    fn jumps_of(&self, word: &Word) -> (&[Jump], &[Jump]) {
        let all = &self.jumps[word.first_jump as usize..word.end_of_jumps as usize];
        all.split_at((word.first_conditional - word.first_jump) as usize)
    }
}
