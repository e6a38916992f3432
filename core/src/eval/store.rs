//! The addresses of a request and their values.
//!
//! A caller's trees are not copied; an address refers to its value within one of them. Values replace each other and
//! never merge.

use crate::plan::AddressId;
use crate::value::{Input, Object};
use std::sync::Arc;

/// A tree, and the part of it with the addresses: the whole, or one element of an array of batches.
#[derive(Clone)]
struct Kept {
    tree: Arc<Input>,
    batch: Option<u32>,
}

impl Kept {
    #[inline]
    fn object(&self) -> Option<&Object> {
        match self.batch {
            None => Some(&self.tree),
            Some(batch) => self.tree.as_array()?.get(batch as usize),
        }
    }
}

/// The location of an address's value.
#[derive(Clone, Copy)]
struct Place {
    tree: u32,
    /// The index in the tree's map; `None` for the tree itself.
    entry: Option<u32>,
}

/// The values of all addresses.
#[derive(Clone, Default)]
pub(super) struct Store {
    trees: Vec<Kept>,
    places: Vec<Option<Place>>,
    /// Addresses that have a value.
    placed: Vec<AddressId>,
}

impl Store {
    pub(super) fn new(addresses: usize) -> Self {
        Store { trees: vec![], places: vec![None; addresses], placed: vec![] }
    }

    /// Drops all values, oldest first.
    pub(super) fn reset(&mut self) {
        self.trees.clear();
        for address in self.placed.drain(..) {
            self.places[address] = None;
        }
    }

    /// The number of the next tree.
    pub(super) fn next_number(&self) -> u32 {
        self.trees.len() as u32
    }

    /// Keeps a tree (even a refused one, so that all are freed in order); [`Store::set_entry`] and [`Store::set_tree`]
    /// take its number.
    pub(super) fn keep(&mut self, tree: Arc<Input>) -> u32 {
        self.trees.push(Kept { tree, batch: None });
        (self.trees.len() - 1) as u32
    }

    /// Keeps one batch of an array of batches.
    pub(super) fn keep_batch(&mut self, batches: Arc<Input>, batch: usize) -> u32 {
        self.trees.push(Kept { tree: batches, batch: Some(batch as u32) });
        (self.trees.len() - 1) as u32
    }

    /// Makes an entry of a tree, which is a map, the value of an address.
    pub(super) fn set_entry(&mut self, address: AddressId, tree: u32, entry: usize) {
        self.place(address, Place { tree, entry: Some(entry as u32) });
    }

    /// Makes a whole tree the value of an address.
    pub(super) fn set_tree(&mut self, address: AddressId, tree: u32) {
        self.place(address, Place { tree, entry: None });
    }

    #[inline]
    fn place(&mut self, address: AddressId, place: Place) {
        if self.places[address].replace(place).is_none() {
            self.placed.push(address);
        }
    }

    /// The value of an address.
    #[inline]
    pub(super) fn get(&self, address: AddressId) -> Option<&Object> {
        let place = self.places[address]?;
        let tree = self.trees.get(place.tree as usize)?.object()?;
        match place.entry {
            Some(entry) => tree.as_map()?.get(entry as usize).map(|pair| pair.value()),
            None => Some(tree),
        }
    }
}
