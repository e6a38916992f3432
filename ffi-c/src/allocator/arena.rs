//! An arena: a pointer that only advances through chunks of doubling size.

use engine::value::{Allocator, Heap};
use std::ptr::null_mut;

const FIRST_CHUNK: usize = 1024;
/// The size at which chunks stop doubling, so that a large tree does not waste half of its memory.
const LAST_CHUNK: usize = 1024 * 1024;
const ALIGN: usize = 16;

/// The arena; all of its memory is returned to the heap when it is dropped.
pub struct Arena {
    chunks: Vec<(*mut u8, usize, usize)>,
    next: *mut u8,
    left: usize,
    next_chunk: usize,
}

// SAFETY: the arena owns everything it points at.
unsafe impl Send for Arena {}

impl Default for Arena {
    fn default() -> Self {
        Arena { chunks: vec![], next: null_mut(), left: 0, next_chunk: FIRST_CHUNK }
    }
}

impl Arena {
    pub fn allocate(&mut self, size: usize, align: usize) -> *mut u8 {
        if !align.is_power_of_two() {
            return null_mut();
        }
        let size = size.max(1);
        let padding = self.next.align_offset(align);
        if self.left < padding.saturating_add(size) {
            return self.in_new_chunk(size, align);
        }
        // SAFETY: padding and block are within the rest of the chunk.
        unsafe { self.advance(padding, size) }
    }

    fn in_new_chunk(&mut self, size: usize, align: usize) -> *mut u8 {
        // A block with a chunk of its own leaves the rest of the current chunk usable.
        let own = size > self.next_chunk / 2;
        let (length, align) = if own { (size, align) } else { (self.next_chunk, align.max(ALIGN)) };
        let chunk = Heap.allocate(length, align);
        if chunk.is_null() {
            return chunk;
        }
        self.chunks.push((chunk, length, align));
        if own {
            return chunk;
        }
        self.next_chunk = (self.next_chunk * 2).min(LAST_CHUNK);
        (self.next, self.left) = (chunk, length);
        // SAFETY: the chunk is at least twice as long as the block, and aligned as asked.
        unsafe { self.advance(0, size) }
    }

    /// # Safety
    ///
    /// `padding + size` bytes are left.
    unsafe fn advance(&mut self, padding: usize, size: usize) -> *mut u8 {
        // SAFETY: within the chunk, at most one past its end.
        unsafe {
            let block = self.next.add(padding);
            self.next = block.add(size);
            self.left -= padding + size;
            block
        }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        for (chunk, length, align) in self.chunks.drain(..) {
            // SAFETY: it was allocated from the heap with this size and alignment.
            unsafe { Heap.release(chunk, length, align) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_and_apart() {
        let mut arena = Arena::default();
        let mut live = vec![];
        for round in 0..200u32 {
            let size = (round * 37 % 700) as usize;
            let align = 1 << (round % 13);
            let block = arena.allocate(size, align);
            assert!(!block.is_null() && (block as usize).is_multiple_of(align));
            // SAFETY: the block has this size.
            unsafe { std::ptr::write_bytes(block, round as u8, size) };
            live.push((block, size, round as u8));
        }
        for (block, size, byte) in live {
            // SAFETY: the block has this size and was written.
            assert!(unsafe { std::slice::from_raw_parts(block, size) }.iter().all(|&b| b == byte));
        }
        assert!(!arena.allocate(10_000_000, 4096).is_null());
        assert!(arena.allocate(8, 3).is_null() && arena.allocate(usize::MAX, 1).is_null());
    }
}
