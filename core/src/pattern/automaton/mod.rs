//! The automaton behind a pattern.
//!
//! The patterns of rules search short strings by the hundred, and long ones that an attacker chooses. Both argue
//! against automata that are built during the search: for short strings, most states would be used only once, and an
//! attacker can force a new state with every byte. So a search here needs only what was compiled with the pattern:
//!
//! - a text is read as [symbols](symbols), code points grouped by what the pattern distinguishes;
//! - the active [positions](positions) of the pattern are bits of a few words, and reading a symbol costs a few
//!   operations per word in use, whatever the text;
//! - while no position is active, the text is skipped to the next byte with which a match may begin;
//! - long texts are read by a table of [known states](states), a lazy DFA, as far as these repeat;
//! - only a text that matches is read again to find [the preferred match](preferred).
//!
//! All of it is linear in the text and bounded by the size of the pattern, and a search neither compiles anything nor
//! waits for a lock.

mod active;
mod block;
mod entangled;
mod follow;
mod hardest;
mod memo;
mod opening;
mod positions;
mod preferred;
mod program;
mod retrace;
mod search;
mod starters;
mod states;
mod symbols;
#[cfg(test)]
mod tests;
mod watch;

use std::ops::Range;

use memchr::memchr;

use self::active::Active;
use self::entangled::Entangled;
use self::follow::{Follow, Looks, bit};
use self::opening::Beginnings;
use self::positions::Positions;
use self::program::{Program, Reads};
use self::starters::Starters;
use self::states::Remembered;
use self::symbols::{ByteKind, Class, Symbols};
pub(super) use self::watch::Watch;
use super::ast::{Ast, Look, Node};
use super::opening::Opening;
use crate::support::Expired;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Automaton {
    program: Program,
    symbols: Symbols,
    table: Table,
    /// The number of words in a set of positions.
    words: usize,
    has_assertions: bool,
    /// The conditions of each way to match the empty string.
    empty: Box<[Looks]>,
    /// Whether one of these ways has no condition.
    matches_nothing_anywhere: bool,
    /// Whether a match may end under conditions.
    may_end_if: bool,
    /// The bytes with which a match may begin.
    starters: Starters,
    /// The assertions that hold wherever a match begins.
    start_looks: Looks,
    remembered: Remembered,
    /// The bytes with which a match begins elsewhere than at the beginning of a text, if that is known.
    opening: Option<Opening>,
}

/// The cost of reading a symbol besides stepping, in the units of searches: roughly nanoseconds.
const SYMBOL: u32 = 3;

/// The cost of looking up a set of positions, in the same units.
const LOOK_UP: u32 = 48;

/// How many bytes are skipped between two checks of the deadline.
const SKIPPED: usize = 1 << 14;

/// How a set of positions is stepped.
#[derive(Debug)]
enum Table {
    Masks(Positions),
    Entangled(Entangled),
}

impl Automaton {
    pub(super) fn new(ast: &Ast) -> Self {
        Automaton::read_by(ast, looks_at_bytes(ast), true).unwrap_or_else(|| Automaton::by_bytes(ast))
    }

    /// Falls back to bytes as symbols, which always fit.
    fn by_bytes(ast: &Ast) -> Self {
        Automaton::read_by(ast, true, true).expect("the bytes of UTF-8 are fewer than the classes an alphabet can have")
    }

    fn read_by(ast: &Ast, by_bytes: bool, masks: bool) -> Option<Self> {
        let (program, reads) = program::compile(ast, by_bytes);
        let (symbols, members) = Symbols::new(&reads.sets, by_bytes, reads.has_assertions)?;
        let opening = Beginnings::new(&program, &reads, &symbols, &members).opening();
        let words = positions::row_length(reads.set_of.len());
        let table = Table::new(&program, &reads, &members, symbols.count, masks);
        let empty = Follow::new(&program).from(program.start).ends;
        let starters = Starters::new(&symbols.first_bytes(|class| table.starts_reading(&program, class)));
        Some(Automaton {
            words,
            has_assertions: reads.has_assertions,
            matches_nothing_anywhere: empty.contains(&0),
            may_end_if: !empty.is_empty() || table.may_end_if(),
            empty: empty.into(),
            starters,
            start_looks: table.start_looks(),
            remembered: Remembered::default(),
            opening,
            program,
            symbols,
            table,
        })
    }

    /// The bytes with which a match begins, unless they fit many places of a text.
    pub(super) fn opening(&self) -> Option<&Opening> {
        self.opening.as_ref().filter(|opening| opening.is_rare())
    }

    /// The most operations that reading one symbol can take.
    pub(super) fn bound(&self) -> u32 {
        self.table.cost(&vec![u64::MAX; self.words]) + SYMBOL
    }

    /// The operations of a search that cannot use states of earlier ones.
    pub(super) fn effort(&self, text: &[u8]) -> u64 {
        let mut watch = Watch::without_memory();
        let _ = self.is_match(text, &mut watch);
        watch.total()
    }

    /// Whether there is a match.
    pub(super) fn is_match(&self, text: &[u8], watch: &mut Watch<'_>) -> Result<bool, Expired> {
        Ok(self.earliest_end(text, 0, &mut 0, watch)?.is_some())
    }

    /// The leftmost match, and of those the preferred one.
    pub(super) fn find(&self, text: &[u8], watch: &mut Watch<'_>) -> Result<Option<Range<usize>>, Expired> {
        self.preferred(text, 0, &mut [], watch)
    }

    /// The same among the matches that begin at or after `from`. Writes the start of group `n` to `notes[2 * n]` and
    /// its end to the next slot.
    pub(super) fn find_groups(&self, text: &[u8], from: usize, notes: &mut [Option<usize>]) -> Option<Range<usize>> {
        self.preferred(text, from, notes, &mut Watch::forever()).ok().flatten()
    }

    /// The next place where a match may begin, if there is one.
    #[inline]
    fn next_start(&self, text: &[u8], at: usize, watch: &mut Watch<'_>) -> Result<Option<usize>, Expired> {
        if !self.empty.is_empty() {
            return Ok(Some(at));
        }
        if self.start_looks & bit(Look::TextStart) != 0 {
            return Ok((at == 0).then_some(0));
        }
        if let Some(places) = &mut watch.places {
            while let Some((&first, rest)) = places.split_first() {
                if first as usize >= at {
                    return Ok(Some(first as usize));
                }
                *places = rest;
            }
            return Ok(None);
        }
        let mut from = at;
        while from < text.len() {
            let end = text.len().min(from + SKIPPED);
            let ahead = if self.start_looks & bit(Look::LineStart) == 0 {
                self.starters.find(&text[from..end])
            } else if from == 0 {
                Some(0)
            } else {
                memchr(b'\n', &text[from - 1..end - 1])
            };
            watch.spend(ahead.unwrap_or(end - from) as u32 / 4)?;
            if let Some(ahead) = ahead {
                return Ok(Some(from + ahead));
            }
            from = end;
        }
        Ok(None)
    }

    /// The assertions that hold at a place.
    #[inline(always)]
    fn looks(&self, text: &[u8], at: usize) -> Looks {
        if !self.has_assertions {
            return 0;
        }
        let before = ByteKind::of(at.checked_sub(1).map(|before| text[before]));
        let after = ByteKind::of(text.get(at).copied());
        LOOKS[before as usize][after as usize]
    }

    /// Whether the pattern matches the empty string where these assertions hold.
    #[inline]
    fn matches_nothing(&self, looks: Looks) -> bool {
        self.empty.iter().any(|wanted| wanted & !looks == 0)
    }

    /// Whether a match that needs conditions ends where these assertions hold.
    #[inline]
    fn ends_at(&self, active: &Active<'_>, looks: Looks) -> bool {
        self.may_end_if && (self.matches_nothing(looks) || self.table.ends_if(&self.program, active.now, looks))
    }

    #[inline]
    fn step(
        &self,
        active: &mut Active<'_>,
        looks: Looks,
        class: Class,
        starts: bool,
        watch: &mut Watch<'_>,
    ) -> Result<bool, Expired> {
        let (ended, work) = match &self.table {
            Table::Masks(positions) => positions.step(active, looks, class, starts),
            Table::Entangled(entangled) => {
                (entangled.step(&self.program, active, looks, class, starts), self.table.cost(&[]))
            }
        };
        watch.pending += SYMBOL + work;
        watch.settle()?;
        Ok(ended)
    }

    pub(super) fn memory(&self) -> usize {
        let table = match &self.table {
            Table::Masks(positions) => positions.memory(),
            Table::Entangled(entangled) => entangled.memory(),
        };
        size_of::<Self>()
            + self.program.memory()
            + self.symbols.memory()
            + self.starters.memory()
            + table
            + self.remembered.memory()
            + self.opening.as_ref().map_or(0, Opening::memory)
    }
}

/// Whether a pattern can match a single byte, or the empty string, within a character.
fn looks_at_bytes(ast: &Ast) -> bool {
    let may_be_empty = || program::nullable(ast).last() == Some(&true);
    ast.nodes.contains(&Node::AnyByte) || (ast.nodes.contains(&Node::Look(Look::NotWordBoundary)) && may_be_empty())
}

impl Table {
    fn new(program: &Program, reads: &Reads, members: &[Vec<Class>], classes: usize, masks: bool) -> Self {
        let words = positions::row_length(reads.set_of.len());
        let mut by_class = vec![0; classes * words];
        for (position, &set) in reads.set_of.iter().enumerate() {
            for &class in &members[set as usize] {
                by_class[usize::from(class) * words + position / 64] |= 1 << (position % 64);
            }
        }
        match Positions::new(program, reads, &by_class).filter(|_| masks) {
            Some(positions) => Table::Masks(positions),
            None => Table::Entangled(Entangled::new(program, reads, by_class)),
        }
    }

    /// The operations to step a set.
    fn cost(&self, set: &[u64]) -> u32 {
        match self {
            Table::Masks(positions) => positions.cost(set),
            Table::Entangled(entangled) => entangled.cost(),
        }
    }

    fn may_end_if(&self) -> bool {
        match self {
            Table::Masks(positions) => positions.may_end_if(),
            Table::Entangled(_) => true,
        }
    }

    fn ends_if(&self, program: &Program, set: &[u64], looks: Looks) -> bool {
        match self {
            Table::Masks(positions) => positions.ends_if(set, looks),
            Table::Entangled(entangled) => entangled.ends_if(program, set, looks),
        }
    }

    fn starts_with(&self, program: &Program, set: &[u64], looks: Looks) -> bool {
        match self {
            Table::Masks(positions) => positions.starts_with(set, looks),
            Table::Entangled(entangled) => entangled.starts_with(program, set, looks),
        }
    }

    fn starts_reading(&self, program: &Program, class: Class) -> bool {
        match self {
            Table::Masks(positions) => positions.starts_reading(class),
            Table::Entangled(entangled) => entangled.starts_reading(program, class),
        }
    }

    fn start_looks(&self) -> Looks {
        match self {
            Table::Masks(positions) => positions.start_looks(),
            Table::Entangled(_) => 0,
        }
    }

    fn keep_fruitful(&self, program: &Program, set: &mut [u64], after: &[u64], looks: Looks, work: &mut u32) {
        match self {
            Table::Masks(positions) => positions.keep_fruitful(set, after, looks, work),
            Table::Entangled(entangled) => {
                *work += entangled.cost();
                entangled.keep_fruitful(program, set, after, looks);
            }
        }
    }
}

/// The assertions that hold between two kinds of bytes.
static LOOKS: [[Looks; ByteKind::COUNT]; ByteKind::COUNT] = {
    let kinds = [ByteKind::Other, ByteKind::Word, ByteKind::Newline, ByteKind::Edge];
    let mut table = [[0; ByteKind::COUNT]; ByteKind::COUNT];
    let mut at = 0;
    while at < ByteKind::COUNT * ByteKind::COUNT {
        let (before, after) = (kinds[at / ByteKind::COUNT], kinds[at % ByteKind::COUNT]);
        let mut looks = 0;
        if matches!(before, ByteKind::Edge) {
            looks |= bit(Look::TextStart) | bit(Look::LineStart);
        }
        if matches!(before, ByteKind::Newline) {
            looks |= bit(Look::LineStart);
        }
        if matches!(after, ByteKind::Edge) {
            looks |= bit(Look::TextEnd) | bit(Look::LineEnd);
        }
        if matches!(after, ByteKind::Newline) {
            looks |= bit(Look::LineEnd);
        }
        let boundary = matches!(before, ByteKind::Word) != matches!(after, ByteKind::Word);
        looks |= bit(if boundary { Look::WordBoundary } else { Look::NotWordBoundary });
        table[before as usize][after as usize] = looks;
        at += 1;
    }
    table
};
