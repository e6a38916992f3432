//! `extract_schema`: the shape of a value - types, keys and lengths, but no content.
//!
//! A node of a schema is an array that begins with what the value is: a type code, a map of the entries' nodes, or the
//! set of the elements' nodes. The set is what costs: an array of a thousand orders is described once if all orders look
//! alike, so nodes must be compared as structures. Every finished node carries a hash of its structure, which settles
//! nearly all comparisons; only equal hashes are compared in full, and the nodes of an element that turns out to be a
//! duplicate are dropped at once. The schema is therefore built in flat tables first, and as an object at the end.
//!
//! Breadth and depth are bounded (255 entries, 10 elements, 18 containers), so the recursion is bounded as well.

use super::scanner::{Classifier, Label, Scanners};
use super::{Expired, check};
use crate::support::Deadline;
use crate::value::{Object, Pair, Value, View};
use std::cmp::Ordering;
use std::ops::Range;

/// Entries of a map that are looked at.
const MAX_ENTRIES: usize = 255;
/// Elements of an array that are looked at.
const MAX_ELEMENTS: usize = 10;
/// Containers inside each other that are reported; the last one is reported empty.
const MAX_DEPTH: usize = 18;

pub(super) fn generate(input: &Object, scanners: &Scanners, deadline: &mut Deadline) -> Result<Value, Expired> {
    let mut survey =
        Survey { classifier: Classifier::new(scanners), tables: Tables::default(), open: vec![], deadline };
    let root = survey.visit(input, b"", 1)?;
    let Survey { tables, deadline, .. } = survey;
    Rendering { tables: &tables, scanners, deadline }.node(root)
}

/// A node of the schema.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Scalar(Code),
    Text(Option<Label>),
    /// Described in [`Tables::containers`].
    Container(u32),
}

/// The numbers of the schema format.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Code {
    Invalid = 0,
    Null = 1,
    Bool = 2,
    Integer = 4,
    Text = 8,
    Float = 16,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A map: children sorted by key, each key once.
    Record,
    /// An array of this length: distinct children in order of appearance.
    List(usize),
}

struct Container {
    shape: Shape,
    truncated: bool,
    /// Part of [`Tables::children`].
    children: Range<usize>,
    /// Equal for equal structures.
    hash: u64,
}

#[derive(Clone, Copy)]
struct Child<'a> {
    /// The start of the key, which decides most comparisons.
    prefix: u64,
    /// Empty in lists.
    key: &'a [u8],
    node: Node,
}

impl<'a> Child<'a> {
    fn new(key: &'a [u8], node: Node) -> Self {
        let mut start = [0; 8];
        start.iter_mut().zip(key).for_each(|(slot, &byte)| *slot = byte);
        let prefix = u64::from_be_bytes(start);
        Child { prefix, key, node }
    }

    fn compare_key(&self, other: &Self) -> Ordering {
        self.prefix.cmp(&other.prefix).then_with(|| self.key.cmp(other.key))
    }

    fn same_key(&self, other: &Self) -> bool {
        self.prefix == other.prefix && self.key == other.key
    }

    /// Equal for equal keys. Whoever makes hashes collide gains only a few full comparisons per element.
    fn hash_key(&self, seed: u64) -> u64 {
        let hash = mix(mix(seed, self.key.len() as u64), self.prefix);
        let (words, rest) = self.key.as_chunks::<8>();
        let hash = words.iter().skip(1).fold(hash, |hash, word| mix(hash, u64::from_be_bytes(*word)));
        if words.is_empty() || rest.is_empty() {
            return hash;
        }
        mix(hash, rest.iter().fold(0, |bits, &byte| bits << 8 | u64::from(byte)))
    }
}

/// The schema while it is built.
#[derive(Default)]
struct Tables<'a> {
    containers: Vec<Container>,
    children: Vec<Child<'a>>,
}

/// The walk over the value.
struct Survey<'a, 'd> {
    classifier: Classifier<'a>,
    tables: Tables<'a>,
    /// Children of the containers that are being visited, innermost last.
    open: Vec<Child<'a>>,
    deadline: &'d mut Deadline,
}

impl<'a> Survey<'a, '_> {
    /// Describes a value that stands under `key`, `depth` containers deep.
    fn visit(&mut self, object: &'a Object, key: &'a [u8], depth: usize) -> Result<Node, Expired> {
        check(self.deadline)?;
        Ok(match object.view() {
            View::Invalid => Node::Scalar(Code::Invalid),
            View::Null => Node::Scalar(Code::Null),
            View::Bool(_) => Node::Scalar(Code::Bool),
            View::Signed(_) | View::Unsigned(_) => Node::Scalar(Code::Integer),
            View::Float(_) => Node::Scalar(Code::Float),
            View::String(text) => Node::Text(self.classifier.classify(key, text, self.deadline)?),
            View::Map(entries) => self.record(entries, depth)?,
            View::Array(elements) => self.list(elements, key, depth)?,
        })
    }

    fn record(&mut self, entries: &'a [Pair], depth: usize) -> Result<Node, Expired> {
        let base = self.open.len();
        if depth < MAX_DEPTH {
            for entry in entries.iter().take(MAX_ENTRIES) {
                let Some(key @ [_, ..]) = entry.key_bytes() else { continue };
                let node = self.visit(entry.value(), key, depth + 1)?;
                self.open.push(Child::new(key, node));
            }
        }
        // Stable, so that of several equal keys the first comes first.
        self.open[base..].sort_by(Child::compare_key);
        Ok(self.close(base, Shape::Record, entries.len() > MAX_ENTRIES))
    }

    fn list(&mut self, elements: &'a [Object], key: &'a [u8], depth: usize) -> Result<Node, Expired> {
        let base = self.open.len();
        if depth < MAX_DEPTH {
            for element in elements.iter().take(MAX_ELEMENTS) {
                let before = self.tables.mark();
                let node = self.visit(element, key, depth + 1)?;
                if self.open[base..].iter().any(|known| self.tables.equal(known.node, node)) {
                    self.tables.cut(before);
                } else {
                    self.open.push(Child { prefix: 0, key: b"", node });
                }
            }
        }
        Ok(self.close(base, Shape::List(elements.len()), elements.len() > MAX_ELEMENTS))
    }

    /// Makes a container of the open children from `base` on.
    fn close(&mut self, base: usize, shape: Shape, truncated: bool) -> Node {
        let tables = &mut self.tables;
        let start = tables.children.len();
        for child in self.open.drain(base..) {
            let repeated =
                shape == Shape::Record && tables.children[start..].last().is_some_and(|last| last.same_key(&child));
            if !repeated {
                tables.children.push(child);
            }
        }
        let children = start..tables.children.len();
        let hash = tables.hash(shape, truncated, children.clone());
        tables.containers.push(Container { shape, truncated, children, hash });
        Node::Container((tables.containers.len() - 1) as u32)
    }
}

impl Tables<'_> {
    fn mark(&self) -> (usize, usize) {
        (self.containers.len(), self.children.len())
    }

    /// Drops what was added since the mark.
    fn cut(&mut self, (containers, children): (usize, usize)) {
        self.containers.truncate(containers);
        self.children.truncate(children);
    }

    fn children_of(&self, container: &Container) -> &[Child<'_>] {
        &self.children[container.children.clone()]
    }

    fn equal(&self, a: Node, b: Node) -> bool {
        let (Node::Container(a), Node::Container(b)) = (a, b) else { return a == b };
        let (a, b) = (&self.containers[a as usize], &self.containers[b as usize]);
        if (a.hash, a.shape, a.truncated, a.children.len()) != (b.hash, b.shape, b.truncated, b.children.len()) {
            return false;
        }
        let (a_children, b_children) = (self.children_of(a), self.children_of(b));
        match a.shape {
            Shape::Record => {
                a_children.iter().zip(b_children).all(|(a, b)| a.same_key(b) && self.equal(a.node, b.node))
            }
            Shape::List(_) => a_children.iter().all(|a| b_children.iter().any(|b| self.equal(a.node, b.node))),
        }
    }

    fn hash(&self, shape: Shape, truncated: bool, children: Range<usize>) -> u64 {
        let children = &self.children[children];
        match shape {
            Shape::Record => {
                children.iter().fold(mix(u64::from(truncated), 1), |h, c| mix(c.hash_key(h), self.hash_of(c.node)))
            }
            // A sum, because the order of the elements does not count.
            Shape::List(length) => {
                let sum = children.iter().fold(0u64, |sum, child| sum.wrapping_add(mix(self.hash_of(child.node), 2)));
                mix(mix(length as u64, 3), sum)
            }
        }
    }

    fn hash_of(&self, node: Node) -> u64 {
        match node {
            Node::Scalar(code) => code as u64,
            Node::Text(None) => Code::Text as u64,
            Node::Text(Some(label)) => label.hash(),
            Node::Container(index) => self.containers[index as usize].hash,
        }
    }
}

fn mix(hash: u64, word: u64) -> u64 {
    ((hash.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15)).rotate_left(31)
}

/// Turns the tables into an object.
struct Rendering<'a, 'd> {
    tables: &'a Tables<'a>,
    scanners: &'a Scanners,
    deadline: &'d mut Deadline,
}

impl Rendering<'_, '_> {
    fn node(&mut self, node: Node) -> Result<Value, Expired> {
        check(self.deadline)?;
        match node {
            Node::Scalar(code) => Ok(array_of(Value::from(code as u64), None)),
            Node::Text(label) => {
                Ok(array_of(Value::from(Code::Text as u64), label.map(|label| self.scanners.tags(label))))
            }
            Node::Container(index) => self.container(&self.tables.containers[index as usize]),
        }
    }

    fn container(&mut self, container: &Container) -> Result<Value, Expired> {
        let tables = self.tables;
        let children = tables.children_of(container);
        match container.shape {
            Shape::Record => {
                let mut record = Value::map_with_capacity(children.len());
                for child in children {
                    record.insert(child.key, self.node(child.node)?);
                }
                let metadata = container.truncated.then(|| Value::from_entries([("truncated", true)]));
                Ok(array_of(record, metadata))
            }
            Shape::List(length) => {
                let mut types = Value::array_with_capacity(children.len());
                for child in children {
                    types.push(self.node(child.node)?);
                }
                let mut metadata = Value::map_with_capacity(2);
                metadata.insert("len", length as u64);
                if container.truncated {
                    metadata.insert("truncated", true);
                }
                Ok(array_of(types, Some(metadata)))
            }
        }
    }
}

fn array_of(first: Value, second: Option<Value>) -> Value {
    let mut array = Value::array_with_capacity(1 + usize::from(second.is_some()));
    array.push(first);
    if let Some(second) = second {
        array.push(second);
    }
    array
}
