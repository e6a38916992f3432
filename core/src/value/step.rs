//! Steps of a path into a value.

use super::Object;
use super::Text;

/// One step of a key path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// Into a map, by key.
    Key(Text),
    /// Into an array, by index; negative ones count from the end.
    Index(i64),
}

impl Object {
    /// The element of an array at this index; negative ones count from the end.
    pub fn element(&self, index: i64) -> Option<&Object> {
        let elements = self.as_array()?;
        let index = if index < 0 { index.checked_add_unsigned(elements.len() as u64)? } else { index };
        elements.get(usize::try_from(index).ok()?)
    }

    /// The value at the end of a path: among equal keys the first; `None` if a step does not fit its container.
    pub fn follow(&self, path: &[Step]) -> Option<&Object> {
        path.iter().try_fold(self, |object, step| match step {
            Step::Key(key) => object.get(key),
            Step::Index(index) => object.element(*index),
        })
    }
}
