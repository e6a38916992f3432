//! A caller's tree, kept for as long as a context may look at it.

use super::{Allocator, Heap, Object, Value};
use std::ops::Deref;

/// Who frees an input.
enum Owner {
    Heap,
    Foreign { allocator: &'static dyn Allocator, ends: bool },
    Nobody,
}

/// A tree that stays where its caller built it. Only the 16 bytes of the root are copied, so the children keep their
/// addresses, by which evaluation recognises what it has already seen.
pub struct Input {
    object: Object,
    owner: Owner,
}

// SAFETY: inputs are only read, until they are freed by the last owner. A foreign allocator is called on whichever
// thread drops it, which the ABI documents as the caller's duty to support.
unsafe impl Send for Input {}
// SAFETY: as above.
unsafe impl Sync for Input {}

impl Input {
    /// Takes over a tree that was built with `allocator`. Unless `ends`, it may contain itself; this is found out before it
    /// would be freed, and then it is not.
    ///
    /// # Safety
    ///
    /// The tree is well formed, was built with this allocator, is not changed or freed by anybody else, and the
    /// allocator outlives it. With `ends` it does not contain itself, and each of its blocks is reached once.
    pub unsafe fn owned(object: Object, allocator: &'static dyn Allocator, ends: bool) -> Self {
        Input { object, owner: Owner::Foreign { allocator, ends } }
    }

    /// Borrows a tree.
    ///
    /// # Safety
    ///
    /// The tree is well formed and stays valid and unchanged for as long as this lives.
    pub unsafe fn borrowed(object: Object) -> Self {
        Input { object, owner: Owner::Nobody }
    }

    /// The tree itself as a value of an allocator, if it lies where that allocator's blocks do.
    pub(crate) fn into_value_in<A: Allocator>(mut self, allocator: A) -> Result<Value<A>, Self> {
        if !matches!(self.owner, Owner::Heap) || !allocator.is_heap() {
            return Err(self);
        }
        self.owner = Owner::Nobody;
        let object = std::mem::replace(&mut self.object, Object::INVALID);
        // SAFETY: the tree was built on the heap, from where the allocator takes and frees its blocks, and this no longer
        // owns it.
        Ok(unsafe { Value::from_object(object, allocator) })
    }
}

impl From<Value> for Input {
    fn from(value: Value) -> Self {
        Input { object: value.into_object(), owner: Owner::Heap }
    }
}

impl Deref for Input {
    type Target = Object;

    #[inline]
    fn deref(&self) -> &Object {
        &self.object
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&super::json::to_string(self))
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // SAFETY: the constructors fix which allocator the tree was built with, and that nobody else frees it.
        unsafe {
            match self.owner {
                Owner::Heap => self.object.destroy(&Heap),
                Owner::Foreign { ends: false, .. } if self.object.is_endless() => {
                    crate::log!(Error, "data that contains itself is never freed");
                    self.object.set_invalid();
                }
                Owner::Foreign { allocator, .. } => self.object.destroy(allocator),
                Owner::Nobody => self.object.set_invalid(),
            }
        }
    }
}
