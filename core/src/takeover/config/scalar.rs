//! Readers of scalars in documents, for the types that detection uses.

use crate::fields::{Refusal, read};
use crate::takeover::words;
use crate::value::Object;

/// Reads any scalar as text.
pub(super) fn text(object: &Object) -> Result<String, read::Fault> {
    read::text(object).map(|text| String::from_utf8_lossy(&text).into_owned())
}

/// Reads an unsigned number, saturated to 32 bits.
pub(super) fn small(object: &Object) -> Result<u32, read::Fault> {
    read::unsigned(object).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}

/// Returns the value of a word, or the refusal of an unknown one.
pub(super) fn chosen<T: Clone>(what: &str, word: &str, values: &[(&str, T)]) -> Result<T, Refusal> {
    words::chosen(what, word, values).map_err(Refusal::error)
}

/// The refusal of a word that is none of `known`.
pub(super) fn unknown<'a>(what: &str, word: &str, known: impl IntoIterator<Item = &'a str>) -> Refusal {
    Refusal::error(words::unknown(what, word, known))
}
