//! A pool: block sizes are powers of two, and freed blocks are kept for the next request of their size.
//!
//! Blocks of a size are cut from chunks aligned to that size, so every block is aligned to its own size, and rounding
//! the size up to a request's alignment is enough to satisfy it. Requests beyond the largest size go to the heap
//! individually.

use engine::value::{Allocator, Heap};
use std::collections::HashMap;
use std::ptr::null_mut;

const SMALLEST: usize = 16;
const LARGEST: usize = 4096;
const SIZES: usize = (LARGEST / SMALLEST).trailing_zeros() as usize + 1;
/// The size of a chunk in bytes, unless a block is larger.
const CHUNK: usize = 16 * 1024;

/// The content of an unused block: a link to the next one.
struct Unused {
    next: *mut Unused,
}

/// The pool; all of its memory is returned to the heap when it is dropped.
pub struct Pool {
    unused: [*mut Unused; SIZES],
    /// Chunks, with the alignment they were allocated with.
    chunks: Vec<(*mut u8, usize)>,
    /// Blocks beyond the largest size, with size and alignment.
    large: HashMap<*mut u8, (usize, usize)>,
}

// SAFETY: the pool owns everything it points at.
unsafe impl Send for Pool {}

impl Default for Pool {
    fn default() -> Self {
        Pool { unused: [null_mut(); SIZES], chunks: vec![], large: HashMap::new() }
    }
}

impl Pool {
    pub fn allocate(&mut self, size: usize, align: usize) -> *mut u8 {
        let Some(class) = class(size, align) else { return self.allocate_large(size, align) };
        if self.unused[class].is_null() {
            self.add_chunk(class);
        }
        let block = self.unused[class];
        if !block.is_null() {
            // SAFETY: blocks on the list are unused and hold an `Unused`.
            self.unused[class] = unsafe { (*block).next };
        }
        block.cast()
    }

    /// # Safety
    ///
    /// `block` came from this pool with the same size and alignment.
    pub unsafe fn release(&mut self, block: *mut u8, size: usize, align: usize) {
        match class(size, align) {
            // SAFETY: the block is of this class and no longer used.
            Some(class) => unsafe { self.keep(block, class) },
            None => {
                if let Some((size, align)) = self.large.remove(&block) {
                    // SAFETY: it came from the heap with this size and alignment.
                    unsafe { Heap.release(block, size, align) }
                }
            }
        }
    }

    fn allocate_large(&mut self, size: usize, align: usize) -> *mut u8 {
        let block = Heap.allocate(size, align);
        if !block.is_null() {
            self.large.insert(block, (size, align));
        }
        block
    }

    fn add_chunk(&mut self, class: usize) {
        let size = SMALLEST << class;
        let chunk = Heap.allocate(CHUNK, size);
        if chunk.is_null() {
            return;
        }
        self.chunks.push((chunk, size));
        for offset in (0..CHUNK).step_by(size).rev() {
            // SAFETY: within the fresh chunk, which is a multiple of the block size long.
            unsafe { self.keep(chunk.add(offset), class) }
        }
    }

    /// # Safety
    ///
    /// `block` is one of this class and not in use.
    unsafe fn keep(&mut self, block: *mut u8, class: usize) {
        let block = block.cast::<Unused>();
        // SAFETY: a block has at least 16 bytes, aligned to 16.
        unsafe { block.write(Unused { next: self.unused[class] }) };
        self.unused[class] = block;
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // SAFETY: each was allocated from the heap with this size and alignment.
        unsafe {
            for (chunk, align) in self.chunks.drain(..) {
                Heap.release(chunk, CHUNK, align);
            }
            for (block, (size, align)) in self.large.drain() {
                Heap.release(block, size, align);
            }
        }
    }
}

/// The size class of a request; `None` beyond the largest size, and for alignments that are not powers of two.
fn class(size: usize, align: usize) -> Option<usize> {
    let size = size.max(align).max(SMALLEST);
    (size <= LARGEST && align.is_power_of_two())
        .then(|| (size.next_power_of_two() / SMALLEST).trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_apart_and_reused() {
        let mut pool = Pool::default();
        let requests = [(0, 1), (1, 1), (16, 8), (17, 1), (100, 64), (10, 4096), (4096, 8), (4097, 1), (100_000, 4096)];
        let mut live = vec![];
        for round in 0..50usize {
            for (size, align) in requests {
                let block = pool.allocate(size, align);
                assert!(!block.is_null() && (block as usize).is_multiple_of(align));
                // SAFETY: the block has this size.
                unsafe { std::ptr::write_bytes(block, round as u8, size) };
                live.push((block, size, align, round as u8));
            }
        }
        for &(block, size, _, byte) in &live {
            // SAFETY: the block has this size and was written.
            assert!(unsafe { std::slice::from_raw_parts(block, size) }.iter().all(|&b| b == byte));
        }
        let (block, size, align, _) = live[3];
        // SAFETY: allocated above; released once.
        unsafe { pool.release(block, size, align) };
        assert_eq!(pool.allocate(size, align), block);
        assert!(pool.allocate(8, 3).is_null() && pool.allocate(usize::MAX / 2, 1).is_null());
    }
}
