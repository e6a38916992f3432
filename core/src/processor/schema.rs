//! `extract_schema`: the shape of a value - types, keys and lengths, but no content.
//!
//! A node of a schema is an array that begins with what the value is: a type code, a map of the entries' nodes, or the
//! set of the elements' nodes. The set is what costs: an array of a thousand orders is described once if all orders look
//! alike, so nodes must be compared as structures. Every finished node carries a hash of its structure, which settles
//! nearly all comparisons; only equal hashes are compared in full, and the nodes of an element that turns out to be a
//! duplicate are dropped at once. The schema is therefore built in flat tables first, and as an object at the end.
//!
//! Breadth and depth are bounded (255 entries, 10 elements, 18 containers), so the recursion is bounded as well.

use super::keys::KeptKeys;
use super::scanner::{Classifier, Label, Scanners};
use super::{Expired, step, words};
use crate::support::Deadline;
use crate::value::{Key, Object, Pair, Value, View};
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Entries of a map that are looked at.
const MAX_ENTRIES: usize = 255;
/// Elements of an array that are looked at.
const MAX_ELEMENTS: usize = 10;
/// Containers inside each other that are reported; the last one is reported empty.
const MAX_DEPTH: usize = 18;
/// As many keys are compared with each other, more are sorted.
const FEW_KEYS: usize = 8;
/// Nodes for which room is kept between documents.
const KEPT_NODES: usize = 4096;
/// As many threads as find room without making it.
const KEPT_WORKSPACES: usize = 8;

pub(super) fn generate(input: &Object, scanners: &Scanners, deadline: &mut Deadline) -> Result<Value, Expired> {
    let Workspace { keys, containers, children, open } = scanners.workspaces.take();
    let mut survey = Survey {
        classifier: Classifier::new(scanners, keys),
        tables: Tables { containers, children: reused(children) },
        open: reused(open),
        lists: 0,
        deadline,
    };
    let root = survey.visit(input, b"", 1);
    let Survey { classifier, mut tables, open, deadline, .. } = survey;
    let made = root.and_then(|root| Rendering { tables: &tables, scanners, deadline }.node(root));
    tables.containers.clear();
    if tables.children.capacity().max(open.capacity()).max(tables.containers.capacity()) <= KEPT_NODES {
        let Tables { containers, children } = tables;
        let keys = classifier.into_kept();
        scanners.workspaces.give(Workspace { keys, containers, children: reused(children), open: reused(open) });
    }
    made
}

/// What one document leaves for the next: knowledge of keys, and room.
#[derive(Default)]
struct Workspace {
    keys: KeptKeys,
    containers: Vec<Container>,
    children: Vec<Child<'static>>,
    open: Vec<Child<'static>>,
}

/// Workspaces that wait for the next document.
#[derive(Default)]
pub(super) struct Workspaces(Mutex<Vec<Workspace>>);

impl Workspaces {
    fn take(&self) -> Workspace {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give(&self, used: Workspace) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < KEPT_WORKSPACES {
            waiting.push(used);
        }
    }
}

/// The room of a list, for children of another document.
fn reused<'b>(mut children: Vec<Child<'_>>) -> Vec<Child<'b>> {
    children.clear();
    // No element is left to be mapped; collecting in place keeps the allocation.
    children.into_iter().map(|child| Child { key: b"", ..child }).collect()
}

/// A node of the schema.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Scalar(Code),
    /// A string of a known kind.
    Labelled(Label),
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
    /// A map: each key once.
    Record,
    /// An array of this length: distinct children in order of appearance.
    List(usize),
}

struct Container {
    shape: Shape,
    truncated: bool,
    /// Part of [`Tables::children`].
    children: Range<usize>,
    /// Equal for equal structures in arrays.
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
    #[inline]
    fn new(key: &'a [u8], node: Node) -> Self {
        Child { prefix: words::first(key).swap_bytes(), key, node }
    }

    fn compare_key(&self, other: &Self) -> Ordering {
        self.prefix.cmp(&other.prefix).then_with(|| self.key.cmp(other.key))
    }

    #[inline]
    fn same_key(&self, other: &Self) -> bool {
        let length = self.key.len();
        self.prefix == other.prefix && length == other.key.len() && (length <= 8 || self.key == other.key)
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
    /// How many of these containers are arrays: only what is in an array is ever compared.
    lists: usize,
    deadline: &'d mut Deadline,
}

impl<'a> Survey<'a, '_> {
    /// Describes a value that stands under `key`, `depth` containers deep. Recursion goes by containers alone.
    #[inline]
    fn visit(&mut self, object: &'a Object, key: &'a [u8], depth: usize) -> Result<Node, Expired> {
        step(self.deadline)?;
        Ok(match object.view() {
            View::Invalid => Node::Scalar(Code::Invalid),
            View::Null => Node::Scalar(Code::Null),
            View::Bool(_) => Node::Scalar(Code::Bool),
            View::Signed(_) | View::Unsigned(_) => Node::Scalar(Code::Integer),
            View::Float(_) => Node::Scalar(Code::Float),
            View::String(text) => match self.classifier.classify(key, text, self.deadline)? {
                Some(label) => Node::Labelled(label),
                None => Node::Scalar(Code::Text),
            },
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
        if may_repeat(&self.open[base..]) {
            self.drop_repeated(base);
        }
        Ok(self.close(base, Shape::Record, entries.len() > MAX_ENTRIES))
    }

    /// Of several open children with the same key keeps the first.
    #[cold]
    fn drop_repeated(&mut self, base: usize) {
        // Stable, so that the first comes first.
        self.open[base..].sort_by(Child::compare_key);
        let mut kept = base;
        for at in base..self.open.len() {
            if at == base || !self.open[at].same_key(&self.open[kept - 1]) {
                self.open[kept] = self.open[at];
                kept += 1;
            }
        }
        self.open.truncate(kept);
    }

    fn list(&mut self, elements: &'a [Object], key: &'a [u8], depth: usize) -> Result<Node, Expired> {
        let base = self.open.len();
        if depth < MAX_DEPTH {
            self.lists += 1;
            for element in elements.iter().take(MAX_ELEMENTS) {
                let before = self.tables.mark();
                let node = self.visit(element, key, depth + 1)?;
                if self.open[base..].iter().any(|known| self.tables.equal(known.node, node)) {
                    self.tables.cut(before);
                } else {
                    self.open.push(Child { prefix: 0, key: b"", node });
                }
            }
            self.lists -= 1;
        }
        Ok(self.close(base, Shape::List(elements.len()), elements.len() > MAX_ELEMENTS))
    }

    /// Makes a container of the open children from `base` on.
    fn close(&mut self, base: usize, shape: Shape, truncated: bool) -> Node {
        let tables = &mut self.tables;
        let start = tables.children.len();
        tables.children.extend_from_slice(&self.open[base..]);
        self.open.truncate(base);
        let children = start..tables.children.len();
        let hash = if self.lists > 0 { tables.hash(shape, truncated, children.clone()) } else { 0 };
        tables.containers.push(Container { shape, truncated, children, hash });
        Node::Container((tables.containers.len() - 1) as u32)
    }
}

fn sorted<'c, 'a>(children: &'c [Child<'a>]) -> Vec<&'c Child<'a>> {
    let mut children: Vec<_> = children.iter().collect();
    children.sort_unstable_by(|a, b| a.compare_key(b));
    children
}

/// Whether two of a record's keys may be the same: certain if not.
fn may_repeat(children: &[Child<'_>]) -> bool {
    children.len() > FEW_KEYS
        || children
            .iter()
            .enumerate()
            .any(|(at, child)| children[..at].iter().any(|other| child.prefix == other.prefix))
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

    #[inline]
    fn equal(&self, a: Node, b: Node) -> bool {
        match (a, b) {
            (Node::Container(a), Node::Container(b)) => self.equal_containers(a, b),
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

    /// A sum over the children, because their order does not count.
    fn hash(&self, shape: Shape, truncated: bool, children: Range<usize>) -> u64 {
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

#[inline]
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
        step(self.deadline)?;
        match node {
            Node::Scalar(code) => Ok(Value::array_of([Value::from(code as u64)])),
            Node::Labelled(label) => Ok(Value::array_of([Value::from(Code::Text as u64), self.scanners.tags(label)])),
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
                Ok(match container.truncated {
                    true => Value::array_of([record, Value::from_entries([("truncated", true)])]),
                    false => Value::array_of([record]),
                })
            }
            Shape::List(length) => {
                let mut types = Value::array_with_capacity(children.len());
                for child in children {
                    types.push(self.node(child.node)?);
                }
                let mut metadata = Value::map_with_capacity(1 + usize::from(container.truncated));
                metadata.put(const { Key::new("len") }, length as u64);
                if container.truncated {
                    metadata.put(const { Key::new("truncated") }, true);
                }
                Ok(Value::array_of([types, metadata]))
            }
        }
    }
}
