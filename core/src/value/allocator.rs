//! Where the memory of a tree comes from.
//!
//! The ABI lets a caller bring its own allocator. Each release passes the exact size and alignment of the allocation (a
//! Rust client rebuilds a `Layout` from them), so nothing may be rounded up, prefixed with a header, or terminated with
//! a NUL.

use std::alloc::Layout;

/// An allocator refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfMemory;

impl std::fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("out of memory")
    }
}

impl std::error::Error for OutOfMemory {}

/// A source of memory for the strings and containers of a tree.
///
/// # Safety
///
/// `allocate` returns null or a block of at least `size` bytes with the given alignment that stays valid, and is not
/// handed out again, until `release` is called for it. Where `is_heap` is true, both do what [`Heap`] does.
pub unsafe trait Allocator {
    /// A block of `size` bytes (never 0 when called by this crate), or null.
    fn allocate(&self, size: usize, align: usize) -> *mut u8;

    /// Gives a block back.
    ///
    /// # Safety
    ///
    /// `block` came from `allocate` of this allocator with the same `size` and `align`, and is not used afterwards.
    unsafe fn release(&self, block: *mut u8, size: usize, align: usize);

    /// Whether its blocks are those of [`Heap`], so that a tree may pass from one to the other.
    fn is_heap(&self) -> bool {
        false
    }
}

/// The process heap: Rust's global allocator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heap;

// SAFETY: forwards to the global allocator, with zero sizes rounded up to one byte on both sides.
unsafe impl Allocator for Heap {
    #[inline]
    fn allocate(&self, size: usize, align: usize) -> *mut u8 {
        match Layout::from_size_align(size.max(1), align) {
            // SAFETY: the size is at least one.
            Ok(layout) => unsafe { std::alloc::alloc(layout) },
            Err(_) => std::ptr::null_mut(),
        }
    }

    #[inline]
    unsafe fn release(&self, block: *mut u8, size: usize, align: usize) {
        if let Ok(layout) = Layout::from_size_align(size.max(1), align) {
            // SAFETY: the caller passes back what `allocate` was given, so the layout is the same.
            unsafe { std::alloc::dealloc(block, layout) }
        }
    }

    #[inline]
    fn is_heap(&self) -> bool {
        true
    }
}

// SAFETY: forwards to an allocator that keeps the contract.
unsafe impl<A: Allocator + ?Sized> Allocator for &A {
    #[inline]
    fn allocate(&self, size: usize, align: usize) -> *mut u8 {
        (**self).allocate(size, align)
    }

    #[inline]
    unsafe fn release(&self, block: *mut u8, size: usize, align: usize) {
        // SAFETY: the caller's promise, passed on.
        unsafe { (**self).release(block, size, align) }
    }

    #[inline]
    fn is_heap(&self) -> bool {
        (**self).is_heap()
    }
}
