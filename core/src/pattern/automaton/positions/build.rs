//! Sorting the transitions of each position into masks, shifts and jumps.

use std::collections::HashMap;

use super::{FEW_JUMPS, Jump, Part, Positions, SMALL, Word, row_length};
use crate::pattern::automaton::follow::{Follow, Looks, Ways};
use crate::pattern::automaton::program::{Program, Reads, Step};

/// Programs with more transitions than this are [simulated fork by fork](crate::pattern::automaton::entangled) instead.
const MAX_FOLLOWED: usize = 1 << 17;

/// So are programs with more jumps than this.
const MAX_JUMPS: usize = 1 << 13;

impl Positions {
    /// The positions of a program; `by_class` has for each class a row of the positions that read it. `None` if the
    /// program has too many transitions.
    pub(in crate::pattern::automaton) fn new(program: &Program, reads: &Reads, by_class: &[u64]) -> Option<Self> {
        let words = row_length(reads.set_of.len());
        let mut builder = Builder { words: vec![Word::default(); words], ..Builder::default() };
        let mut follow = Follow::new(program);
        for step in program.steps() {
            let Step::Read { position, next } = step else { continue };
            builder.add(position, follow.from(next));
            if follow.steps > MAX_FOLLOWED || builder.jumps.len() > MAX_JUMPS {
                return None;
            }
        }
        let starts = parts(&follow.from(program.start).reads);
        let few = words <= SMALL && builder.jumps.len() <= FEW_JUMPS;
        let jumps = builder.finish(few);
        let sources = few.then(|| builder.sources(&jumps));
        Some(Positions {
            sources,
            words: builder.words.into(),
            reads: by_class.into(),
            jumps: jumps.into(),
            starts: starts.into(),
            ends_if: builder.ends_if.into(),
        })
    }
}

/// Groups positions by word and by assertions.
fn parts(reads: &[(Looks, u32)]) -> Vec<Part> {
    let mut parts: Vec<Part> = vec![];
    let mut sorted = reads.to_vec();
    sorted.sort_unstable_by_key(|&(looks, position)| (position / 64, looks));
    for (looks, position) in sorted {
        let (word, mask) = (position / 64, 1 << (position % 64));
        match parts.last_mut() {
            Some(last) if (last.word, last.looks) == (word, looks) => last.mask |= mask,
            _ => parts.push(Part { word, looks, mask }),
        }
    }
    parts
}

#[derive(Default)]
struct Builder {
    words: Vec<Word>,
    /// The positions of a word that share a target, by word and target.
    jumps: HashMap<(u32, Part), u64>,
    ends_if: Vec<Part>,
}

impl Builder {
    fn add(&mut self, position: u32, mut ways: Ways) {
        let (at, bit) = (position / 64, 1 << (position % 64));
        let word = &mut self.words[at as usize];
        for &looks in &ways.ends {
            if looks == 0 {
                word.ends |= bit;
            } else {
                match self.ends_if.iter_mut().find(|part| (part.word, part.looks) == (at, looks)) {
                    Some(part) => part.mask |= bit,
                    None => self.ends_if.push(Part { word: at, looks, mask: bit }),
                }
            }
        }
        ways.reads.retain(|&(looks, next)| {
            let mask = match position.checked_sub(next) {
                _ if looks != 0 => return true,
                Some(0) => &mut word.loops,
                Some(1) => &mut word.shifts,
                Some(2) => &mut word.skips,
                _ => return true,
            };
            *mask |= bit;
            false
        });
        for part in parts(&ways.reads) {
            word.jumping |= bit;
            *self.jumps.entry((at, part)).or_default() |= bit;
        }
    }

    /// Sorts the jumps by word: by the target if `few`, else by the source.
    fn finish(&mut self, few: bool) -> Vec<Jump> {
        let jumps = self.jumps.drain().map(|((from_word, to), from)| Jump {
            from,
            to: to.mask,
            from_word: from_word as u16,
            to_word: to.word as u16,
            looks: to.looks,
        });
        let mut jumps: Vec<Jump> = jumps.collect();
        let word_of = |jump: &Jump| if few { jump.to_word } else { jump.from_word };
        jumps.sort_unstable_by_key(|jump| {
            let other = if few { jump.from_word } else { jump.to_word };
            (word_of(jump), jump.looks != 0, other, jump.looks, jump.from, jump.to)
        });
        for (nth, jump) in (0..).zip(&jumps) {
            let word = &mut self.words[usize::from(word_of(jump))];
            if word.end_of_jumps == 0 {
                (word.first_jump, word.first_conditional) = (nth, nth);
            }
            word.end_of_jumps = nth + 1;
            if jump.looks == 0 {
                word.first_conditional = nth + 1;
            }
            self.words[usize::from(jump.from_word)].reach.mark(usize::from(jump.to_word));
        }
        jumps
    }

    /// The indices of a few jumps in the order of the words they lead from.
    fn sources(&mut self, jumps: &[Jump]) -> Box<[u8]> {
        let mut sources: Vec<u8> = (0..jumps.len() as u8).collect();
        sources.sort_by_key(|&nth| jumps[usize::from(nth)].from_word);
        for (place, &nth) in (0..).zip(&sources) {
            let word = &mut self.words[usize::from(jumps[usize::from(nth)].from_word)];
            if word.end_of_sources == 0 {
                word.first_source = place;
            }
            word.end_of_sources = place + 1;
        }
        sources.into()
    }
}
