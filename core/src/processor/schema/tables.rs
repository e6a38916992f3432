//! The schema under construction, and how its nodes are compared.

use crate::processor::scanner::Label;
use crate::support::words;
use crate::value::Object;
use std::cmp::Ordering;
use std::ops::Range;

/// The most entries of a map that are described.
pub(super) const MAX_ENTRIES: usize = 255;
/// The most elements of an array that are described.
pub(super) const MAX_ELEMENTS: usize = 10;
/// The deepest nesting of containers that is reported; the innermost one is reported empty.
pub(super) const MAX_DEPTH: usize = 18;

/// A node of the schema.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    Scalar(Code),
    /// A string of a known kind.
    Labelled(Label),
    /// Described in [`Tables::containers`].
    Container(u32),
}

impl Node {
    /// The number of its container, if it is one.
    #[inline]
    pub(super) fn container(self) -> Option<u32> {
        match self {
            Node::Container(index) => Some(index),
            Node::Scalar(_) | Node::Labelled(_) => None,
        }
    }
}

/// The numbers of the schema format.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Code {
    Invalid = 0,
    Null = 1,
    Bool = 2,
    Integer = 4,
    Text = 8,
    Float = 16,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A map with distinct keys.
    Record,
    /// An array of this length: distinct children in order of appearance.
    List(usize),
}

pub(super) struct Container {
    pub shape: Shape,
    pub truncated: bool,
    /// A range of [`Tables::children`].
    pub children: Range<usize>,
    /// Equal for structures that are equal within arrays.
    pub hash: u64,
}

#[derive(Clone, Copy)]
pub(super) struct Child<'a> {
    /// The start of the key, which decides most comparisons.
    prefix: u64,
    /// The key; not a string in lists.
    pub name: &'a Object,
    /// The length of the key in bytes.
    length: u32,
    pub node: Node,
}

impl<'a> Child<'a> {
    /// A child of a list.
    pub(super) fn element(node: Node) -> Self {
        Child { prefix: 0, name: &Object::INVALID, length: 0, node }
    }

    /// A child of a map, under the key with this name.
    #[inline]
    pub(super) fn new(name: &'a Object, key: &[u8], node: Node) -> Self {
        Child { prefix: words::first(key).swap_bytes(), name, length: key.len() as u32, node }
    }

    fn key(&self) -> &'a [u8] {
        self.name.as_bytes().unwrap_or_default()
    }

    /// Whether the keys may be equal; if not, they certainly differ.
    #[inline]
    pub(super) fn same_start(&self, other: &Self) -> bool {
        self.prefix == other.prefix
    }

    pub(super) fn compare_key(&self, other: &Self) -> Ordering {
        self.prefix.cmp(&other.prefix).then_with(|| self.key().cmp(other.key()))
    }

    #[inline]
    pub(super) fn same_key(&self, other: &Self) -> bool {
        self.prefix == other.prefix
            && self.length == other.length
            && match self.length {
                0..=8 => true,
                // The rest after the prefix is within the last eight bytes.
                9..=16 => self.key().last_chunk::<8>() == other.key().last_chunk(),
                _ => self.key() == other.key(),
            }
    }

    /// Equal for equal keys. Forced collisions cost only a few full comparisons per element.
    pub(super) fn hash_key(&self, seed: u64) -> u64 {
        let hash = mix(mix(seed, self.length.into()), self.prefix);
        if self.length <= 8 {
            return hash;
        }
        let (words, rest) = self.key().as_chunks::<8>();
        let hash = words.iter().skip(1).fold(hash, |hash, word| mix(hash, u64::from_le_bytes(*word)));
        mix(hash, words::rest(self.key(), rest))
    }
}

/// The schema under construction.
pub(super) struct Tables<'a> {
    pub containers: Vec<Container>,
    pub children: Vec<Child<'a>>,
}

impl Tables<'_> {
    pub(super) fn mark(&self) -> (usize, usize) {
        (self.containers.len(), self.children.len())
    }

    /// Drops everything added after the mark.
    pub(super) fn cut(&mut self, (containers, children): (usize, usize)) {
        self.containers.truncate(containers);
        self.children.truncate(children);
    }

    pub(super) fn children_of(&self, container: &Container) -> &[Child<'_>] {
        &self.children[container.children.clone()]
    }

    #[inline]
    pub(super) fn equal(&self, a: Node, b: Node) -> bool {
        match (a, b) {
            (Node::Container(a), Node::Container(b)) => a == b || self.equal_containers(a, b),
            _ => a == b,
        }
    }

    fn equal_containers(&self, a: u32, b: u32) -> bool {
        let (a, b) = (&self.containers[a as usize], &self.containers[b as usize]);
        if (a.hash, a.shape, a.truncated, a.children.len()) != (b.hash, b.shape, b.truncated, b.children.len()) {
            return false;
        }
        let (a_children, b_children) = (self.children_of(a), self.children_of(b));
        match a.shape {
            Shape::Record if a_children.iter().zip(b_children).all(|(a, b)| a.same_key(b)) => {
                a_children.iter().zip(b_children).all(|(a, b)| self.equal(a.node, b.node))
            }
            Shape::Record => {
                let (a_children, b_children) = (sorted(a_children), sorted(b_children));
                a_children.iter().zip(b_children).all(|(a, b)| a.same_key(b) && self.equal(a.node, b.node))
            }
            Shape::List(_) => a_children.iter().all(|a| b_children.iter().any(|b| self.equal(a.node, b.node))),
        }
    }

    /// The hash is a sum over the children, because their order does not count.
    pub(super) fn hash(&self, shape: Shape, truncated: bool, children: Range<usize>) -> u64 {
        let children = self.children[children].iter();
        match shape {
            Shape::Record => {
                let of = |child: &Child<'_>| mix(child.hash_key(1), self.hash_of(child.node));
                mix(u64::from(truncated), children.fold(0, |sum, child| sum.wrapping_add(of(child))))
            }
            Shape::List(length) => {
                let of = |child: &Child<'_>| mix(self.hash_of(child.node), 2);
                mix(mix(length as u64, 3), children.fold(0, |sum, child| sum.wrapping_add(of(child))))
            }
        }
    }

    fn hash_of(&self, node: Node) -> u64 {
        match node {
            Node::Scalar(code) => code as u64,
            Node::Labelled(label) => label.hash(),
            Node::Container(index) => self.containers[index as usize].hash,
        }
    }
}

fn sorted<'c, 'a>(children: &'c [Child<'a>]) -> Vec<&'c Child<'a>> {
    let mut children: Vec<_> = children.iter().collect();
    children.sort_unstable_by(|a, b| a.compare_key(b));
    children
}

#[inline]
fn mix(hash: u64, word: u64) -> u64 {
    ((hash.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15)).rotate_left(31)
}
