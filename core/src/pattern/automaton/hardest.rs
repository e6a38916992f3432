//! A search for texts that are costly to match.
//!
//! The largest possible cost of a symbol is known for every pattern, but no text may reach it, as that would take all
//! positions at once. Here a text is extended symbol by symbol, in a beam search that keeps the texts with the most
//! work done and the most work to come. The result is a lower bound of the worst case, the same in every run.

use super::active::Room;
use super::{Automaton, Watch};

/// The width of the beam.
const BEAM: usize = 4;
/// The weight of the cost of the next symbol.
const FORESIGHT: u64 = 4;

/// A text as a linked list, last symbol first.
struct Grown {
    set: Vec<u64>,
    work: u64,
    parent: usize,
    symbol: usize,
}

impl Automaton {
    /// A text of `length` symbols that does not match and is costly to search.
    pub(in crate::pattern) fn hardest_text(&self, length: usize) -> Vec<u8> {
        let samples = self.symbols.samples();
        let root = Grown { set: vec![0; self.words], work: 0, parent: 0, symbol: usize::MAX };
        let mut grown = vec![root];
        let mut beam = vec![0];
        let mut random = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..length {
            let mut longer: Vec<(u64, Grown)> = vec![];
            for &parent in &beam {
                for symbol in 0..samples.len() {
                    let Some(next) = self.grow(&grown, parent, symbol, &samples) else { continue };
                    // Ties are broken at random, as texts that repeat themselves are cheap.
                    random = (random ^ random >> 12).wrapping_mul(0x2545_F491_4F6C_DD1D);
                    let to_come = FORESIGHT * u64::from(self.table.cost(&next.set));
                    longer.push(((next.work + to_come) << 4 | random >> 60, next));
                }
            }
            longer.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
            longer.dedup_by(|one, other| one.1.set == other.1.set);
            if longer.is_empty() {
                break;
            }
            beam = (grown.len()..).take(longer.len().min(BEAM)).collect();
            grown.extend(longer.into_iter().take(BEAM).map(|(_, next)| next));
        }
        let last = beam.into_iter().max_by_key(|&at| grown[at].work).unwrap_or(0);
        text(&grown, last, &samples)
    }

    /// The text with one more symbol, unless a match ends there.
    fn grow(&self, grown: &[Grown], parent: usize, symbol: usize, samples: &[Vec<u8>]) -> Option<Grown> {
        let before = samples.get(grown[parent].symbol).map_or(&[][..], Vec::as_slice);
        let around = [before, &samples[symbol]].concat();
        let at = before.len();
        let (class, length) = self.symbols.at(&around, at);
        if length != samples[symbol].len() {
            return None;
        }
        let mut room = Room::new(self.words);
        let mut active = room.set(self.words);
        active.load(&grown[parent].set);
        let mut watch = Watch::forever();
        let looks = self.looks(&around, at);
        if self.ends_at(&active, looks) || self.step(&mut active, looks, class, true, &mut watch) != Ok(false) {
            return None;
        }
        let work = grown[parent].work + watch.total();
        Some(Grown { set: active.now.to_vec(), work, parent, symbol })
    }
}

fn text(grown: &[Grown], mut at: usize, samples: &[Vec<u8>]) -> Vec<u8> {
    let mut symbols = vec![];
    while let Some(sample) = samples.get(grown[at].symbol) {
        symbols.push(sample);
        at = grown[at].parent;
    }
    symbols.into_iter().rev().flatten().copied().collect()
}
