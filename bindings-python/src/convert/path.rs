//! The containers that are being read, from the outermost to the one at hand.

use pyo3::prelude::*;
use std::collections::HashSet;

/// Up to this depth, looking through the path is quicker than a set.
const SHALLOW: usize = 32;

/// Holds on to the containers: the address of one that was freed may be given to another.
#[derive(Default)]
pub struct Path<'py> {
    containers: Vec<Bound<'py, PyAny>>,
    /// Addresses of those beyond [`SHALLOW`].
    deep: HashSet<usize>,
}

impl<'py> Path<'py> {
    /// Whether this container is in itself.
    pub fn contains(&self, container: &Bound<'py, PyAny>) -> bool {
        self.containers.iter().take(SHALLOW).any(|open| open.is(container))
            || (!self.deep.is_empty() && self.deep.contains(&address(container)))
    }

    pub fn enter(&mut self, container: &Bound<'py, PyAny>) {
        if self.containers.len() >= SHALLOW {
            self.deep.insert(address(container));
        }
        self.containers.push(container.clone());
    }

    pub fn leave(&mut self) {
        if let Some(left) = self.containers.pop()
            && self.containers.len() >= SHALLOW
        {
            self.deep.remove(&address(&left));
        }
    }
}

fn address(object: &Bound<'_, PyAny>) -> usize {
    object.as_ptr() as usize
}
