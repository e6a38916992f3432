//! Readers of scalars in documents, for the types that detection uses.

use crate::fields::read;
use crate::value::Object;

/// Reads any scalar as text.
pub(super) fn text(object: &Object) -> Result<String, read::Fault> {
    read::text(object).map(|text| String::from_utf8_lossy(&text).into_owned())
}

/// Reads an unsigned number, saturated to 32 bits.
pub(super) fn small(object: &Object) -> Result<u32, read::Fault> {
    read::unsigned(object).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}
