//! The RE2 dialect rules are written in, mapped onto the regex crates.
//!
//! Rules are written for RE2 in UTF-8 mode with Perl extensions. The syntax of the Rust crates looks the same and differs
//! in many small places (literal braces, ASCII classes, folding, what a class makes of ill-formed UTF-8), so patterns are not
//! handed to them as text. A [parser](parse) of our own reads the dialect into a [tree](ast) with the flags worked in; the
//! tree is [encoded](encode) as an expression over bytes, which the crates compile and search with in linear time.
//!
//! A [`Pattern`] is parsed and analysed when it is made, so that a mistake in it is known at once, and compiled when it is
//! first searched for. The analysis says what any match [must contain](Required); [`scan`](crate::scan) uses that to run
//! only the patterns that could match a string.

mod ast;
mod cache;
mod class;
mod cost;
mod cursor;
mod encode;
mod engine;
mod error;
mod escape;
mod foreign;
mod groups;
mod parse;
mod required;
mod set;
mod unicode;

pub use cache::PatternCache;
pub use error::PatternError;
pub use groups::Groups;
pub use required::{ByteSet, Required};
pub(crate) use required::{Needs, Presence, rarity};

use std::ops::Range;
use std::sync::Arc;

use engine::Engine;
use once_cell::race::OnceBox;
use regex::bytes::Regex;

/// How a pattern is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// Whether letters match their own case only.
    pub case_sensitive: bool,
}

/// A pattern, parsed and ready to search with. Clones share everything.
#[derive(Clone, Debug)]
pub struct Pattern(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Arc<[u8]>,
    options: Options,
    required: Required,
    engine: OnceBox<Option<Engine>>,
    /// The same with capture groups, for the few who ask for these.
    capturing: OnceBox<Option<Regex>>,
}

impl Pattern {
    /// Reads a pattern.
    pub fn new(source: &[u8], options: Options) -> Result<Self, PatternError> {
        let required = Required::of(&parse::parse(source, !options.case_sensitive)?);
        Ok(Pattern(Arc::new(Inner {
            source: source.into(),
            options,
            required,
            engine: OnceBox::new(),
            capturing: OnceBox::new(),
        })))
    }

    fn fold(&self) -> bool {
        !self.0.options.case_sensitive
    }

    fn engine(&self) -> Option<&Engine> {
        self.0.engine.get_or_init(|| Box::new(Engine::new(self.source(), self.fold()))).as_ref()
    }

    /// The text the pattern was read from.
    pub fn source(&self) -> &[u8] {
        &self.0.source
    }

    /// How it was read.
    pub fn options(&self) -> Options {
        self.0.options
    }

    /// What any match must contain.
    pub fn required(&self) -> &Required {
        &self.0.required
    }

    /// The leftmost match, of those the one its alternatives and repetitions prefer.
    pub fn find(&self, subject: &[u8]) -> Option<Range<usize>> {
        self.engine()?.find(subject, self.source(), self.fold())
    }

    /// Whether there is a match.
    pub fn is_match(&self, subject: &[u8]) -> bool {
        self.0.required.passes_second_look(subject) && self.engine().is_some_and(|engine| engine.is_match(subject))
    }

    /// Whether it was searched for already, so that the next search need not compile it.
    #[inline]
    pub(crate) fn is_compiled(&self) -> bool {
        self.0.engine.get().is_some()
    }

    /// The first match at or after `start`, with its groups. What stands before `start` counts for assertions.
    pub fn groups(&self, subject: &[u8], start: usize) -> Option<Groups> {
        let compile = || Box::new(Groups::compile(self.source(), self.fold()));
        let regex = self.0.capturing.get_or_init(compile).as_ref()?;
        if start > subject.len() { None } else { Groups::find(regex, subject, start) }
    }

    /// The bytes of memory the pattern takes so far, apart from what searches with groups need.
    pub fn memory(&self) -> usize {
        let Inner { source, required, engine, .. } = &*self.0;
        let engine = engine.get().and_then(Option::as_ref);
        size_of::<Inner>() + source.len() + required.memory() + engine.map_or(0, Engine::memory)
    }

    /// Whether another pattern is a clone of this one.
    pub fn is_same(&self, other: &Pattern) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The source as the pattern holds it.
    pub(crate) fn shared_source(&self) -> Arc<[u8]> {
        self.0.source.clone()
    }
}
