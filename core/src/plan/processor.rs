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
    /// The number under which its state is stored, over both kinds.
    pub id: usize,
    /// The generator of its results.
    pub generator: Generator,
    /// All must hold.
    pub conditions: Range<ConditionId>,
    /// In configuration order.
    pub mappings: Vec<Mapping>,
    /// The scanners selected for it.
    pub scanners: Arc<Scanners>,
    /// Whether the result becomes an address.
    pub evaluate: bool,
    /// Whether the result becomes an attribute.
    pub output: bool,
}

/// One way a processor is applied.
pub struct Mapping {
    /// One input per parameter.
    pub inputs: Vec<(AddressId, Vec<Step>)>,
    /// The number of the output.
    pub output: AddressId,
    /// The name of the output.
    pub name: Text,
}
