//! `phrase_match`: which of many phrases a text contains.
//!
//! This is the Aho-Corasick automaton without its output links, as in the reference: a phrase that ends within a longer
//! candidate is found only if that candidate fails right there. So `bc` is not found in `abc` if `abcd` is a phrase, too,
//! and a plain search for any of the phrases would give another result.
//!
//! The trie is in breadth-first order, in which the children of a node are adjacent and those of the root are the nodes
//! 1, 2, ...; a child is found by its label among its siblings. For most of a text the automaton stays at the root: there,
//! a position is skipped after a look at its first byte and one bit for its first two. Following a failure link loses
//! depth that was gained byte by byte, so a search is linear in the text, whatever the phrases.

use super::operator::{Highlight, Operator, ScalarMatcher};
use crate::fields::read;
use crate::fields::{Fields, Refusal};
use crate::pattern::{ByteSet, PatternCache, Required};
use crate::support::{Deadline, Expired, Stride};
use memchr::memchr;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;

/// The operator's name.
pub const NAME: &str = "phrase_match";

/// Reads the operator's parameters.
pub fn read(parameters: &Fields<'_>, _patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    let list = parameters.required("list", read::array)?;
    let options = parameters.optional("options", read::map)?.unwrap_or(Fields::EMPTY);
    let whole_words = options.optional("enforce_word_boundary", read::boolean)?.unwrap_or(false);
    let not_a_phrase = || Refusal::error("phrase_match list item not a string or empty");
    let phrases: Vec<&[u8]> = list
        .iter()
        .map(|item| item.as_bytes().filter(|phrase| !phrase.is_empty()).ok_or_else(not_a_phrase))
        .collect::<Result<_, _>>()?;
    let required = Required::from_literals(1, phrases.iter().copied());
    let matcher = PhraseMatcher::new(&phrases, whole_words).map_err(|error| Refusal::error(error.to_string()))?;
    Ok(ScalarMatcher::fixed(PhraseMatch { matcher, required }))
}

/// The operator with its parameters.
struct PhraseMatch {
    matcher: PhraseMatcher,
    /// What every match contains.
    required: Required,
}

impl Operator for PhraseMatch {
    fn name(&self) -> &'static str {
        NAME
    }

    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        Ok(self.matcher.find(text, deadline).map(|phrase| Highlight::Text(phrase.to_vec())))
    }

    fn required(&self) -> Option<&Required> {
        Some(&self.required)
    }
}

/// A list of phrases, compiled.
#[derive(Debug)]
pub struct PhraseMatcher {
    nodes: Box<[Node]>,
    /// The byte on the edge to each node from its parent.
    labels: Box<[u8]>,
    /// The child of the root for the first byte of a text, or the root itself.
    starts: Box<[u16; 256]>,
    /// For each child of the root, minus 1, the second bytes with which it is worth entering.
    seconds: Box<[ByteSet]>,
    whole_words: bool,
}

/// Why a list is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhraseError {
    /// An empty phrase.
    Empty,
    /// More than [`MAX_PHRASES`] phrases.
    TooMany,
}

/// The cost of reading a kilobyte, in units of [`Deadline::spend`].
const UNITS: u32 = 64;

/// The most phrases of a list.
pub const MAX_PHRASES: usize = 65_534;

impl PhraseMatcher {
    /// Compiles `phrases`. With `whole_words`, the longest phrase found must be between word boundaries.
    pub fn new<P: AsRef<[u8]>>(phrases: &[P], whole_words: bool) -> Result<Self, PhraseError> {
        if phrases.len() > MAX_PHRASES {
            return Err(PhraseError::TooMany);
        }
        let mut phrases: Vec<&[u8]> = phrases.iter().map(AsRef::as_ref).collect();
        phrases.sort_unstable();
        phrases.dedup();
        if phrases.first().is_some_and(|phrase| phrase.is_empty()) {
            return Err(PhraseError::Empty);
        }
        let (mut nodes, labels) = build_trie(&phrases)?;
        link_failures(&mut nodes, &labels);
        let (starts, seconds) = root_tables(&nodes, &labels);
        Ok(Self { nodes: nodes.into(), labels: labels.into(), starts, seconds, whole_words })
    }

    /// The phrase to highlight in `text`: the first one found, or with `whole_words` the longest.
    ///
    /// The result does not matter once the deadline is over.
    pub fn find<'t>(&self, text: &'t [u8], deadline: &mut Deadline) -> Option<&'t [u8]> {
        let mut stride = Stride::new(deadline, UNITS);
        let mut longest = 0..0;
        let mut state = ROOT;
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            if stride.is_over(at) {
                return None;
            }
            if state == ROOT {
                at += self.pass_over(&text[at..], at, &mut stride);
                let Some(&byte) = text.get(at) else { break };
                state = u32::from(self.starts[usize::from(byte)]);
                at += 1;
            } else if let Some(child) = child(&self.nodes, &self.labels, state, byte) {
                state = child;
                at += 1;
            } else {
                state = self.nodes[state as usize].failure;
            }
            let length = self.nodes[state as usize].phrase_length as usize;
            if length > longest.len() {
                longest = at - length..at;
                if !self.whole_words {
                    break;
                }
            }
        }
        let bounded = !self.whole_words || (is_boundary(text, longest.start) && is_boundary(text, longest.end));
        (!longest.is_empty() && bounded).then(|| &text[longest])
    }

    /// The number of bytes at the start of `text` that cannot begin a phrase; `before` bytes precede it. Entering a
    /// child of the root there would lead straight back.
    fn pass_over(&self, text: &[u8], before: usize, stride: &mut Stride<'_>) -> usize {
        let may_begin = |(first, second): (&u8, &u8)| match self.starts[usize::from(*first)] {
            0 => false,
            start => self.seconds[usize::from(start) - 1].contains(*second),
        };
        // The last byte has no successor, but may be a phrase by itself.
        let (_, seconds) = text.split_first().unwrap_or((&0, &[]));
        let mut pairs = text.iter().zip(seconds).enumerate();
        pairs.position(|(at, pair)| may_begin(pair) || stride.is_over(before + at)).unwrap_or(seconds.len())
    }
}

impl fmt::Display for PhraseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "phrase_match list item not a string or empty",
            Self::TooMany => "failed to instantiate ac handler",
        })
    }
}

impl Error for PhraseError {}

/// A prefix of some phrase.
#[derive(Debug, Clone, Copy, Default)]
struct Node {
    first_child: u32,
    children: u32,
    /// The longest proper suffix of this prefix that is also a prefix.
    failure: u32,
    /// If the prefix is a phrase, its length; otherwise 0.
    phrase_length: u32,
}

const ROOT: u32 = 0;

/// Builds the nodes, without their failure links, and their labels from sorted, distinct phrases.
fn build_trie(phrases: &[&[u8]]) -> Result<(Vec<Node>, Vec<u8>), PhraseError> {
    let mut nodes = vec![Node::default()];
    let mut labels = vec![0];
    // For each node, the phrases that begin with its prefix, and its length.
    let mut pending = VecDeque::from([(phrases, 0)]);
    let mut current = 0;
    while let Some((mut sharing, depth)) = pending.pop_front() {
        if let Some((phrase, longer)) = sharing.split_first()
            && phrase.len() == depth
        {
            // The root is the empty prefix; no phrase is empty.
            nodes[current].phrase_length = u32::try_from(depth).map_err(|_| PhraseError::TooMany)?;
            sharing = longer;
        }
        nodes[current].first_child = u32::try_from(nodes.len()).map_err(|_| PhraseError::TooMany)?;
        for group in sharing.chunk_by(|one, other| one[depth] == other[depth]) {
            nodes[current].children += 1;
            nodes.push(Node::default());
            labels.push(group[0][depth]);
            pending.push_back((group, depth + 1));
        }
        current += 1;
    }
    Ok((nodes, labels))
}

/// Sets the failure links; in breadth-first order, the links that one depends on are set already.
fn link_failures(nodes: &mut [Node], labels: &[u8]) {
    for parent in 0..nodes.len() {
        let Node { first_child, children, failure: parent_failure, .. } = nodes[parent];
        if parent == ROOT as usize {
            continue;
        }
        for node in first_child..first_child + children {
            let label = labels[node as usize];
            let mut suffix = parent_failure;
            nodes[node as usize].failure = loop {
                match child(nodes, labels, suffix, label) {
                    Some(longer) => break longer,
                    None if suffix == ROOT => break ROOT,
                    None => suffix = nodes[suffix as usize].failure,
                }
            };
        }
    }
}

#[inline]
fn child(nodes: &[Node], labels: &[u8], node: u32, label: u8) -> Option<u32> {
    let Node { first_child, children, .. } = nodes[node as usize];
    let (first, count) = (first_child as usize, children as usize);
    match labels[first..first + count] {
        [] => None,
        [only] => (only == label).then_some(first_child),
        ref several => Some(first_child + memchr(label, several)? as u32),
    }
}

/// The tables behind [`PhraseMatcher::pass_over`].
fn root_tables(nodes: &[Node], labels: &[u8]) -> (Box<[u16; 256]>, Box<[ByteSet]>) {
    let mut starts = Box::new([0; 256]);
    let mut seconds = Vec::new();
    for (start, index) in (1..=nodes[ROOT as usize].children as usize).zip(1_u16..) {
        let Node { first_child, children, phrase_length, .. } = nodes[start];
        starts[usize::from(labels[start])] = index;
        let (first, count) = (first_child as usize, children as usize);
        seconds.push(if phrase_length > 0 {
            ByteSet::ALL
        } else {
            labels[first..first + count].iter().copied().collect()
        });
    }
    (starts, seconds.into())
}

/// Whether there is a word boundary at `position`: either end of the text, or next to a byte that is not an ASCII
/// letter, digit or underscore.
fn is_boundary(text: &[u8], position: usize) -> bool {
    let divides = |index: Option<usize>| {
        index.and_then(|index| text.get(index)).is_none_or(|&byte| !byte.is_ascii_alphanumeric() && byte != b'_')
    };
    divides(position.checked_sub(1)) || divides(Some(position))
}

#[cfg(test)]
mod tests;
