//! The syntax tree of a pattern: an arena in which every node follows its children.
//!
//! In that order each analysis is one loop over the nodes that finds the results of the children ready: nothing
//! recurses, so no pattern is too deep to analyse.

use super::set::CodeSet;

/// The index of a node in its arena.
pub(super) type NodeId = u32;

/// A zero-width assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    TextStart,
    TextEnd,
    LineStart,
    LineEnd,
    WordBoundary,
    NotWordBoundary,
}

impl Look {
    /// All assertions, in order.
    pub(super) const ALL: [Look; 6] =
        [Look::TextStart, Look::TextEnd, Look::LineStart, Look::LineEnd, Look::WordBoundary, Look::NotWordBoundary];
}

/// One construct, with the flags already applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Empty,
    Look(Look),
    /// `\C`
    AnyByte,
    /// One code point.
    Char(u32),
    /// One code point or any that folds with it.
    Folded(u32),
    /// One of a set of code points: an index into [`Ast::sets`].
    Set(u32),
    Repeat {
        node: NodeId,
        min: u32,
        max: Option<u32>,
        greedy: bool,
    },
    /// A capture group, numbered from 1.
    Group {
        node: NodeId,
        index: u32,
    },
    Concat(Parts),
    Alternate(Parts),
}

/// The children of a node, in order: a range of [`Ast::edges`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) first: u32,
    pub(super) count: u32,
}

/// Properties of a node that are computed when it is added.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure {
    /// The largest product of counters on any path into the node.
    pub(super) repeats: u32,
    /// Instructions of the program it compiles to, by the reference's count.
    pub(super) cost: u32,
    /// The depth of nested operators.
    pub(super) height: u32,
}

/// A pattern, parsed.
#[derive(Debug, Default)]
pub(super) struct Ast {
    pub(super) nodes: Vec<Node>,
    pub(super) measures: Vec<Measure>,
    edges: Vec<NodeId>,
    sets: Vec<CodeSet>,
}

impl Ast {
    pub(super) fn parts(&self, parts: Parts) -> &[NodeId] {
        &self.edges[parts.first as usize..][..parts.count as usize]
    }

    pub(super) fn set(&self, index: u32) -> &CodeSet {
        &self.sets[index as usize]
    }

    /// The root. A parsed pattern has at least one node.
    pub(super) fn root(&self) -> NodeId {
        self.nodes.len() as NodeId - 1
    }

    pub(super) fn measure(&self, node: NodeId) -> Measure {
        self.measures[node as usize]
    }

    pub(super) fn push(&mut self, node: Node, measure: Measure) -> NodeId {
        self.nodes.push(node);
        self.measures.push(measure);
        self.root()
    }

    pub(super) fn push_set(&mut self, set: CodeSet, cost: u32) -> NodeId {
        self.sets.push(set);
        self.push(Node::Set(self.sets.len() as u32 - 1), Measure { repeats: 1, cost, height: 1 })
    }

    pub(super) fn push_parts(&mut self, parts: &[NodeId]) -> Parts {
        let first = self.edges.len() as u32;
        self.edges.extend_from_slice(parts);
        Parts { first, count: parts.len() as u32 }
    }

    /// Whether a node matches exactly one of a set of code points.
    pub(super) fn is_set(&self, node: NodeId) -> bool {
        matches!(self.nodes[node as usize], Node::Char(_) | Node::Folded(_) | Node::Set(_))
    }

    /// The code points a node matches, if it matches exactly one of a set.
    pub(super) fn as_set(&self, node: NodeId) -> Option<CodeSet> {
        match self.nodes[node as usize] {
            Node::Char(c) => Some(CodeSet::new(vec![(c, c)])),
            Node::Folded(c) => Some(CodeSet::new(vec![(c, c)]).folded()),
            Node::Set(index) => Some(self.set(index).clone()),
            _ => None,
        }
    }
}
