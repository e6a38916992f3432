//! A nested value built from what a parser meets, without recursion and to a bounded depth.
//!
//! Depth is the sender's choice: a hundred thousand brackets fit in a small body. Containers below the deepest level are
//! not built, but what is in them is: it becomes entries of the container at that level, so no text is lost.

use crate::value::Value;

/// The deepest level of containers that are built.
const DEEPEST: usize = 64;

/// A value under construction.
#[derive(Default)]
pub struct Tree {
    open: Vec<Open>,
    /// How many containers are open below the deepest level.
    below: usize,
    /// The values that are complete and in no container.
    roots: Vec<Value>,
}

struct Open {
    key: Option<Vec<u8>>,
    container: Value,
}

impl Tree {
    /// Opens a map; the key counts where the parent is a map.
    pub fn open_map(&mut self, key: Option<Vec<u8>>) {
        self.begin(key, Value::map);
    }

    /// Opens an array.
    pub fn open_array(&mut self, key: Option<Vec<u8>>) {
        self.begin(key, Value::array);
    }

    /// Adds anything but a container.
    pub fn add(&mut self, key: Option<&[u8]>, value: impl Into<Value>) {
        self.place(key, value.into());
    }

    /// Closes the innermost container.
    pub fn close(&mut self) {
        if self.below > 0 {
            self.below -= 1;
        } else if let Some(Open { key, container }) = self.open.pop() {
            self.place(key.as_deref(), container);
        }
    }

    /// The value: null if there was none, and an array if there were several.
    pub fn finish(mut self) -> Value {
        self.below = 0;
        while !self.open.is_empty() {
            self.close();
        }
        match self.roots.len() {
            0 | 1 => self.roots.pop().unwrap_or_default(),
            _ => self.roots.into_iter().collect(),
        }
    }

    fn begin(&mut self, key: Option<Vec<u8>>, container: impl FnOnce() -> Value) {
        if self.open.len() < DEEPEST {
            self.open.push(Open { key, container: container() });
            return;
        }
        self.below += 1;
        // The key of a container that is not built would be lost.
        if let Some(key) = key {
            self.place(None, Value::from(&key[..]));
        }
    }

    fn place(&mut self, key: Option<&[u8]>, value: Value) {
        match self.open.last_mut() {
            None => self.roots.push(value),
            Some(Open { container, .. }) if container.is_map() => container.insert(key.unwrap_or_default(), value),
            Some(Open { container, .. }) => {
                // A key in an array is that of a map that was not built.
                if let Some(key) = key {
                    container.push(key);
                }
                container.push(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Object, json};

    #[test]
    fn what_lies_too_deep_is_kept_flat() {
        let mut tree = Tree::default();
        (0..100_000).for_each(|_| tree.open_array(None));
        tree.add(None, "deep");
        tree.open_map(None);
        tree.add(Some(b"key"), 1);
        let value = tree.finish();
        let mut innermost: &Object = &value;
        let mut depth = 1;
        while let Some(next) = innermost.as_array().and_then(|elements| elements.first()).filter(|v| v.is_array()) {
            (innermost, depth) = (next, depth + 1);
        }
        assert_eq!((depth, json::to_string(innermost).as_str()), (DEEPEST, r#"["deep","key",1]"#));
    }

    #[test]
    fn several_roots_are_an_array() {
        let mut tree = Tree::default();
        tree.add(None, 1);
        tree.open_map(None);
        tree.open_array(Some(b"a".to_vec()));
        assert_eq!(json::to_string(&tree.finish()), r#"[1,{"a":[]}]"#);
    }
}
