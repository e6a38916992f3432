//! The bytes with which a match may begin.

use memchr::{memchr, memchr2, memchr3};

use crate::pattern::required::ByteSet;

/// How to find the next possible beginning of a match.
#[derive(Debug)]
pub(super) enum Starters {
    None,
    One(u8),
    Two(u8, u8),
    Three(u8, u8, u8),
    Many(Box<[bool; 256]>),
}

impl Starters {
    pub(super) fn new(bytes: &ByteSet) -> Self {
        let members: Vec<u8> = bytes.iter().collect();
        match members[..] {
            [] => Starters::None,
            [a] => Starters::One(a),
            [a, b] => Starters::Two(a, b),
            [a, b, c] => Starters::Three(a, b, c),
            _ => Starters::Many(Box::new(std::array::from_fn(|byte| bytes.contains(byte as u8)))),
        }
    }

    /// The distance of the first one.
    #[inline]
    pub(super) fn find(&self, text: &[u8]) -> Option<usize> {
        match self {
            Starters::None => None,
            Starters::One(a) => memchr(*a, text),
            Starters::Two(a, b) => memchr2(*a, *b, text),
            Starters::Three(a, b, c) => memchr3(*a, *b, *c, text),
            Starters::Many(table) => text.iter().position(|&byte| table[usize::from(byte)]),
        }
    }

    pub(super) fn memory(&self) -> usize {
        if let Starters::Many(table) = self { size_of_val(&**table) } else { 0 }
    }
}
