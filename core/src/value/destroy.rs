//! Freeing a tree, without recursion.
//!
//! Order is visible to a caller's allocator: depth first, elements by index, key before value, the block last.

use super::object::entry_size;
use super::{Allocator, Object, Pair, tag};

/// A container half way through.
struct Open {
    kind: u8,
    block: *mut u8,
    size: usize,
    capacity: usize,
    next: usize,
}

impl Object {
    /// Frees everything below this node and makes it invalid, so that a second call does nothing.
    ///
    /// # Safety
    ///
    /// The tree was built with this allocator, and nothing refers into it any more.
    pub unsafe fn destroy(&mut self, allocator: &dyn Allocator) {
        // SAFETY: the caller's promise, passed on.
        unsafe {
            if self.is_container() {
                destroy_container(self, allocator);
            } else {
                free_text(self, allocator);
            }
        }
        self.tag = tag::INVALID;
    }
}

unsafe fn free_text(object: &Object, allocator: &dyn Allocator) {
    if object.tag() == tag::STRING {
        // SAFETY: a heap string owns its block of exactly `size` bytes, alignment 1.
        unsafe {
            if !object.text.data.is_null() {
                allocator.release(object.text.data, object.text.size as usize, 1);
            }
        }
    }
}

unsafe fn destroy_container(root: &Object, allocator: &dyn Allocator) {
    let mut path = vec![open(root)];
    while let Some(top) = path.last_mut() {
        if top.next == top.size || top.block.is_null() {
            if !top.block.is_null() && top.capacity > 0 {
                // SAFETY: the block was allocated with exactly this capacity, and its entries are freed.
                unsafe {
                    allocator.release(top.block, top.capacity * entry_size(top.kind), align_of::<Object>());
                }
            }
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
