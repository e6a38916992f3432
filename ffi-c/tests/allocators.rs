//! Allocators of every kind.
#![allow(unsafe_code)] // a client of a C library
#![allow(clippy::missing_safety_doc)] // the library calls these as the ABI says

mod support;

use std::ffi::c_void;
use std::ptr::null_mut;
use support::{A, Alloc, F, Recorder, api, is_ours, json};

fn kinds() -> [Alloc; 4] {
    let api = api();
    // SAFETY: constructors without arguments.
    unsafe {
        [
            (api.get_default_allocator)(),
            (api.synchronized_pool_allocator_init)(),
            (api.unsynchronized_pool_allocator_init)(),
            (api.monotonic_allocator_init)(),
        ]
    }
}

#[test]
fn every_kind_gives_aligned_memory() {
    let api = api();
    for alloc in kinds() {
        let mut blocks = vec![];
        for size in [0, 1, 15, 16, 100, 5000, 100_000] {
            for align in [1, 8, 64, 4096] {
                // SAFETY: a live allocator; the block has `size` bytes.
                let block = unsafe { (api.allocator_alloc)(alloc, size, align) };
                assert!(!block.is_null() && (block as usize).is_multiple_of(align), "{size} {align}");
                // SAFETY: as above.
                unsafe { std::ptr::write_bytes(block.cast::<u8>(), 0xAB, size) };
                blocks.push((block, size, align));
            }
        }
        for (block, size, align) in blocks {
            // SAFETY: each block goes back once, the way it came.
            unsafe { (api.allocator_free)(alloc, block, size, align) };
        }
        // SAFETY: a live allocator.
        unsafe {
            assert!((api.allocator_alloc)(alloc, 1 << 62, 8).is_null());
            if is_ours() {
                assert!((api.allocator_alloc)(alloc, 8, 3).is_null());
            }
            let mut object = json(r#"{"a key of some length":["a string of some length",{"k":[1,2,3]}]}"#, alloc);
            (api.object_destroy)(&mut object, alloc);
            (api.allocator_destroy)(alloc);
        }
    }
}

#[test]
fn the_default_allocator_is_always_the_same() {
    let api = api();
    // SAFETY: destroying the default allocator does nothing.
    unsafe {
        let heap = (api.get_default_allocator)();
        (api.allocator_destroy)(heap);
        assert_eq!((api.get_default_allocator)(), heap);
        let block = (api.allocator_alloc)(heap, 10, 1);
        assert!(!block.is_null());
        (api.allocator_free)(heap, block, 10, 1);
    }
}

#[test]
fn pools_free_everything_with_them() {
    // Leaks show under valgrind or a sanitizer.
    for alloc in &kinds()[1..] {
        json(r#"[["never destroyed one by one"],{"k":[1,2,3,4,5,6,7,8,9]}]"#, *alloc);
        // SAFETY: a live allocator, whose objects are not used any more.
        unsafe { (api().allocator_destroy)(*alloc) };
    }
}

#[test]
fn a_shared_pool_serves_several_threads() {
    let api = api();
    // SAFETY: a constructor without arguments.
    let pool = unsafe { (api.synchronized_pool_allocator_init)() } as usize;
    std::thread::scope(|scope| {
        for thread in 0..4u8 {
            scope.spawn(move || {
                for round in 0..500 {
                    let size = 1 + round * 13 % 700;
                    // SAFETY: a live allocator; the block has `size` bytes.
                    unsafe {
                        let block = (api.allocator_alloc)(pool as Alloc, size, 8).cast::<u8>();
                        std::ptr::write_bytes(block, thread, size);
                        assert!(std::slice::from_raw_parts(block, size).iter().all(|&b| b == thread));
                        (api.allocator_free)(pool as Alloc, block.cast(), size, 8);
                    }
                }
            });
        }
    });
    // SAFETY: a live allocator.
    unsafe { (api.allocator_destroy)(pool as Alloc) };
}

#[test]
fn user_allocators_are_called_with_what_was_asked() {
    let (api, recorder) = (api(), Recorder::new());
    // SAFETY: a live allocator.
    unsafe {
        let block = (api.allocator_alloc)(recorder.handle, 123, 32);
        (api.allocator_free)(recorder.handle, block, 123, 32);
    }
    assert_eq!(recorder.calls(), [A(123, 32), F(123, 32)]);
}

unsafe extern "C" fn never_alloc(_: *mut c_void, _: usize, _: usize) -> *mut c_void {
    null_mut()
}

unsafe extern "C" fn never_free(_: *mut c_void, _: *mut c_void, _: usize, _: usize) {}

#[test]
fn null_gives_null() {
    let api = api();
    // SAFETY: null or valid pointers.
    unsafe {
        assert!((api.user_allocator_init)(None, Some(never_free), null_mut(), None).is_null());
        assert!((api.user_allocator_init)(Some(never_alloc), None, null_mut(), None).is_null());
        let bare = (api.user_allocator_init)(Some(never_alloc), Some(never_free), null_mut(), None);
        assert!((api.allocator_alloc)(bare, 1, 1).is_null());
        (api.allocator_destroy)(bare);
        assert!((api.allocator_alloc)(null_mut(), 1, 1).is_null());
        (api.allocator_free)(null_mut(), null_mut(), 1, 1);
        (api.allocator_destroy)(null_mut());
    }
}
