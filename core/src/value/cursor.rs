//! Iterating over the entries of a container.

use super::{Object, Pair, Step};

/// A container and the number of entries passed. Walks through trees keep a stack of cursors, so that the depth of a
/// tree costs heap and not call stack, and a path is built only on demand.
pub(crate) struct Cursor<'a> {
    entries: Entries<'a>,
    passed: usize,
}

#[derive(Clone, Copy)]
enum Entries<'a> {
    Array(&'a [Object]),
    Map(&'a [Pair]),
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of an array or a map; `None` for anything else.
    #[inline]
    pub(crate) fn of(object: &'a Object) -> Option<Self> {
        let map = object.as_map().map(Entries::Map);
        let entries = map.or_else(|| object.as_array().map(Entries::Array))?;
        Some(Cursor { entries, passed: 0 })
    }

    /// Passes an entry and returns its value, with its key in a map.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<(Option<&'a Object>, &'a Object)> {
        let entry = match self.entries {
            Entries::Array(elements) => (None, elements.get(self.passed)?),
            Entries::Map(pairs) => {
                let pair = pairs.get(self.passed)?;
                (Some(pair.key()), pair.value())
            }
        };
        self.passed += 1;
        Some(entry)
    }

    /// The key of the entry passed last, in a map.
    #[inline]
    pub(crate) fn key(&self) -> Option<&'a [u8]> {
        match self.entries {
            Entries::Map(pairs) => pairs.get(self.passed.wrapping_sub(1))?.key_bytes(),
            Entries::Array(_) => None,
        }
    }

    /// The step from the container to the entry passed last, if there is one.
    pub(crate) fn step(&self) -> Option<Step> {
        let index = self.passed.checked_sub(1)?;
        Some(match self.entries {
            Entries::Map(_) => Step::Key(self.key().unwrap_or_default().into()),
            Entries::Array(_) => Step::Index(index as i64),
        })
    }
}
