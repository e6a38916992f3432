//! The bytes that every match of a pattern contains, wherever they are.
//!
//! However `m\\W*o\\W*z` is spaced out, a match contains its three letters. A pattern with alternatives needs all bytes
//! of one of a few sets; comparing these with the bytes of a subject takes one operation each.

use super::byte_set::ByteSet;
use crate::pattern::ast::{Ast, Node, NodeId};
use crate::pattern::set::CodeSet;

/// The most alternatives kept.
const MAX_ALTERNATIVES: usize = 8;
/// Larger classes are not enumerated.
const MAX_MEMBERS: usize = 4;

/// A set of ASCII bytes, in which the two cases of a letter are one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Presence(u128);

/// The bytes a match needs: all of one of these sets. Without a set, nothing is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needs(Box<[Presence]>);

impl Needs {
    pub(super) fn of_pattern(ast: &Ast) -> Self {
        Needs::new(alternatives(ast))
    }

    /// The needs of a match of any of several phrases, without letters and digits, which most texts contain all of.
    pub(super) fn of_phrases<'a>(phrases: impl Iterator<Item = &'a [u8]>) -> Self {
        let alphanumeric = Presence::of(b"abcdefghijklmnopqrstuvwxyz0123456789");
        Needs::new(reduced(phrases.map(|phrase| Presence(Presence::of(phrase).0 & !alphanumeric.0)).collect()))
    }

    fn new(all: Vec<Presence>) -> Self {
        if all.contains(&Presence::default()) { Needs::default() } else { Needs(all.into()) }
    }

    /// The needs of a match of any of several patterns.
    pub(crate) fn of_any<'a>(patterns: impl Iterator<Item = &'a Needs>) -> Self {
        let sets = patterns.map(|needs| if needs.is_empty() { &[Presence(0)] } else { &*needs.0 });
        Needs::new(reduced(sets.flatten().copied().collect()))
    }

    /// Whether nothing is known to be needed.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a subject with these bytes may match; there must be needs.
    #[inline]
    pub(crate) fn met_by(&self, present: Presence) -> bool {
        self.0.iter().any(|needed| needed.is_within(present))
    }

    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.0)
    }
}

impl Presence {
    /// The bytes of a text.
    pub(crate) fn of(text: &[u8]) -> Self {
        let (mut low, mut high) = (0, 0);
        for &byte in text {
            let [in_low, in_high] = BITS[usize::from(byte)];
            low |= in_low;
            high |= in_high;
        }
        Presence(u128::from(high) << 64 | u128::from(low))
    }

    /// The members of either set.
    #[inline]
    pub(crate) fn or(self, other: Presence) -> Self {
        Presence(self.0 | other.0)
    }

    #[inline]
    fn is_within(self, present: Presence) -> bool {
        self.0 & !present.0 == 0
    }
}

/// The bit of each byte, in two words.
static BITS: [[u64; 2]; 256] = {
    let mut bits = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 128 {
        let folded = (byte as u8).to_ascii_lowercase();
        bits[byte][(folded / 64) as usize] = 1 << (folded % 64);
        byte += 1;
    }
    bits
};

/// The alternatives of a node; one set is by far the most frequent case.
enum Known {
    One(Presence),
    Any(Vec<Presence>),
}

impl Known {
    fn nothing() -> Self {
        Known::One(Presence::default())
    }

    fn into_vec(self) -> Vec<Presence> {
        match self {
            Known::One(set) => vec![set],
            Known::Any(sets) => sets,
        }
    }
}

/// Computes the alternatives of a pattern bottom-up. If they become too many, their intersection replaces them.
fn alternatives(ast: &Ast) -> Vec<Presence> {
    let mut known: Vec<Known> = Vec::with_capacity(ast.nodes.len());
    for node in &ast.nodes {
        let needed = match *node {
            Node::Char(c @ 0..=0x7F) => Known::One(Presence::of(&[c as u8])),
            // Letters with look-alikes beyond ASCII are not needed as such.
            Node::Folded(c @ 0..=0x7F) if !matches!((c as u8).to_ascii_lowercase(), b's' | b'k') => {
                Known::One(Presence::of(&[c as u8]))
            }
            Node::Set(index) => of_set(ast.set(index)),
            Node::Char(_) | Node::Folded(_) | Node::Empty | Node::Look(_) | Node::AnyByte => Known::nothing(),
            Node::Repeat { min: 0, .. } => Known::nothing(),
            Node::Group { node, .. } | Node::Repeat { node, .. } => take(&mut known, node),
            Node::Concat(parts) => {
                let parts = ast.parts(parts).iter();
                parts.fold(Known::nothing(), |before, &part| joined(before, take(&mut known, part)))
            }
            Node::Alternate(parts) => {
                let branches = ast.parts(parts).iter().flat_map(|&part| take(&mut known, part).into_vec());
                Known::Any(reduced(branches.collect()))
            }
        };
        known.push(needed);
    }
    known.pop().map(Known::into_vec).unwrap_or_default()
}

/// Moves the alternatives of a child out, as each has one parent.
fn take(known: &mut [Known], node: NodeId) -> Known {
    std::mem::replace(&mut known[node as usize], Known::nothing())
}

fn of_set(set: &CodeSet) -> Known {
    let (ascii, others) = set.split_ascii();
    let members = ByteSet::from_ranges(&ascii);
    if !others.is_empty() || members.len() > MAX_MEMBERS {
        return Known::nothing();
    }
    Known::Any(reduced(members.iter().map(|byte| Presence::of(&[byte])).collect()))
}

/// The alternatives of a concatenation.
fn joined(before: Known, after: Known) -> Known {
    if let (Known::One(before), Known::One(after)) = (&before, &after) {
        return Known::One(before.or(*after));
    }
    let (before, after) = (before.into_vec(), after.into_vec());
    let (before, after) = match before.len() * after.len() {
        0..=MAX_ALTERNATIVES => (before, after),
        _ if before.len() < after.len() => (before, vec![common(&after)]),
        _ => (vec![common(&before)], after),
    };
    Known::Any(reduced(before.iter().flat_map(|a| after.iter().map(|b| a.or(*b))).collect()))
}

/// Removes alternatives that include another one.
fn reduced(mut all: Vec<Presence>) -> Vec<Presence> {
    if all.contains(&Presence::default()) {
        return vec![Presence::default()];
    }
    all.sort_unstable_by_key(|set| (set.0.count_ones(), set.0));
    let mut kept: Vec<Presence> = Vec::with_capacity(MAX_ALTERNATIVES);
    for set in &all {
        if kept.iter().any(|smaller| smaller.is_within(*set)) {
            continue;
        }
        if kept.len() == MAX_ALTERNATIVES {
            return vec![common(&all)];
        }
        kept.push(*set);
    }
    kept
}

/// The intersection of all alternatives.
fn common(all: &[Presence]) -> Presence {
    all.iter().copied().reduce(|a, b| Presence(a.0 & b.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::parse;

    #[test]
    fn what_patterns_need() {
        // A pattern, a text with all it needs, and one without.
        let cases = [
            (r"@\W*i\W*m", "m.i.@", "@ I"),
            (r"(?:a-|b=)c", "c-A", "c="),
            (r"[<>]x+", "xx>", "xx"),
            (r"\(\s*\)\s+\{", "{)(", "() x"),
        ];
        for (pattern, with, without) in cases {
            let needs = Needs::of_pattern(&parse::parse(pattern.as_bytes(), true).expect(pattern));
            assert!(needs.met_by(Presence::of(with.as_bytes())), "{pattern}");
            assert!(!needs.met_by(Presence::of(without.as_bytes())), "{pattern}");
        }
        for pattern in ["(?:ab)?", "a|b*", r"\w+", "(?i)sk", "é"] {
            assert!(Needs::of_pattern(&parse::parse(pattern.as_bytes(), true).expect(pattern)).is_empty(), "{pattern}");
        }
    }

    #[test]
    fn alternatives_stay_few() {
        let pattern = (b'a'..=b'z').map(|letter| format!("{}=", char::from(letter))).collect::<Vec<_>>().join("|");
        let needs = Needs::of_pattern(&parse::parse(pattern.as_bytes(), false).expect("a pattern"));
        assert_eq!(&*needs.0, [Presence::of(b"=")]);
    }

    #[test]
    fn phrases_need_what_is_rare_in_them() {
        let needs = Needs::of_phrases([&b"/etc/passwd"[..], b"bin/", b"proc.self"].into_iter());
        assert!(needs.met_by(Presence::of(b"a.b")) && needs.met_by(Presence::of(b"/")));
        assert!(!needs.met_by(Presence::of(b"etc passwd")));
        assert!(Needs::of_phrases([&b"/a"[..], b"plain"].into_iter()).is_empty());
    }
}
