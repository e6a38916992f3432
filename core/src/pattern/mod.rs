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
mod groups;
mod parse;
mod required;
mod set;
mod unicode;

pub use cache::PatternCache;
pub use error::PatternError;
pub use groups::Groups;
pub(crate) use required::rarity;
pub use required::{ByteSet, Required};

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input};

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
    source: Box<[u8]>,
    options: Options,
    required: Required,
    engine: OnceLock<Option<Regex>>,
    /// The same with capture groups, for the few who ask for these.
    capturing: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Reads a pattern.
    pub fn new(source: &[u8], options: Options) -> Result<Self, PatternError> {
        let required = Required::of(&parse::parse(source, !options.case_sensitive)?);
        Ok(Pattern(Arc::new(Inner {
            source: source.into(),
            options,
            required,
            engine: OnceLock::new(),
            capturing: OnceLock::new(),
        })))
    }

    fn engine(&self) -> Option<&Regex> {
        let Inner { source, options, engine, .. } = &*self.0;
        engine.get_or_init(|| engine::compile(source, !options.case_sensitive, 0)).as_ref()
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
        self.engine()?.search(&Input::new(subject).anchored(Anchored::No)).map(|found| found.range())
    }

    /// Whether there is a match.
    pub fn is_match(&self, subject: &[u8]) -> bool {
        self.engine().is_some_and(|regex| regex.is_match(subject))
    }

    /// The first match at or after `start`, with its groups. What stands before `start` counts for assertions.
    pub fn groups(&self, subject: &[u8], start: usize) -> Option<Groups> {
        let Inner { source, options, capturing, .. } = &*self.0;
        let compile = || engine::compile(source, !options.case_sensitive, Groups::COUNT as u32);
        let regex = capturing.get_or_init(compile).as_ref()?;
        if start > subject.len() { None } else { Groups::find(regex, subject, start) }
    }

    /// The bytes of memory the pattern takes so far, apart from what its searches keep.
    pub fn memory(&self) -> usize {
        let Inner { source, required, engine, capturing, .. } = &*self.0;
        let compiled = [engine, capturing].into_iter().filter_map(|regex| regex.get()?.as_ref());
        size_of::<Inner>() + source.len() + required.memory() + compiled.map(Regex::memory_usage).sum::<usize>()
    }

    /// Whether another pattern is a clone of this one.
    pub fn is_same(&self, other: &Pattern) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether anyone else holds the pattern.
    fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}
