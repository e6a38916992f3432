//! What all fingerprints have in common.

use super::digest::Field;
use crate::value::Value;

/// The fields of a fingerprint that are known so far. Belongs to one processor (all its mappings) in one context.
#[derive(Clone, Debug, Default)]
pub struct Fragments {
    pub(super) method: Option<Box<[u8]>>,
    pub(super) fields: [Option<Field>; 4],
}

/// The text of a fingerprint: its parts, one after the other.
pub(super) fn joined<const N: usize>(parts: [&[u8]; N]) -> Value {
    Value::from(parts.concat())
}
