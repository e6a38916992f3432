//! Results as maps and arrays.

use crate::value::Value;

/// A map of these entries.
pub(super) fn map_of<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::from_entries(entries)
}

/// An array of texts.
pub(super) fn texts(texts: &[String]) -> Value {
    texts.iter().collect()
}
