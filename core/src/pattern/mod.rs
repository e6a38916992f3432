//! The RE2 dialect rules are written in.
//!
//! Rules are written for RE2 in UTF-8 mode with Perl extensions. A parser (`parse`) reads the dialect into a tree (`ast`) with
//! the flags worked in, and the tree is compiled to an automaton that searches at a bounded cost a byte, whatever the
//! text. The regex crates do not fit: their syntax differs in many small places (literal braces, ASCII classes, folding, what
//! a class makes of ill-formed UTF-8), and what they cost on a text that an attacker chose is a hundred times what they
//! cost on others.
//!
//! A [`Pattern`] is parsed, analysed and compiled when it is made: a mistake in it is known at once, and a search needs
//! nothing else. The analysis says what any match [must contain](Required); [`scan`](crate::scan) uses that to run only the
//! patterns that could match a string.

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

/// How a pattern is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// Whether letters match their own case only.
    pub case_sensitive: bool,
}

/// As many places where a match may begin are few.
const FEW: usize = 8;

/// A pattern, compiled and ready to search with. Clones share everything.
#[derive(Clone, Debug)]
pub struct Pattern(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Text,
    required: Required,
    opening: Option<Opening>,
    automaton: Automaton,
}

impl Pattern {
    /// Reads a pattern.
    pub fn new(source: &[u8], options: Options) -> Result<Self, PatternError> {
        let tree = parse::parse(source, !options.case_sensitive)?;
        let (required, automaton) = (Required::of(&tree), Automaton::new(&tree));
        let opening = automaton.opening();
        Ok(Pattern(Arc::new(Inner { source: source.into(), required, opening, automaton })))
    }

    /// The text the pattern was read from.
    pub fn source(&self) -> &[u8] {
        &self.0.source
    }

    /// What any match must contain.
    pub fn required(&self) -> &Required {
        &self.0.required
    }

    /// The leftmost match, of those the one its alternatives and repetitions prefer.
    pub fn find(&self, subject: &[u8]) -> Option<Range<usize>> {
        self.0.automaton.find(subject, &mut Watch::forever()).ok()?
    }

    /// The same, while there is time.
    pub fn find_within(&self, subject: &[u8], deadline: &mut Deadline) -> Result<Option<Range<usize>>, Expired> {
        self.0.automaton.find(subject, &mut Watch::until(deadline))
    }

    /// Whether there is a match.
    pub fn is_match(&self, subject: &[u8]) -> bool {
        self.is_match_within(subject, &mut Deadline::unlimited()).unwrap_or(false)
    }

    /// The same, while there is time.
    pub fn is_match_within(&self, subject: &[u8], deadline: &mut Deadline) -> Result<bool, Expired> {
        self.is_match_in(&mut Haystack::new(subject), None, deadline)
    }

    /// The same, of a text that other patterns are looked for in, too, and where a match may begin in these places alone, if they
    /// are known.
    pub(crate) fn is_match_in(
        &self,
        haystack: &mut Haystack<'_>,
        places: Option<&[u32]>,
        deadline: &mut Deadline,
    ) -> Result<bool, Expired> {
        // A few places are soon searched.
        let are_few = places.is_some_and(|places| places.len() <= FEW);
        let may_match = are_few || self.0.required.passes_second_look(haystack, deadline)?;
        Ok(may_match && self.0.automaton.is_match(haystack.bytes, &mut Watch::at(places, deadline))?)
    }

    /// How a match begins, if that is rare in any text.
    pub(crate) fn opening(&self) -> Option<&Opening> {
        self.0.opening.as_ref()
    }

    /// What it costs to search a text for the first time, in operations on words: nanoseconds, roughly. It is a count and
    /// not a measurement, the same on every machine and at every time.
    pub fn effort(&self, subject: &[u8]) -> u64 {
        self.0.automaton.effort(subject)
    }

    /// The most that reading a character can add to the [effort](Self::effort) of a search.
    pub fn bound(&self) -> u32 {
        self.0.automaton.bound()
    }

    /// Whether the [bound](Self::bound) is above [`Pattern::COSTLY`].
    pub fn is_costly(&self) -> bool {
        self.bound() > Self::COSTLY
    }

    /// As many operations a character are much: no text makes a pattern below it take more than about a quarter of a microsecond a
    /// character. Patterns people write for rules mostly stay below 50.
    pub const COSTLY: u32 = 256;

    /// A text of so many characters that is hard to search: it does not match, and its [effort](Self::effort) is the largest
    /// that could be found.
    pub fn hardest_text(&self, length: usize) -> Vec<u8> {
        self.0.automaton.hardest_text(length)
    }

    /// The first match at or after `start`, with its groups. What stands before `start` counts for assertions.
    pub fn groups(&self, subject: &[u8], start: usize) -> Option<Groups> {
        let mut notes = [None; Groups::NOTES];
        if start > subject.len() {
            return None;
        }
        let whole = self.0.automaton.find_groups(subject, start, &mut notes)?;
        Some(Groups::new(whole, &notes))
    }

    /// The bytes of memory the pattern takes so far.
    pub fn memory(&self) -> usize {
        let Inner { source, required, opening: _, automaton } = &*self.0;
        size_of::<Inner>() + source.len() + required.memory() + automaton.memory() - size_of::<Automaton>()
    }

    /// Whether another pattern is a clone of this one.
    #[cfg(test)]
    fn is_same(&self, other: &Pattern) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The source as the pattern holds it.
    pub(crate) fn shared_source(&self) -> Text {
        self.0.source.clone()
    }
}
