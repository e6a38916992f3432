//! What all fingerprints share.

use super::digest::Field;
use crate::value::Value;

/// The fields of a fingerprint that are known so far, of one processor (all its mappings) in one context.
#[derive(Clone, Debug, Default)]
pub struct Fragments {
    pub(super) method: Option<Box<[u8]>>,
    pub(super) fields: [Option<Field>; 4],
}

/// The text of a fingerprint, concatenated from its parts.
pub(super) fn joined<const N: usize>(parts: [&[u8]; N]) -> Value {
    Value::from(parts.concat())
}
