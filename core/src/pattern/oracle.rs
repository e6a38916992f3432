//! The same pattern for the regex crates, as a reference for tests of the automaton.

use std::ops::Range;

use regex_automata::Input;
use regex_automata::meta::Regex;
use regex_syntax::hir::{self, Capture, Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir};

use super::ast::{Ast, Look, Node, NodeId};
use super::groups::Groups;
use super::set::CodeSet;
use super::unicode;
use super::utf8::{CONTINUATION, LEADS, LOOSE_FROM, SURROGATES};

pub(super) struct Oracle(Regex);

/// A match and its groups.
type Match = (Range<usize>, Vec<Option<Range<usize>>>);

impl Oracle {
    pub(super) fn new(ast: &Ast) -> Self {
        let config = Regex::config().utf8_empty(false).nfa_size_limit(None);
        let regex = Regex::builder().configure(config).build_from_hir(&encode(ast, Groups::COUNT as u32));
        Oracle(regex.expect("an expression"))
    }

    /// The first match that begins at or after `from`, and its groups.
    pub(super) fn find(&self, text: &[u8], from: usize) -> Option<Match> {
        let mut captures = self.0.create_captures();
        self.0.search_captures(&Input::new(text).range(from..), &mut captures);
        let group = |number: usize| captures.get_group(number).map(|found| found.start..found.end);
        Some((group(0)?, (1..=Groups::COUNT).map(group).collect()))
    }
}

/// The pattern as an expression over bytes, with its capture groups up to number `groups`.
fn encode(ast: &Ast, groups: u32) -> Hir {
    let mut built: Vec<Hir> = Vec::with_capacity(ast.nodes.len());
    for node in &ast.nodes {
        // Each node has one parent, so its children can be moved out.
        let mut take = |id: NodeId| std::mem::replace(&mut built[id as usize], Hir::empty());
        let hir = match *node {
            Node::Empty => Hir::empty(),
            Node::Look(look) => Hir::look(encode_look(look)),
            Node::AnyByte => bytes(&[(0x00, 0xFF)]),
            Node::Char(c) => encode_char(c),
            Node::Folded(c) => encode_set(&CodeSet::new(vec![(c, c)]).folded()),
            Node::Set(index) => encode_set(ast.set(index)),
            Node::Repeat { node, min, max, greedy } => {
                Hir::repetition(hir::Repetition { min, max, greedy, sub: Box::new(take(node)) })
            }
            Node::Group { node, index } if index <= groups => {
                Hir::capture(Capture { index, name: None, sub: Box::new(take(node)) })
            }
            Node::Group { node, .. } => take(node),
            Node::Concat(parts) => Hir::concat(ast.parts(parts).iter().map(|&part| take(part)).collect()),
            Node::Alternate(parts) => Hir::alternation(ast.parts(parts).iter().map(|&part| take(part)).collect()),
        };
        built.push(hir);
    }
    built.pop().unwrap_or_else(Hir::empty)
}

fn encode_look(look: Look) -> hir::Look {
    match look {
        Look::TextStart => hir::Look::Start,
        Look::TextEnd => hir::Look::End,
        Look::LineStart => hir::Look::StartLF,
        Look::LineEnd => hir::Look::EndLF,
        Look::WordBoundary => hir::Look::WordAscii,
        Look::NotWordBoundary => hir::Look::WordAsciiNegate,
    }
}

fn encode_char(code_point: u32) -> Hir {
    match char::from_u32(code_point) {
        Some(c) => Hir::literal(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => encode_set(&CodeSet::new(vec![(code_point, code_point)])),
    }
}

fn encode_set(set: &CodeSet) -> Hir {
    let (ascii, others) = set.split_ascii();
    if others.is_empty() {
        return bytes(&ascii);
    }
    if others == [(LOOSE_FROM, unicode::MAX)] {
        let lead = |(lead, continuations)| {
            let mut sequence = vec![bytes(&[lead])];
            sequence.resize(1 + continuations, bytes(&[CONTINUATION]));
            Hir::concat(sequence)
        };
        return Hir::alternation([bytes(&ascii)].into_iter().chain(LEADS.map(lead)).collect());
    }
    let mut scalars = Vec::new();
    let mut alternatives = Vec::new();
    for &(first, last) in set.ranges() {
        let mut push = |first, last| {
            if let (Some(first), Some(last)) = (char::from_u32(first), char::from_u32(last)) {
                scalars.push(ClassUnicodeRange::new(first, last));
            }
        };
        if last < SURROGATES.0 || first > SURROGATES.1 {
            push(first, last);
            continue;
        }
        if first < SURROGATES.0 {
            push(first, SURROGATES.0 - 1);
        }
        if last > SURROGATES.1 {
            push(SURROGATES.1 + 1, last);
        }
        surrogates(first.max(SURROGATES.0), last.min(SURROGATES.1), &mut alternatives);
    }
    if !scalars.is_empty() {
        alternatives.push(Hir::class(Class::Unicode(ClassUnicode::new(scalars))));
    }
    Hir::alternation(alternatives)
}

/// The encodings of a range of surrogates: `ED`, a row, a column; whole rows are merged.
fn surrogates(first: u32, last: u32, alternatives: &mut Vec<Hir>) {
    let row = |code_point: u32| 0xA0 + ((code_point - SURROGATES.0) >> 6) as u8;
    let column = |code_point: u32| 0x80 + (code_point & 0x3F) as u8;
    let mut push = |rows: (u8, u8), columns: (u8, u8)| {
        alternatives.push(Hir::concat(vec![Hir::literal([0xED]), bytes(&[rows]), bytes(&[columns])]));
    };
    let (top, bottom) = (row(first), row(last));
    if top == bottom {
        return push((top, top), (column(first), column(last)));
    }
    push((top, top), (column(first), CONTINUATION.1));
    if bottom - top > 1 {
        push((top + 1, bottom - 1), CONTINUATION);
    }
    push((bottom, bottom), (CONTINUATION.0, column(last)));
}

fn bytes(ranges: &[(u8, u8)]) -> Hir {
    let ranges = ranges.iter().map(|&(first, last)| ClassBytesRange::new(first, last));
    Hir::class(Class::Bytes(ClassBytes::new(ranges)))
}
