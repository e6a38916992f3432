//! Freeing a tree.
//!
//! The order is visible to a caller's allocator: depth first, elements by index, key before value, the block last.
//! Ordinary trees are freed recursively, which is fast; deeper levels use an explicit stack, as the call stack may not
//! depend on a caller's depth.

use super::object::{entry_size, slice};
use super::{Allocator, Heap, Object, Pair, tag};

/// The levels of nesting that are freed recursively.
const SHALLOW: usize = 24;

impl Object {
    /// Frees everything below this node and makes it invalid, so that a second call does nothing.
    ///
    /// # Safety
    ///
    /// The tree was built with this allocator, and nothing refers into it any more.
    pub(super) unsafe fn destroy(&mut self, allocator: &dyn Allocator) {
        // SAFETY: the caller's promise, passed on; an allocator with `is_heap` frees as the heap does.
        unsafe {
            if allocator.is_heap() {
                free_entry(self, &Heap, SHALLOW);
            } else {
                free_entry(self, allocator, SHALLOW);
            }
        }
        self.tag = tag::INVALID;
    }
}

/// Frees everything below a node, up to `levels` of containers recursively.
///
/// # Safety
///
/// As for [`Object::destroy`].
#[inline]
unsafe fn free_entry<A: Allocator + ?Sized>(object: &Object, allocator: &A, levels: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if object.is_container() {
            free_container(object, allocator, levels);
        } else {
            free_text(object, allocator);
        }
    }
}

/// Frees a container and its entries.
///
/// # Safety
///
/// As for [`Object::destroy`].
unsafe fn free_container<A: Allocator + ?Sized>(object: &Object, allocator: &A, levels: usize) {
    if levels == 0 {
        // SAFETY: the caller's promise.
        return unsafe { free_deep(object, allocator) };
    }
    let (block, size) = (object.block(), object.len());
    // SAFETY: a live container of `size` entries of its kind; each is freed once, then the block with the capacity it
    // was allocated with.
    unsafe {
        if object.is_map() {
            for pair in slice::<Pair>(block.cast(), size) {
                free_text(&pair.key, allocator);
                free_entry(&pair.value, allocator, levels - 1);
            }
        } else {
            for element in slice::<Object>(block.cast(), size) {
                free_entry(element, allocator, levels - 1);
            }
        }
        free_block(object.tag(), block, object.capacity(), allocator);
    }
}

/// Frees the block of a string, if it has one.
///
/// # Safety
///
/// As for [`Object::destroy`].
#[inline]
unsafe fn free_text<A: Allocator + ?Sized>(object: &Object, allocator: &A) {
    if object.tag() == tag::STRING {
        // SAFETY: a heap string owns its block of exactly `size` bytes, alignment 1.
        unsafe {
            if !object.text.data.is_null() {
                allocator.release(object.text.data, object.text.size as usize, 1);
            }
        }
    }
}

/// Frees the block of a container.
///
/// # Safety
///
/// The block was allocated for this many entries of this kind, and none of them is used any more.
#[inline]
unsafe fn free_block<A: Allocator + ?Sized>(kind: u8, block: *mut u8, capacity: usize, allocator: &A) {
    if !block.is_null() && capacity > 0 {
        // SAFETY: the block was allocated with exactly this capacity.
        unsafe { allocator.release(block, capacity * entry_size(kind), align_of::<Object>()) }
    }
}

/// A container whose entries are partly freed.
struct Open {
    kind: u8,
    block: *mut u8,
    size: usize,
    capacity: usize,
    next: usize,
}

/// [`free_container`] with an explicit stack, for any depth.
///
/// # Safety
///
/// As for [`Object::destroy`].
unsafe fn free_deep<A: Allocator + ?Sized>(root: &Object, allocator: &A) {
    let mut path = vec![open(root)];
    while let Some(top) = path.last_mut() {
        if top.next == top.size || top.block.is_null() {
            // SAFETY: its entries are freed.
            unsafe { free_block(top.kind, top.block, top.capacity, allocator) };
            path.pop();
            continue;
        }
        let index = top.next;
        top.next += 1;
        // SAFETY: `index` is below the size of a live container of this kind.
        unsafe {
            let child: &Object = if top.kind & !tag::LARGE == tag::MAP {
                let pair = &*top.block.cast::<Pair>().add(index);
                free_text(&pair.key, allocator);
                &pair.value
            } else {
                &*top.block.cast::<Object>().add(index)
            };
            if child.is_container() {
                path.push(open(child));
            } else {
                free_text(child, allocator);
            }
        }
    }
}

fn open(object: &Object) -> Open {
    Open { kind: object.tag(), block: object.block(), size: object.len(), capacity: object.capacity(), next: 0 }
}
