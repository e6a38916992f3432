//! Steps of a path from a value to something inside it.

use std::sync::Arc;

/// One step of a key path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// Into a map, by key.
    Key(Arc<[u8]>),
    /// Into an array, by index; negative ones count from the end.
    Index(i64),
}
