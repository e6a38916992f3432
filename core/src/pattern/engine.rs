//! The compiled matcher behind a pattern.
//!
//! Compiling waits for the first search: most patterns of a ruleset never become candidates on ordinary traffic. The pattern is
//! parsed again then, which is cheap beside keeping its tree.
//!
//! A search is a lazily determinised automaton run forwards, which says whether and where the leftmost match ends. Only
//! patterns that have matched before also get the automaton that runs backwards from there to its beginning. This is a
//! part of what the regex crates' meta engine does. It leaves out what pays for a few long searches and not for many short ones
//! by hundreds of patterns (full automata, literal searchers, backtracking), as the scan has done that work for all
//! patterns at once: a pattern takes a third of the memory, and compiles several times faster. A search never backtracks and
//! never gives up; where the states outgrow their room they are made anew.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, TryLockError};

use once_cell::race::OnceBox;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::{Anchored, HalfMatch, Input, MatchError, MatchKind};
use regex_syntax::hir::{Hir, Look};

use super::{encode, parse};

/// Bytes a compiled program may take: more than any pattern the parser lets through.
const PROGRAM_LIMIT: usize = 10 << 20;

/// Bytes the states of one automaton may take during a search. Where a long text needs more states than fit, they are made
/// over and over, at about a microsecond a byte for the largest patterns.
const STATES_LIMIT: usize = 512 << 10;

/// Bytes of states that are kept from search to search; more are given back.
const KEPT_STATES: usize = 128 << 10;

/// Sets of states an automaton keeps between searches; as many threads can search with states made before.
const KEPT_CACHES: usize = 4;

#[derive(Debug)]
pub(super) struct Engine {
    forward: Automaton,
    /// Every match begins where the subject does: a search may stop where it is clear that none will, and what was found needs
    /// no search backwards.
    from_start: bool,
    backward: OnceBox<Option<Automaton>>,
}

impl Engine {
    /// Compiles a pattern. The parser has seen to it that it is not too large.
    pub(super) fn new(source: &[u8], fold: bool) -> Option<Engine> {
        let expression = expression(source, fold)?;
        let from_start = expression.properties().look_set_prefix().contains(Look::Start);
        let forward = Automaton::forward(&expression)?;
        Some(Engine { forward, from_start, backward: OnceBox::new() })
    }

    /// Where the leftmost match ends, or any match, if that is enough.
    fn end(&self, subject: &[u8], any: bool) -> Option<HalfMatch> {
        let anchored = if self.from_start { Anchored::Yes } else { Anchored::No };
        let input = Input::new(subject).earliest(any).anchored(anchored);
        self.forward.search(|automaton, cache| automaton.try_search_fwd(cache, &input))
    }

    pub(super) fn is_match(&self, subject: &[u8]) -> bool {
        self.end(subject, true).is_some()
    }

    /// The leftmost match; `source` and `fold` as the engine was made from.
    pub(super) fn find(&self, subject: &[u8], source: &[u8], fold: bool) -> Option<Range<usize>> {
        let end = self.end(subject, false)?.offset();
        if self.from_start {
            return Some(0..end);
        }
        let compile = || Box::new(expression(source, fold).and_then(|expression| Automaton::backward(&expression)));
        let backward = self.backward.get_or_init(compile).as_ref()?;
        let input = Input::new(subject).range(..end).anchored(Anchored::Yes);
        let start = backward.search(|automaton, cache| automaton.try_search_rev(cache, &input))?.offset();
        Some(start..end)
    }

    pub(super) fn memory(&self) -> usize {
        let backward = self.backward.get().and_then(Option::as_ref);
        self.forward.memory() + backward.map_or(0, Automaton::memory)
    }
}

/// The pattern as an expression over bytes, without its groups.
fn expression(source: &[u8], fold: bool) -> Option<Hir> {
    Some(encode::encode(&parse::parse(source, fold).ok()?, 0))
}

/// One automaton, and the states made for it so far.
#[derive(Debug)]
struct Automaton {
    automaton: DFA,
    /// Each is held by the thread that searches with it. A thread that finds all of them held makes its own states.
    caches: [Mutex<Option<Box<Cache>>>; KEPT_CACHES],
}

impl Automaton {
    /// Runs forwards to the end of the leftmost match, wherever it begins.
    fn forward(expression: &Hir) -> Option<Self> {
        Automaton::new(expression, thompson::Config::new(), DFA::config())
    }

    /// Runs backwards from the end of a match to its earliest beginning.
    fn backward(expression: &Hir) -> Option<Self> {
        let config = DFA::config().match_kind(MatchKind::All);
        Automaton::new(expression, thompson::Config::new().reverse(true), config)
    }

    fn new(expression: &Hir, program: thompson::Config, config: Config) -> Option<Self> {
        let program = program.utf8(false).which_captures(WhichCaptures::None).nfa_size_limit(Some(PROGRAM_LIMIT));
        let program = thompson::Compiler::new().configure(program).build_from_hir(expression).ok()?;
        let config = config.cache_capacity(STATES_LIMIT).skip_cache_capacity_check(true);
        let automaton = DFA::builder().configure(config).build_from_nfa(program).ok()?;
        Some(Automaton { automaton, caches: Default::default() })
    }

    fn search(
        &self,
        search: impl FnOnce(&DFA, &mut Cache) -> Result<Option<HalfMatch>, MatchError>,
    ) -> Option<HalfMatch> {
        let first = thread_number();
        for nth in 0..KEPT_CACHES {
            let mut held = match self.caches[(first + nth) % KEPT_CACHES].try_lock() {
                Ok(held) => held,
                Err(TryLockError::Poisoned(held)) => held.into_inner(),
                Err(TryLockError::WouldBlock) => continue,
            };
            let cache = held.get_or_insert_with(|| Box::new(self.automaton.create_cache()));
            // A search fails only by limits and bytes to give up at, of which none is set.
            let found = search(&self.automaton, cache).ok().flatten();
            if cache.memory_usage() > KEPT_STATES {
                *held = None;
            }
            return found;
        }
        search(&self.automaton, &mut self.automaton.create_cache()).ok().flatten()
    }

    fn memory(&self) -> usize {
        let caches = self.caches.iter().filter_map(|cache| cache.try_lock().ok());
        let states: usize = caches.filter_map(|cache| cache.as_ref().map(|cache| cache.memory_usage())).sum();
        self.automaton.memory_usage() + self.automaton.get_nfa().memory_usage() + states
    }
}

/// Small numbers that differ between threads, so that each begins with a cache of its own.
fn thread_number() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed));
    NUMBER.try_with(|number| *number).unwrap_or(0)
}
