//! From the parsed pattern to the regex crates' intermediate form, over bytes.
//!
//! A one-character construct accepts, by its set of code points:
//!
//! - its ASCII members as single bytes;
//! - if it holds everything above ASCII, the *loose* forms: any lead byte with as many continuation bytes as it announces,
//!   overlong forms, surrogates and values too large included, but no lone byte;
//! - otherwise the exact encodings of its other members, surrogates included.
//!
//! So no Unicode mode of the regex crates fits, and every class is spelled out.

use regex_syntax::hir::{self, Capture, Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir};

use super::ast::{Ast, Look, Node, NodeId};
use super::set::CodeSet;
use super::unicode;

/// The first code point above ASCII.
pub(super) const LOOSE_FROM: u32 = 0x80;

/// The bytes that continue a sequence.
pub(super) const CONTINUATION: (u8, u8) = (0x80, 0xBF);
const SURROGATES: (u32, u32) = (0xD800, 0xDFFF);

/// The pattern as an expression over bytes, with its capture groups up to number `groups`.
pub(super) fn encode(ast: &Ast, groups: u32) -> Hir {
    let mut built: Vec<Hir> = Vec::with_capacity(ast.nodes.len());
    for node in &ast.nodes {
        // Each node has one parent, so the parts can be moved out.
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
        let lead = |first, last, continuations: usize| {
            let mut sequence = vec![bytes(&[(first, last)])];
            sequence.resize(1 + continuations, bytes(&[CONTINUATION]));
            Hir::concat(sequence)
        };
        return Hir::alternation(vec![bytes(&ascii), lead(0xC2, 0xDF, 1), lead(0xE0, 0xEF, 2), lead(0xF0, 0xF4, 3)]);
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

/// The encodings of a range of surrogates: `ED`, a row, a column; whole rows together.
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
