//! Compiling the tree to a program, whose forks are in order of preference.
//!
//! This is Thompson's construction. The program knows which of several branches is preferred, which determines the
//! match that is reported; [`follow`](super::follow) uses only which positions can follow each other.
//!
//! Repetitions are expanded copy by copy, and optional copies are nested, so that all exits lead to the same step.

use regex_syntax::utf8::Utf8Sequences;

use super::symbols::{SetId, Sets};
use crate::pattern::ast::{Ast, Look, Node, NodeId};
use crate::pattern::groups::Groups;
use crate::pattern::set::CodeSet;
use crate::pattern::unicode;
use crate::pattern::utf8::{CONTINUATION, LEADS, LOOSE_FROM, SURROGATES};

/// The index of an instruction in its program.
pub(super) type Place = u32;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Reads a symbol of the set of this position.
    Read {
        position: u32,
        next: Place,
    },
    /// Goes on in either of two ways, preferring the first.
    Fork {
        first: Place,
        second: Place,
    },
    /// Goes on if the assertion holds.
    Assert {
        look: Look,
        next: Place,
    },
    /// Notes where a group begins or ends.
    Note {
        slot: u32,
        next: Place,
    },
    Match,
}

/// A pattern as a program.
#[derive(Debug, Default)]
pub(super) struct Program {
    steps: Vec<Packed>,
    pub(super) start: Place,
}

/// A step in two words: a pattern keeps all of its steps, although few are ever walked.
#[derive(Clone, Copy, Debug)]
struct Packed {
    /// The kind of step in the upper bits; below, its position, first branch, assertion or slot.
    kind: u32,
    next: Place,
}

/// The number of bits of [`Packed::kind`] below the kind itself. The parser refuses patterns that would need more.
const KIND: u32 = 29;

impl From<Step> for Packed {
    fn from(step: Step) -> Self {
        let (kind, value, next) = match step {
            Step::Match => (0, 0, 0),
            Step::Read { position, next } => (1, position, next),
            Step::Fork { first, second } => (2, first, second),
            Step::Assert { look, next } => (3, look as u32, next),
            Step::Note { slot, next } => (4, slot, next),
        };
        Packed { kind: kind << KIND | value, next }
    }
}

impl From<Packed> for Step {
    #[inline]
    fn from(Packed { kind, next }: Packed) -> Self {
        let value = kind & ((1 << KIND) - 1);
        match kind >> KIND {
            1 => Step::Read { position: value, next },
            2 => Step::Fork { first: value, second: next },
            3 => Step::Assert { look: Look::ALL[value as usize % Look::ALL.len()], next },
            4 => Step::Note { slot: value, next },
            _ => Step::Match,
        }
    }
}

impl Program {
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    #[inline]
    pub(super) fn step(&self, place: Place) -> Step {
        self.steps[place as usize].into()
    }

    /// All steps; most successors precede their step.
    pub(super) fn steps(&self) -> impl Iterator<Item = Step> {
        self.steps.iter().map(|&step| step.into())
    }

    pub(super) fn memory(&self) -> usize {
        self.steps.capacity() * size_of::<Packed>()
    }
}

/// The sets that a program reads.
#[derive(Debug, Default)]
pub(super) struct Reads {
    pub(super) sets: Sets,
    /// The set of each position.
    pub(super) set_of: Vec<SetId>,
    pub(super) has_assertions: bool,
}

/// Compiles a tree, to bytes instead of code points if `by_bytes`.
pub(super) fn compile(ast: &Ast, by_bytes: bool) -> (Program, Reads) {
    let nullable = nullable(ast);
    let mut compiler = Compiler { ast, by_bytes, nullable, program: Program::default(), reads: Reads::default() };
    let end = compiler.push(Step::Match);
    compiler.program.start = compiler.node(ast.root(), end);
    compiler.program.steps.shrink_to_fit();
    (compiler.program, compiler.reads)
}

/// Which nodes can match the empty string, ignoring assertions.
pub(super) fn nullable(ast: &Ast) -> Vec<bool> {
    let mut known: Vec<bool> = Vec::with_capacity(ast.nodes.len());
    for node in &ast.nodes {
        let is = |id: &NodeId| known[*id as usize];
        known.push(match *node {
            Node::Empty | Node::Look(_) => true,
            Node::AnyByte | Node::Char(_) | Node::Folded(_) | Node::Set(_) => false,
            Node::Repeat { node, min, .. } => min == 0 || is(&node),
            Node::Group { node, .. } => is(&node),
            Node::Concat(parts) => ast.parts(parts).iter().all(is),
            Node::Alternate(parts) => ast.parts(parts).iter().any(is),
        });
    }
    known
}

struct Compiler<'a> {
    ast: &'a Ast,
    by_bytes: bool,
    nullable: Vec<bool>,
    program: Program,
    reads: Reads,
}

/// Works from the end of the pattern to its beginning, so that successors exist already. Recurses as deep as the parser
/// lets patterns nest.
impl Compiler<'_> {
    fn push(&mut self, step: Step) -> Place {
        self.program.steps.push(step.into());
        self.program.steps.len() as Place - 1
    }

    fn node(&mut self, id: NodeId, next: Place) -> Place {
        let ast = self.ast;
        match ast.nodes[id as usize] {
            Node::Empty => next,
            Node::Look(look) => {
                self.reads.has_assertions = true;
                self.push(Step::Assert { look, next })
            }
            Node::AnyByte => self.read(CodeSet::new(vec![(0x00, 0xFF)]), next),
            Node::Char(_) | Node::Folded(_) | Node::Set(_) => {
                let set = ast.as_set(id).unwrap_or_default();
                if self.by_bytes { self.encoded(&set, next) } else { self.read(set, next) }
            }
            Node::Repeat { node, min, max, greedy } => self.repeat(node, min, max, greedy, next),
            Node::Group { node, index } if index as usize <= Groups::COUNT => {
                let end = self.push(Step::Note { slot: 2 * index + 1, next });
                let body = self.node(node, end);
                self.push(Step::Note { slot: 2 * index, next: body })
            }
            Node::Group { node, .. } => self.node(node, next),
            Node::Concat(parts) => ast.parts(parts).iter().rev().fold(next, |next, &part| self.node(part, next)),
            Node::Alternate(parts) => {
                let ways: Vec<Place> = ast.parts(parts).iter().rev().map(|&part| self.node(part, next)).collect();
                ways.into_iter().reduce(|second, first| self.push(Step::Fork { first, second })).unwrap_or(next)
            }
        }
    }

    fn read(&mut self, set: CodeSet, next: Place) -> Place {
        let set = self.reads.sets.add(set);
        self.reads.set_of.push(set);
        self.push(Step::Read { position: self.reads.set_of.len() as u32 - 1, next })
    }

    fn fork(&mut self, body: Place, next: Place, greedy: bool) -> Place {
        self.push(fork(body, next, greedy))
    }

    fn repeat(&mut self, node: NodeId, min: u32, max: Option<u32>, greedy: bool, next: Place) -> Place {
        let (copies, mut next) = match max {
            Some(max) => {
                let mut tail = next;
                for _ in min..max {
                    let body = self.node(node, tail);
                    tail = self.fork(body, next, greedy);
                }
                (min, tail)
            }
            None => {
                let again = self.push(Step::Match);
                let body = self.node(node, again);
                self.program.steps[again as usize] = fork(body, next, greedy).into();
                match min {
                    // The body is tried once before it is skipped, even if it can match the empty string.
                    0 if self.nullable[node as usize] => (0, self.fork(body, next, greedy)),
                    0 => (0, again),
                    _ => (min - 1, body),
                }
            }
        };
        for _ in 0..copies {
            next = self.node(node, next);
        }
        next
    }

    /// Reads the encodings of a set of code points, byte by byte.
    fn encoded(&mut self, set: &CodeSet, next: Place) -> Place {
        let (ascii, others) = set.split_ascii();
        let mut ways = vec![];
        if !ascii.is_empty() {
            let ascii = ascii.iter().map(|&(first, last)| (u32::from(first), u32::from(last)));
            ways.push(self.read(CodeSet::new(ascii.collect()), next));
        }
        if others == [(LOOSE_FROM, unicode::MAX)] {
            for (lead, continuations) in LEADS {
                let mut sequence = vec![lead];
                sequence.resize(1 + continuations, CONTINUATION);
                ways.push(self.bytes(&sequence, next));
            }
        } else {
            for &(first, last) in &others {
                for (first, last) in without_surrogates(first, last) {
                    for sequence in Utf8Sequences::new(first, last) {
                        let ranges: Vec<(u8, u8)> =
                            sequence.as_slice().iter().map(|range| (range.start, range.end)).collect();
                        ways.push(self.bytes(&ranges, next));
                    }
                }
                for code_point in first.max(SURROGATES.0)..=last.min(SURROGATES.1) {
                    let row = 0xA0 + ((code_point - SURROGATES.0) >> 6) as u8;
                    let column = 0x80 + (code_point & 0x3F) as u8;
                    ways.push(self.bytes(&[(0xED, 0xED), (row, row), (column, column)], next));
                }
            }
        }
        let nothing = CodeSet::default();
        ways.into_iter()
            .reduce(|first, second| self.push(Step::Fork { first, second }))
            .unwrap_or_else(|| self.read(nothing, next))
    }

    fn bytes(&mut self, sequence: &[(u8, u8)], next: Place) -> Place {
        sequence
            .iter()
            .rev()
            .fold(next, |next, &(first, last)| self.read(CodeSet::new(vec![(u32::from(first), u32::from(last))]), next))
    }
}

fn fork(body: Place, next: Place, greedy: bool) -> Step {
    if greedy { Step::Fork { first: body, second: next } } else { Step::Fork { first: next, second: body } }
}

/// The code points of a range, as characters, without surrogates.
fn without_surrogates(first: u32, last: u32) -> impl Iterator<Item = (char, char)> {
    let parts = [(first, last.min(SURROGATES.0 - 1)), (first.max(SURROGATES.1 + 1), last)];
    parts
        .into_iter()
        .filter(|(first, last)| first <= last)
        .filter_map(|(first, last)| Some((char::from_u32(first)?, char::from_u32(last)?)))
}
