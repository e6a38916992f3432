//! Memory allocators.
//!
//! Callers hold a pointer to an [`AllocatorHandle`]. Trees are built and freed with exact sizes and alignments: a heap
//! string of n bytes is (n, 1), an array of capacity c (16 c, 8), a map of capacity c (32 c, 8).

mod arena;
mod pool;

use crate::abi::{ddwaf_alloc_fn_type, ddwaf_allocator, ddwaf_free_fn_type, ddwaf_udata_free_fn_type};
use crate::pointers::{allocator, hand_out, take_back};
use crate::wall::wall;
use arena::Arena;
use engine::internals::support::fork::Renewable;
use engine::value::{Allocator, Heap};
use pool::Pool;
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::ptr::{self, null_mut};

/// An allocator, behind the opaque pointer that callers hold.
pub struct AllocatorHandle(Source);

enum Source {
    Heap,
    Pool(UnsafeCell<Pool>),
    /// A forked child may continue with a new pool and release blocks of this one there. They remain part of the chunks
    /// of this pool, which lives as long as the new one.
    SharedPool(Renewable<Pool>),
    Arena(UnsafeCell<Arena>),
    User(User),
}

struct User {
    alloc: unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void, *mut c_void, usize, usize),
    udata: *mut c_void,
    udata_free: ddwaf_udata_free_fn_type,
}

// SAFETY: the heap and the shared pool synchronise themselves; the other kinds must be used from one thread at a time
// (or, for a user allocator, have callbacks that support several), which the header demands of callers.
unsafe impl Sync for AllocatorHandle {}

// SAFETY: each kind keeps the contract; for a user's callbacks, the caller promises it.
unsafe impl Allocator for AllocatorHandle {
    fn allocate(&self, size: usize, align: usize) -> *mut u8 {
        let block = match &self.0 {
            Source::Heap => Heap.allocate(size, align),
            // SAFETY: one thread at a time (see `Sync` above), and `allocate` does not call back.
            Source::Pool(pool) => unsafe { &mut *pool.get() }.allocate(size, align),
            Source::SharedPool(pool) => pool.lock().allocate(size, align),
            // SAFETY: as for the pool.
            Source::Arena(arena) => unsafe { &mut *arena.get() }.allocate(size, align),
            // SAFETY: the caller gave functions of these types, to be called with this `udata`.
            Source::User(user) => return unsafe { (user.alloc)(user.udata, size, align) }.cast(),
        };
        if block.is_null() {
            engine::log!(Error, "failed to allocate {size} bytes aligned to {align}");
        }
        block
    }

    unsafe fn release(&self, block: *mut u8, size: usize, align: usize) {
        // SAFETY: the block came from this allocator with the same size and alignment; one thread at a time, as above.
        unsafe {
            match &self.0 {
                Source::User(user) => (user.free)(user.udata, block.cast(), size, align),
                _ if block.is_null() => {}
                Source::Heap => Heap.release(block, size, align),
                Source::Pool(pool) => (*pool.get()).release(block, size, align),
                Source::SharedPool(pool) => pool.lock().release(block, size, align),
                Source::Arena(_) => {}
            }
        }
    }

    fn is_heap(&self) -> bool {
        matches!(self.0, Source::Heap)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        if let Some(free) = self.udata_free {
            // SAFETY: the caller gave a function of this type, for this `udata`, to be called once.
            unsafe { free(self.udata) }
        }
    }
}

/// The process heap, to which every caller of `ddwaf_get_default_allocator` gets a pointer.
static DEFAULT: AllocatorHandle = AllocatorHandle(Source::Heap);

/// The allocator of the process heap, which also allocates diagnostics and lists of configuration paths. Thread-safe;
/// need not and cannot be destroyed.
///
/// @return the same pointer for every call, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ddwaf_get_default_allocator() -> ddwaf_allocator {
    (&raw const DEFAULT).cast_mut()
}

/// Creates an allocator that keeps freed blocks for reuse, for any number of threads. ddwaf_allocator_destroy frees all
/// of its memory.
///
/// @return a new allocator.
#[unsafe(no_mangle)]
pub extern "C" fn ddwaf_synchronized_pool_allocator_init() -> ddwaf_allocator {
    new(|| Source::SharedPool(Renewable::default()))
}

/// Creates an allocator that keeps freed blocks for reuse, for one thread at a time. ddwaf_allocator_destroy frees all
/// of its memory.
///
/// @return a new allocator.
#[unsafe(no_mangle)]
pub extern "C" fn ddwaf_unsynchronized_pool_allocator_init() -> ddwaf_allocator {
    new(|| Source::Pool(UnsafeCell::default()))
}

/// Creates an arena allocator: freeing a block does nothing, and ddwaf_allocator_destroy frees all memory. For one
/// thread at a time.
///
/// @return a new allocator.
#[unsafe(no_mangle)]
pub extern "C" fn ddwaf_monotonic_allocator_init() -> ddwaf_allocator {
    new(|| Source::Arena(UnsafeCell::default()))
}

/// Creates an allocator that calls the caller's functions. They run on whichever thread evaluates or destroys, must not
/// unwind, and may return NULL if memory is exhausted.
///
/// @param alloc_fn       Allocates memory.
/// @param free_fn        Frees memory, with the size and alignment with which it was allocated.
/// @param udata          Passed to every function; may be NULL.
/// @param udata_free_fn  Called once, by ddwaf_allocator_destroy; may be NULL.
/// @return a new allocator; NULL if alloc_fn or free_fn is NULL (udata_free_fn is not called then).
///
/// # Safety
///
/// The functions keep the contract of [`Allocator`] with this `udata`, on every thread they are used from, and do not
/// unwind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_user_allocator_init(
    alloc_fn: ddwaf_alloc_fn_type,
    free_fn: ddwaf_free_fn_type,
    udata: *mut c_void,
    udata_free_fn: ddwaf_udata_free_fn_type,
) -> ddwaf_allocator {
    let (Some(alloc), Some(free)) = (alloc_fn, free_fn) else {
        return wall(null_mut(), || {
            engine::log!(Error, "undefined user alloc/free function");
            null_mut()
        });
    };
    new(|| Source::User(User { alloc, free, udata, udata_free: udata_free_fn }))
}

fn new(source: impl FnOnce() -> Source) -> ddwaf_allocator {
    wall(null_mut(), || hand_out(AllocatorHandle(source())))
}

/// Allocates memory from an allocator.
///
/// @param alignment  A power of two.
/// @return the block, to be freed with ddwaf_allocator_free; NULL if alloc is NULL or memory is exhausted.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of allocators.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_allocator_alloc(alloc: ddwaf_allocator, bytes: usize, alignment: usize) -> *mut c_void {
    // SAFETY: promise on allocators.
    wall(null_mut(), || unsafe { allocator(alloc) }.map_or(null_mut(), |a| a.allocate(bytes, alignment).cast()))
}

/// Frees a block with the allocator it came from, and with the size and alignment with which it was allocated. Does
/// nothing if alloc is NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of allocators; the block came from this allocator with this size and
/// alignment.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_allocator_free(
    alloc: ddwaf_allocator,
    block: *mut c_void,
    bytes: usize,
    alignment: usize,
) {
    // SAFETY: promise on allocators; the block came from this one with this size and alignment.
    wall((), || unsafe {
        if let Some(allocator) = allocator(alloc) {
            allocator.release(block.cast(), bytes, alignment);
        }
    });
}

/// Destroys an allocator, which no object or context may use any more. Does nothing for NULL and for the default
/// allocator.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_allocator_destroy(alloc: ddwaf_allocator) {
    if !ptr::eq(alloc, &raw const DEFAULT) {
        // SAFETY: promise on handles; all but the default one were made by `new`.
        wall((), || drop(unsafe { take_back(alloc) }));
    }
}
