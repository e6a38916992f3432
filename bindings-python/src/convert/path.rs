//! The containers being read, from the outermost to the current one.

use pyo3::prelude::*;
use std::collections::HashSet;

/// Up to this depth, a linear search is faster than a set.
const SHALLOW: usize = 32;

/// Keeps references to the containers, as the address of a freed one may be reused.
#[derive(Default)]
pub struct Path<'py> {
    containers: Vec<Bound<'py, PyAny>>,
    /// Addresses of the containers below [`SHALLOW`].
    deep: HashSet<usize>,
}

impl<'py> Path<'py> {
    /// Whether this container is being read already.
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
