//! A caller's tree, kept for as long as a context may read it.

use super::{Allocator, Heap, Object, Value};
use std::ops::Deref;

/// Who frees an input.
enum Owner {
    Heap,
    Foreign { allocator: &'static dyn Allocator, ends: bool },
    Nobody,
}

/// A tree that stays where its caller built it. Only the 16 bytes of the root are copied, so the children keep their
/// addresses, by which the evaluation recognises what it has already seen.
pub struct Input {
    object: Object,
    owner: Owner,
}

// SAFETY: inputs are only read, until the last owner frees them. A foreign allocator is called on whichever thread
// drops them; the ABI documents that callers must support that.
unsafe impl Send for Input {}
// SAFETY: as above.
unsafe impl Sync for Input {}

impl Input {
    /// Takes over a tree that was built with `allocator`. Unless `ends` is true, it may contain itself; this is checked
    /// before it is freed, and such a tree is leaked.
    ///
    /// # Safety
    ///
    /// The tree is well formed, was built with this allocator, is not changed or freed by anybody else, and the
    /// allocator outlives it. If `ends` is true, it does not contain itself, and each of its blocks is reached once.
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

    /// Converts an owned tree to a value of `allocator`, if both use the process heap.
    pub(crate) fn into_value_in<A: Allocator>(mut self, allocator: A) -> Result<Value<A>, Self> {
        if !matches!(self.owner, Owner::Heap) || !allocator.is_heap() {
            return Err(self);
        }
        self.owner = Owner::Nobody;
        let object = std::mem::replace(&mut self.object, Object::INVALID);
        // SAFETY: the tree was built on the heap, whose blocks the allocator frees, and this no longer owns it.
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
