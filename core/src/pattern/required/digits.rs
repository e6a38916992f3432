//! The least number of digits in a match.
//!
//! Patterns of card, account and telephone numbers have no literal to search for, but ten digits in a string are rare
//! enough, and quickly counted.

use crate::pattern::ast::{Ast, Node};
use crate::pattern::set::CodeSet;

/// The least number of ASCII digits in a match of a pattern.
pub(super) fn least(ast: &Ast) -> usize {
    let mut known: Vec<usize> = Vec::with_capacity(ast.nodes.len());
    for node in &ast.nodes {
        let of = |part: u32| known.get(part as usize).copied().unwrap_or(0);
        let digits = match *node {
            // Digits have no case variants.
            Node::Char(c) | Node::Folded(c) => usize::from(is_digit(c)),
            Node::Set(index) => usize::from(are_digits(ast.set(index))),
            Node::Empty | Node::Look(_) | Node::AnyByte => 0,
            Node::Group { node, .. } => of(node),
            Node::Repeat { node, min, .. } => of(node).saturating_mul(min as usize),
            Node::Concat(parts) => ast.parts(parts).iter().fold(0usize, |sum, &part| sum.saturating_add(of(part))),
            Node::Alternate(parts) => ast.parts(parts).iter().map(|&part| of(part)).min().unwrap_or(0),
        };
        known.push(digits);
    }
    known.last().copied().unwrap_or(0)
}

fn is_digit(c: u32) -> bool {
    (0x30..=0x39).contains(&c)
}

fn are_digits(set: &CodeSet) -> bool {
    set.ranges().iter().all(|&(first, last)| is_digit(first) && is_digit(last))
}

#[cfg(test)]
mod tests {
    use crate::pattern::{Options, Pattern};

    #[test]
    fn digits_are_counted_where_every_match_has_them() {
        for (pattern, digits) in [
            ("", 0),
            ("abc", 0),
            (r"\d", 1),
            (r"[0-9]{3}-?[0-46-9]{2,}", 5),
            (r"(?:1a|22|(?i:333))x?4?5+", 2),
            (r"\b4\d{3}(?:,\d{4}){3}\b", 16),
            (r"[\d-]{9}|12", 0),
            (r"\d{2}(?:\d{10}|.{99})", 2),
            (r"(?:\d{3}|)", 0),
            (r"\pN\D", 0),
            (r"(?:(?:\d{1000}){1}){1}", 1000),
        ] {
            let pattern = Pattern::new(pattern.as_bytes(), Options { case_sensitive: false }).expect(pattern);
            assert_eq!(pattern.required().min_digits(), digits, "{}", pattern.source().escape_ascii());
        }
    }
}
