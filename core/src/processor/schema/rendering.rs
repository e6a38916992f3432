//! Converting the tables to an object in the schema format.

use super::tables::{Code, Container, Node, Shape, Tables};
use crate::processor::classifier::Selection;
use crate::support::{Deadline, Expired};
use crate::value::{Array, Key, Map, Object, Value};

pub(super) struct Rendering<'a, 'd> {
    pub tables: &'a Tables<'a>,
    pub scanners: &'a Selection,
    pub deadline: &'d mut Deadline,
}

impl Rendering<'_, '_> {
    pub(super) fn root(mut self, node: Node) -> Result<Value, Expired> {
        let mut done = Ok(());
        let root = Value::made(|place| done = self.node(node, place));
        done.map(|()| root)
    }

    fn node(&mut self, node: Node, place: &mut Object) -> Result<(), Expired> {
        self.deadline.try_spend(1)?;
        match node {
            Node::Scalar(code) => Array::new(place, 1).place().set_unsigned(code as u64),
            Node::Labelled(label) => {
                let mut described = Array::new(place, 2);
                described.place().set_unsigned(Code::Text as u64);
                *described.place() = self.scanners.tags(label).into_object();
            }
            Node::Container(index) => self.container(&self.tables.containers[index as usize], place)?,
        }
        Ok(())
    }

    fn container(&mut self, container: &Container, place: &mut Object) -> Result<(), Expired> {
        let children = self.tables.children_of(container);
        let Container { shape, truncated, .. } = *container;
        let is_list = matches!(shape, Shape::List(_));
        let mut described = Array::new(place, 1 + usize::from(is_list || truncated));
        if is_list {
            let mut types = Array::new(described.place(), children.len());
            children.iter().try_for_each(|child| self.node(child.node, types.place()))?;
        } else {
            let mut record = Map::new(described.place(), children.len());
            children.iter().try_for_each(|child| self.node(child.node, record.place_like(child.name)))?;
        }
        if is_list || truncated {
            let mut metadata = Map::new(described.place(), usize::from(is_list) + usize::from(truncated));
            if let Shape::List(length) = shape {
                metadata.place(const { Key::new("len") }).set_unsigned(length as u64);
            }
            if truncated {
                metadata.place(const { Key::new("truncated") }).set_bool(true);
            }
        }
        Ok(())
    }
}
