//! The compiled matcher behind a pattern.
//!
//! Compiling waits for the first search: most patterns of a ruleset never become candidates on ordinary traffic, and a
//! compiled one takes tens of kilobytes where its source takes a few hundred bytes. The pattern is parsed again then, which
//! is cheap beside compiling and saves keeping the tree. A search never backtracks; the limits below bound the memory of each
//! pattern, and the parser's limit on a pattern's size bounds the time to compile it.

use regex_automata::meta::Regex;

use super::{encode, parse};

/// Bytes a compiled program may take: more than any pattern the parser lets through.
const PROGRAM_LIMIT: usize = 10 << 20;

/// Bytes the lazily determinised states of one pattern may take, for each thread that searches with it at once.
const STATES_LIMIT: usize = 256 << 10;

pub(super) fn compile(source: &[u8], fold: bool, groups: u32) -> Option<Regex> {
    let ast = parse::parse(source, fold).ok()?;
    let config =
        Regex::config().utf8_empty(false).nfa_size_limit(Some(PROGRAM_LIMIT)).hybrid_cache_capacity(STATES_LIMIT);
    Regex::builder().configure(config).build_from_hir(&encode::encode(&ast, groups)).ok()
}
