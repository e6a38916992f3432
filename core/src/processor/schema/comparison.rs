//! Whether a value would be described like its neighbour.

use super::tables::{Child, Code, Container, MAX_DEPTH, MAX_ELEMENTS, MAX_ENTRIES, Node, Shape, Tables};
use crate::processor::classifier::Classifier;
use crate::support::{Deadline, Expired};
use crate::value::{Object, Pair, View};

/// Compares values with containers that are described already.
pub(super) struct Comparison<'c, 'a> {
    pub tables: &'c Tables<'a>,
    pub classifier: &'c mut Classifier<'a>,
    pub deadline: &'c mut Deadline,
    /// The number of nodes visited.
    pub nodes: usize,
}

impl Comparison<'_, '_> {
    /// Whether a visit would describe this value like that container, with the keys in the same order. Returns false if
    /// finding out would take more than one visit per node.
    pub(super) fn is_like(&mut self, model: u32, object: &Object, key: &[u8], depth: usize) -> Result<bool, Expired> {
        self.deadline.try_spend(1)?;
        self.nodes += 1;
        let tables = self.tables;
        let model = &tables.containers[model as usize];
        match (model.shape, object.view()) {
            (Shape::Record, View::Map(entries)) if depth < MAX_DEPTH => self.is_record_like(model, entries, depth),
            (Shape::Record, View::Map(entries)) => Ok(model.truncated == (entries.len() > MAX_ENTRIES)),
            (Shape::List(length), View::Array(elements)) if elements.len() == length => {
                Ok(depth >= MAX_DEPTH || self.is_list_like(model, elements, key, depth)?)
            }
            _ => Ok(false),
        }
    }

    fn is_record_like(&mut self, model: &Container, entries: &[Pair], depth: usize) -> Result<bool, Expired> {
        let children = self.tables.children_of(model);
        if model.truncated || entries.len() != children.len() {
            return Ok(false);
        }
        for (child, entry) in children.iter().zip(entries) {
            let Some(key @ [_, ..]) = entry.key_bytes() else { return Ok(false) };
            if !child.same_key(&Child::new(entry.key(), key, child.node))
                || !self.is_node_like(child.node, entry.value(), key, depth + 1)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_list_like(
        &mut self,
        model: &Container,
        elements: &[Object],
        key: &[u8],
        depth: usize,
    ) -> Result<bool, Expired> {
        let children = self.tables.children_of(model);
        let mut found = 0;
        for element in elements.iter().take(MAX_ELEMENTS) {
            let place = if !element.is_container() {
                let scalar = scalar(element.view(), key, self.classifier, self.deadline)?;
                children.iter().position(|child| child.node == scalar)
            } else if let [child] = children {
                self.is_node_like(child.node, element, key, depth + 1)?.then_some(0)
            } else {
                None
            };
            // In order of appearance.
            let Some(place) = place.filter(|place| *place <= found) else { return Ok(false) };
            found = found.max(place + 1);
        }
        Ok(found == children.len())
    }

    #[inline]
    fn is_node_like(&mut self, node: Node, object: &Object, key: &[u8], depth: usize) -> Result<bool, Expired> {
        match (node, object.view()) {
            (Node::Container(model), View::Map(_) | View::Array(_)) => self.is_like(model, object, key, depth),
            (_, View::Map(_) | View::Array(_)) => Ok(false),
            (_, value) => {
                self.deadline.try_spend(1)?;
                self.nodes += 1;
                Ok(scalar(value, key, self.classifier, self.deadline)? == node)
            }
        }
    }
}

/// Describes anything but a container.
#[inline]
pub(super) fn scalar(
    value: View<'_>,
    key: &[u8],
    classifier: &mut Classifier<'_>,
    deadline: &mut Deadline,
) -> Result<Node, Expired> {
    Ok(Node::Scalar(match value {
        View::String(text) => match classifier.classify(key, text, deadline)? {
            Some(label) => return Ok(Node::Labelled(label)),
            None => Code::Text,
        },
        View::Null => Code::Null,
        View::Bool(_) => Code::Bool,
        View::Signed(_) | View::Unsigned(_) => Code::Integer,
        View::Float(_) => Code::Float,
        View::Invalid | View::Map(_) | View::Array(_) => Code::Invalid,
    }))
}
