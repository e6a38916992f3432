//! Following a configured key path from an address's value.
//!
//! The reference does it in three ways, which differ for repeated keys and for excluded objects on the path.

use super::exclusions::Excluded;
use crate::value::{Object, Pair, Step};

/// The result of a lookup.
pub(super) enum Lookup<'a> {
    /// The object at the end.
    Found(&'a Object),
    /// There is no such object.
    Absent,
    /// An excluded object is on the path.
    Excluded,
}

/// For positive conditions: the first of equal keys that is not excluded; elements reached by an index never count as
/// excluded.
pub(super) fn resolve_positive<'a>(root: &'a Object, path: &[Step], excluded: Excluded<'_>) -> Option<&'a Object> {
    path.iter().try_fold(root, |object, step| match step {
        Step::Key(key) => {
            let mut entries = object.as_map()?.iter().filter(|pair| pair.key_bytes() == Some(key)).map(Pair::value);
            entries.find(|value| !excluded.contains(value))
        }
        Step::Index(index) => object.element(*index),
    })
}

/// For negated conditions and for presence: the first of equal keys, excluded or not.
pub(super) fn resolve<'a>(root: &'a Object, path: &[Step], excluded: Excluded<'_>) -> Lookup<'a> {
    let mut object = root;
    for step in path {
        let next = match step {
            Step::Key(key) => object.get(key),
            Step::Index(index) => object.element(*index),
        };
        object = match next {
            None => return Lookup::Absent,
            Some(next) if excluded.contains(next) => return Lookup::Excluded,
            Some(next) => next,
        };
    }
    Lookup::Found(object)
}
