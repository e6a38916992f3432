//! Reading backwards: which active positions lead to a match.

use super::{LARGE_WORD, Positions, SMALL, WORD};
use crate::pattern::automaton::follow::Looks;

impl Positions {
    /// Reduces a set to the positions from which a match is reached: those that complete one, or that go on with one of
    /// `after`.
    pub(in crate::pattern::automaton) fn keep_fruitful(
        &self,
        set: &mut [u64],
        after: &[u64],
        looks: Looks,
        work: &mut u32,
    ) {
        match (set.len(), &self.sources) {
            (1, Some(sources)) => self.keep_fruitful_small::<1>(set, after, looks, work, sources),
            (2, Some(sources)) => self.keep_fruitful_small::<2>(set, after, looks, work, sources),
            (4, Some(sources)) => self.keep_fruitful_small::<4>(set, after, looks, work, sources),
            (SMALL, Some(sources)) => self.keep_fruitful_small::<SMALL>(set, after, looks, work, sources),
            _ => self.keep_fruitful_large(set, after, looks, work),
        }
    }

    #[inline]
    fn keep_fruitful_small<const N: usize>(
        &self,
        set: &mut [u64],
        after: &[u64],
        looks: Looks,
        work: &mut u32,
        sources: &[u8],
    ) {
        let (Some(words), Some(set), Some(after)) =
            (self.words.first_chunk::<N>(), set.first_chunk_mut::<N>(), after.first_chunk::<N>())
        else {
            return;
        };
        let mut kept = [0; N];
        let (mut below, mut open) = (0, 0);
        for at in 0..N {
            let word = &words[at];
            kept[at] = word.fruitful(after[at], below);
            open |= set[at] & word.jumping & !kept[at];
            below = after[at];
        }
        *work += N as u32 * WORD;
        if open != 0 {
            *work += (self.jumps.len() as u32).div_ceil(2);
            for at in 0..N {
                let jumps = &sources[usize::from(words[at].first_source)..usize::from(words[at].end_of_sources)];
                kept[at] |= jumps.iter().fold(0, |all, &nth| {
                    let jump = &self.jumps[usize::from(nth)];
                    all | jump.sources_if(after[usize::from(jump.to_word) % N], looks)
                });
            }
        }
        for part in &*self.ends_if {
            kept[part.word as usize % N] |= part.if_holds(looks);
        }
        for at in 0..N {
            set[at] &= kept[at];
        }
    }

    fn keep_fruitful_large(&self, set: &mut [u64], after: &[u64], looks: Looks, work: &mut u32) {
        for at in 0..set.len() {
            if set[at] == 0 {
                continue;
            }
            let word = &self.words[at];
            let mut kept = word.fruitful(after[at], at.checked_sub(1).map_or(0, |below| after[below]));
            *work += LARGE_WORD;
            if set[at] & word.jumping & !kept != 0 {
                let jumps = &self.jumps[word.first_jump as usize..word.end_of_jumps as usize];
                *work += word.jumps();
                for jump in jumps.iter().filter(|jump| jump.looks & !looks == 0) {
                    kept |= jump.sources(after[usize::from(jump.to_word)]);
                }
            }
            let ends_if = self.ends_if.iter().filter(|part| part.word as usize == at && part.holds(looks));
            kept |= ends_if.fold(0, |all, part| all | part.mask);
            set[at] &= kept;
        }
    }
}
