//! The bytes with which a match can begin.

use super::active::Room;
use super::follow::bit;
use super::symbols::{Class, Symbols};
use super::{Automaton, Looks, Watch};
use crate::pattern::ast::Look;
use crate::pattern::opening::Opening;
use crate::pattern::required::ByteSet;
use crate::pattern::utf8::{CONTINUATION, LEADS};

/// The length of the longest symbol, in bytes.
const SYMBOL: usize = 4;

impl Automaton {
    /// The first bytes of a match, unless they fit many places of a text.
    pub(in crate::pattern) fn opening(&self) -> Option<Opening> {
        self.any_opening().filter(Opening::is_rare)
    }

    /// The first bytes of a non-empty match. The automaton tells which symbols can follow each other; all assertions
    /// are taken to hold, except for the one that the text begins.
    pub(super) fn any_opening(&self) -> Option<Opening> {
        if !self.empty.is_empty() || self.start_looks & bit(Look::TextStart) != 0 {
            return None;
        }
        let looks = Looks::MAX & !bit(Look::TextStart);
        let spellings = self.symbols.spellings();
        let mut bytes = [ByteSet::default(); Opening::LENGTH + SYMBOL];
        let mut rows = vec![vec![0; self.words]; Opening::LENGTH + SYMBOL];
        let mut room = Room::new(self.words);
        let mut active = room.set(self.words);
        for at in 0..Opening::LENGTH {
            for (class, spellings) in spellings.iter().enumerate() {
                active.clear();
                active.load(&rows[at]);
                let ended = self.step(&mut active, looks, class as Class, at == 0, &mut Watch::forever()).ok()?;
                let ended = ended || self.ends_at(&active, looks);
                if active.is_empty() && !ended {
                    continue;
                }
                for Spelling { length, sets } in spellings {
                    let after = at + length;
                    bytes[at..after].iter_mut().zip(sets).for_each(|(all, set)| *all = all.union(set));
                    rows[after].iter_mut().zip(&*active.now).for_each(|(all, next)| *all |= next);
                    if ended {
                        // Any byte may follow.
                        bytes[after..].fill(ByteSet::from_ranges(&[(0, u8::MAX)]));
                    }
                }
            }
        }
        Some(Opening(std::array::from_fn(|at| bytes[at])))
    }
}

/// The bytes of symbols of one length, by their distance from the beginning.
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
