//! The RE2 dialect of rules.
//!
//! Rules are written for RE2 in UTF-8 mode with Perl extensions. A parser (`parse`) turns a pattern into a tree (`ast`)
//! with the flags applied, and the tree is compiled to an automaton that searches at a bounded cost per byte, whatever
//! the text. The regex crates do not fit: their syntax differs in many small ways (literal braces, ASCII classes,
//! folding, how classes treat ill-formed UTF-8), and a text that an attacker chooses can make them a hundred times
//! slower.
//!
//! A [`Pattern`] is parsed, analysed and compiled when it is made, so that mistakes show at once and a search needs
//! nothing else. The analysis computes what any match [must contain](Required); [`scan`](crate::scan) uses that to run
//! only the patterns that could match a string.

mod ast;
mod automaton;
mod cache;
mod class;
mod cost;
mod cursor;
mod error;
mod escape;
mod foreign;
mod groups;
mod haystack;
pub(crate) mod opening;
#[cfg(test)]
mod oracle;
mod parse;
mod required;
mod set;
mod unicode;
mod utf8;

pub use cache::PatternCache;
pub use error::PatternError;
pub use groups::Groups;
pub use haystack::Haystack;
pub use opening::Opening;
pub use required::{ByteSet, Required};
pub(crate) use required::{Needs, Presence, rarity};

use std::ops::Range;
use std::sync::Arc;

use crate::support::{Deadline, Expired};
use crate::value::Text;
use automaton::{Automaton, Watch};

/// Options of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// Whether letters match only their own case.
    pub case_sensitive: bool,
}

/// A list of up to this many places counts as short.
const FEW: usize = 8;

/// A compiled pattern. Clones share everything.
#[derive(Clone, Debug)]
pub struct Pattern(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Text,
    required: Required,
    automaton: Automaton,
}

impl Pattern {
    /// Compiles a pattern.
    pub fn new(source: &[u8], options: Options) -> Result<Self, PatternError> {
        let tree = parse::parse(source, !options.case_sensitive)?;
        let (required, automaton) = (Required::of(&tree), Automaton::new(&tree));
        Ok(Pattern(Arc::new(Inner { source: source.into(), required, automaton })))
    }

    /// The source of the pattern.
    pub fn source(&self) -> &[u8] {
        &self.0.source
    }

    /// What any match must contain.
    pub fn required(&self) -> &Required {
        &self.0.required
    }

    /// The leftmost match, and of those the one that alternatives and repetitions prefer.
    pub fn find(&self, subject: &[u8]) -> Option<Range<usize>> {
        self.0.automaton.find(subject, &mut Watch::forever()).ok()?
    }

    /// The same, with a deadline.
    pub fn find_within(&self, subject: &[u8], deadline: &mut Deadline) -> Result<Option<Range<usize>>, Expired> {
        self.0.automaton.find(subject, &mut Watch::until(deadline))
    }

    /// Whether there is a match.
    pub fn is_match(&self, subject: &[u8]) -> bool {
        self.is_match_within(subject, &mut Deadline::unlimited()).unwrap_or(false)
    }

    /// The same, with a deadline.
    pub fn is_match_within(&self, subject: &[u8], deadline: &mut Deadline) -> Result<bool, Expired> {
        self.is_match_in(&mut Haystack::new(subject), None, deadline)
    }

    /// The same for a text that other patterns search, too; if `places` are known, matches begin only there.
    pub(crate) fn is_match_in(
        &self,
        haystack: &mut Haystack<'_>,
        places: Option<&[u32]>,
        deadline: &mut Deadline,
    ) -> Result<bool, Expired> {
        // A few places are quickly searched, without further checks.
        let are_few = places.is_some_and(|places| places.len() <= FEW);
        let may_match = are_few || self.0.required.passes_second_look(haystack, deadline)?;
        Ok(may_match && self.0.automaton.is_match(haystack.bytes, &mut Watch::at(places, deadline))?)
    }

    /// The bytes with which a match begins, if they are rare in any text.
    pub(crate) fn opening(&self) -> Option<&Opening> {
        self.0.automaton.opening()
    }

    /// The cost of searching a text for the first time, in operations on words: roughly nanoseconds. It is counted, not
    /// measured, so it is the same on every machine.
    pub fn effort(&self, subject: &[u8]) -> u64 {
        self.0.automaton.effort(subject)
    }

    /// The most that one more character can add to the [effort](Self::effort) of a search.
    pub fn bound(&self) -> u32 {
        self.0.automaton.bound()
    }

    /// Whether the [bound](Self::bound) is above [`Pattern::COSTLY`].
    pub fn is_costly(&self) -> bool {
        self.bound() > Self::COSTLY
    }

    /// The bound above which a pattern counts as costly. Below it, no text costs more than about a quarter of a
    /// microsecond per character. Typical patterns of rules are below 50.
    pub const COSTLY: u32 = 256;

    /// A text of this many characters that is costly to search: it does not match, and its [effort](Self::effort) is
    /// the largest that was found.
    pub fn hardest_text(&self, length: usize) -> Vec<u8> {
        self.0.automaton.hardest_text(length)
    }

    /// The first match at or after `start`, with its groups. Assertions take the text before `start` into account.
    pub fn groups(&self, subject: &[u8], start: usize) -> Option<Groups> {
        let mut notes = [None; Groups::NOTES];
        if start > subject.len() {
            return None;
        }
        let whole = self.0.automaton.find_groups(subject, start, &mut notes)?;
        Some(Groups::new(whole, &notes))
    }

    /// The memory that the pattern takes, in bytes.
    pub fn memory(&self) -> usize {
        let Inner { source, required, automaton } = &*self.0;
        size_of::<Inner>() + source.len() + required.memory() + automaton.memory() - size_of::<Automaton>()
    }

    /// Whether another pattern is a clone of this one.
    #[cfg(test)]
    fn is_same(&self, other: &Pattern) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The source, shared.
    pub(crate) fn shared_source(&self) -> Text {
        self.0.source.clone()
    }
}
