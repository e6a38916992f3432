//! The bytes with which a match can begin.

use super::follow::{self, Follow, Looks, bit};
use super::program::{Place, Program, Reads, Step};
use super::symbols::{Class, SetId, Symbols};
use crate::pattern::ast::Look;
use crate::pattern::opening::{Opening, Way, Ways};
use crate::pattern::required::ByteSet;
use crate::pattern::utf8::{CONTINUATION, LEADS};

/// The length of the longest symbol, in bytes.
const SYMBOL: usize = 4;

/// The ways in which a match can begin, collected position by position.
pub(super) struct Beginnings<'p> {
    program: &'p Program,
    reads: &'p Reads,
    follow: Follow<'p>,
    /// By position: the place after it.
    after: Vec<Place>,
    /// By set that the program reads: the encodings of its symbols.
    spellings: Vec<Option<Vec<Spelling>>>,
    by_class: Vec<Vec<Spelling>>,
    members: &'p [Vec<Class>],
}

impl<'p> Beginnings<'p> {
    pub(super) fn new(program: &'p Program, reads: &'p Reads, symbols: &Symbols, members: &'p [Vec<Class>]) -> Self {
        let mut after = vec![0; reads.set_of.len()];
        for step in program.steps() {
            if let Step::Read { position, next } = step {
                after[position as usize] = next;
            }
        }
        Beginnings {
            program,
            reads,
            follow: Follow::new(program),
            after,
            spellings: (0..members.len()).map(|_| None).collect(),
            by_class: symbols.spellings(),
            members,
        }
    }

    /// The first bytes of a match: a way for each set of first symbols, with similar ones merged. All assertions are
    /// taken to hold, except for the one that the text begins. `None` if a match can be empty, or if it can begin only
    /// where the text does.
    pub(super) fn opening(mut self) -> Option<Opening> {
        let starts = self.follow.from(self.program.start);
        if !starts.ends.is_empty() {
            return None;
        }
        let mut starts: Vec<u32> = reachable(&starts).collect();
        if starts.is_empty() {
            return None;
        }
        starts.sort_unstable_by_key(|&position| (self.set_of(position), position));
        let mut ways = Ways::default();
        for same in starts.chunk_by(|&a, &b| self.set_of(a) == self.set_of(b)).map(<[u32]>::to_vec).collect::<Vec<_>>()
        {
            ways.add(self.way(same));
        }
        Some(ways.finish())
    }

    fn set_of(&self, position: u32) -> SetId {
        self.reads.set_of[position as usize]
    }

    /// The first bytes of matches that begin with one of these positions.
    fn way(&mut self, starts: Vec<u32>) -> Way {
        let mut bytes = [ByteSet::default(); Opening::LENGTH + SYMBOL];
        let mut positions: [Vec<u32>; Opening::LENGTH + SYMBOL] = Default::default();
        positions[0] = starts;
        for at in 0..Opening::LENGTH {
            let mut here = std::mem::take(&mut positions[at]);
            here.sort_unstable();
            here.dedup();
            for position in here {
                let next = self.follow.from(self.after[position as usize]);
                let set = self.set_of(position) as usize;
                let spellings = self.spellings[set].get_or_insert_with(|| spell(&self.members[set], &self.by_class));
                for Spelling { length, sets } in spellings {
                    let after = at + *length;
                    bytes[at..after].iter_mut().zip(&*sets).for_each(|(all, set)| *all = all.union(set));
                    positions[after].extend(reachable(&next));
                    if next.ends.iter().any(|looks| can_hold(*looks)) {
                        // Any byte may follow.
                        bytes[after..].fill(ByteSet::ALL);
                    }
                }
            }
        }
        std::array::from_fn(|at| bytes[at])
    }
}

/// Whether assertions can hold elsewhere than at the beginning of a text.
fn can_hold(looks: Looks) -> bool {
    looks & bit(Look::TextStart) == 0
}

/// The positions that can be read next elsewhere than at the beginning of a text.
fn reachable(next: &follow::Ways) -> impl Iterator<Item = u32> {
    next.reads.iter().filter(|(looks, _)| can_hold(*looks)).map(|&(_, position)| position)
}

/// The encodings of the symbols of some groups.
fn spell(classes: &[Class], by_class: &[Vec<Spelling>]) -> Vec<Spelling> {
    let mut all: Vec<Spelling> = vec![];
    for spelling in classes.iter().flat_map(|&class| &by_class[usize::from(class)]) {
        match all.iter_mut().find(|known| known.length == spelling.length) {
            Some(known) => known.sets.iter_mut().zip(&spelling.sets).for_each(|(all, set)| *all = all.union(set)),
            None => all.push(spelling.clone()),
        }
    }
    all
}

/// The bytes of symbols of one length, by their distance from the beginning.
#[derive(Clone)]
struct Spelling {
    length: usize,
    sets: [ByteSet; SYMBOL],
}

impl Symbols {
    /// The encodings of the symbols of each group.
    fn spellings(&self) -> Vec<Vec<Spelling>> {
        let mut all: Vec<Vec<Spelling>> = (0..self.count).map(|_| vec![]).collect();
        let mut add = |class: Class, ranges: &[(u8, u8)]| {
            let known = &mut all[usize::from(class)];
            let at = known.iter().position(|spelling| spelling.length == ranges.len()).unwrap_or_else(|| {
                known.push(Spelling { length: ranges.len(), sets: Default::default() });
                known.len() - 1
            });
            for (set, &(first, last)) in known[at].sets.iter_mut().zip(ranges) {
                (first..=last).for_each(|byte| set.insert(byte));
            }
        };
        for byte in 0..=u8::MAX {
            // A lead byte without its continuation bytes is in the group of stray bytes.
            add(self.of_byte(if self.is_lead(byte) { 0x80 } else { byte }), &[(byte, byte)]);
        }
        let spell = |leads: (u8, u8), continuing: usize| [vec![leads], vec![CONTINUATION; continuing]].concat();
        if self.has_longer() {
            LEADS.iter().for_each(|&(leads, continuing)| add(self.loose(), &spell(leads, continuing)));
        }
        for (class, first, last) in self.stretches_above() {
            let (first, last) = (encode(first), encode(last));
            if first[0] == last[0] {
                let same = first.iter().zip(&last).position(|(a, b)| a != b).unwrap_or(first.len());
                let ranges = first.iter().zip(&last).enumerate();
                let ranges = ranges.map(|(at, (&a, &b))| if at <= same { (a, b) } else { CONTINUATION });
                add(class, &ranges.collect::<Vec<_>>());
                continue;
            }
            for (leads, continuing) in LEADS {
                let leads = (leads.0.max(first[0]), leads.1.min(last[0]));
                if leads.0 <= leads.1 {
                    add(class, &spell(leads, continuing));
                }
            }
        }
        all
    }
}

/// The UTF-8 encoding of a code point above ASCII, surrogates included.
fn encode(code_point: u32) -> Vec<u8> {
    let continuation = |shift: u32| 0x80 | (code_point >> shift & 0x3F) as u8;
    match code_point {
        0..=0x7FF => vec![0xC0 | (code_point >> 6) as u8, continuation(0)],
        0x800..=0xFFFF => vec![0xE0 | (code_point >> 12) as u8, continuation(6), continuation(0)],
        _ => vec![0xF0 | (code_point >> 18) as u8, continuation(12), continuation(6), continuation(0)],
    }
}
