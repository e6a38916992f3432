//! The rows of the tables.

/// A property value and its sorted, inclusive ranges.
pub(super) type Named = (&'static str, &'static [(u32, u32)]);
