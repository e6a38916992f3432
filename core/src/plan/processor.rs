//! Processors with names resolved to numbers.

use super::addresses::AddressId;
use super::condition::ConditionId;
use crate::processor::{Generator, Scanners};
use crate::value::Step;
use crate::value::Text;
use std::ops::Range;
use std::sync::Arc;

/// A processor.
pub struct Processor {
    /// The number under which its state is kept, over both kinds.
    pub id: usize,
    /// What it makes.
    pub generator: Generator,
    /// All must hold.
    pub conditions: Range<ConditionId>,
    /// In configuration order.
    pub mappings: Vec<Mapping>,
    /// Selected for it.
    pub scanners: Arc<Scanners>,
    /// The result becomes an address.
    pub evaluate: bool,
    /// The result becomes an attribute.
    pub output: bool,
}

/// One way a processor is applied.
pub struct Mapping {
    /// One input per parameter.
    pub inputs: Vec<(AddressId, Vec<Step>)>,
    /// The output by number,
    pub output: AddressId,
    /// and by name.
    pub name: Text,
}
