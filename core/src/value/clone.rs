//! Copying a tree, without recursion: breadth first, each container with exactly the capacity it needs.

use super::{Allocator, Heap, Object, OutOfMemory, Value, View, tag};
use std::borrow::{Borrow, Cow};

/// How borrowed strings are copied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Literals {
    Copied,
    Kept,
}

/// Lets [`Cow`] hold either a tree to be copied or one that is handed over.
impl ToOwned for Object {
    type Owned = Value;

    fn to_owned(&self) -> Value {
        self.to_value()
    }
}

impl Borrow<Object> for Value {
    fn borrow(&self) -> &Object {
        self
    }
}

impl<'a> From<&'a Object> for Cow<'a, Object> {
    fn from(object: &'a Object) -> Self {
        Cow::Borrowed(object)
    }
}

impl From<Value> for Cow<'_, Object> {
    fn from(value: Value) -> Self {
        Cow::Owned(value)
    }
}

impl Object {
    /// A copy on the process heap that shares nothing with the original.
    pub fn to_value(&self) -> Value {
        self.try_to_value(Heap).expect("memory for a copy")
    }

    /// A copy in `allocator` that shares nothing with the original.
    pub fn try_to_value<A: Allocator>(&self, allocator: A) -> Result<Value<A>, OutOfMemory> {
        self.copy(allocator, Literals::Copied)
    }

    /// A copy in which literals keep their pointer, except as keys.
    ///
    /// # Safety
    ///
    /// The literals' bytes outlive the copy.
    pub(super) unsafe fn copy_keeping_literals<A: Allocator>(&self, allocator: A) -> Result<Value<A>, OutOfMemory> {
        self.copy(allocator, Literals::Kept)
    }

    fn copy<A: Allocator>(&self, allocator: A, literals: Literals) -> Result<Value<A>, OutOfMemory> {
        let mut root = Value::invalid_in(allocator);
        let (target, allocator) = root.object_mut();
        // Containers that exist in the copy but whose entries are still to be copied.
        let mut pending: Vec<(&Object, *mut Object)> = vec![];
        copy_node(self, target, allocator, literals, &mut pending)?;
        let mut next = 0;
        while next < pending.len() {
            let (source, target) = pending[next];
            next += 1;
            // SAFETY: `target` is a slot of a container that this copy built with its final capacity, so it has not
            // moved, and nothing else refers to it.
            let target = unsafe { &mut *target };
            match source.view() {
                View::Array(elements) => {
                    for element in elements {
                        // SAFETY: `target` was built with this allocator.
                        let slot = unsafe { target.insert(allocator) }.ok_or(OutOfMemory)?;
                        copy_node(element, slot, allocator, literals, &mut pending)?;
                    }
                }
                View::Map(pairs) => {
                    for pair in pairs {
                        let mut key = Object::INVALID;
                        if !key.set_string(pair.key_bytes().unwrap_or_default(), allocator) {
                            return Err(OutOfMemory);
                        }
                        // SAFETY: `target` and `key` were built with this allocator.
                        let slot = unsafe { target.insert_key(key, allocator) }.ok_or(OutOfMemory)?;
                        copy_node(pair.value(), slot, allocator, literals, &mut pending)?;
                    }
                }
                _ => {}
            }
        }
        Ok(root)
    }
}

fn copy_node<'a>(
    source: &'a Object,
    target: &mut Object,
    allocator: &dyn Allocator,
    literals: Literals,
    pending: &mut Vec<(&'a Object, *mut Object)>,
) -> Result<(), OutOfMemory> {
    let done = match source.view() {
        View::Invalid => {
            target.set_invalid();
            true
        }
        View::Null => {
            target.set_null();
            true
        }
        View::Bool(value) => {
            target.set_bool(value);
            true
        }
        View::Signed(value) => {
            target.set_signed(value);
            true
        }
        View::Unsigned(value) => {
            target.set_unsigned(value);
            true
        }
        View::Float(value) => {
            target.set_float(value);
            true
        }
        View::String(_) if source.tag() == tag::LITERAL && literals == Literals::Kept => {
            // SAFETY: the tag says that these fields are set, and the caller of the copy keeps the bytes.
            unsafe { target.set_text(tag::LITERAL, source.text.data, source.text.size) };
            true
        }
        View::String(bytes) => target.set_string(bytes, allocator),
        View::Array(elements) => {
            pending.push((source, target));
            target.set_container(tag::ARRAY, elements.len(), allocator)
        }
        View::Map(pairs) => {
            pending.push((source, target));
            target.set_container(tag::MAP, pairs.len(), allocator)
        }
    };
    if done { Ok(()) } else { Err(OutOfMemory) }
}
