//! Making, filling, copying and freeing arrays and maps.

use crate::abi::{ddwaf_allocator, ddwaf_object};
use crate::pointers::{allocator, object, slot, source, to_c};
use crate::wall::wall;
use engine::value::Allocator;
use engine::value::raw::{Ownership, Slot, clone_keeping_literals};
use std::ffi::c_char;
use std::ptr::null_mut;

/// Makes an object an array with room for exactly `capacity` elements, which grows when more are inserted. The previous
/// content is not freed.
///
/// @return the object; NULL, with the object untouched, if object or alloc is NULL or memory is exhausted.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects and allocators.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_array(
    object: *mut ddwaf_object,
    capacity: u16,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators.
    unsafe { set_container(object, Slot::set_array, capacity.into(), alloc) }
}

/// Makes an object a map with room for exactly `capacity` entries, which grows when more are inserted. The previous
/// content is not freed.
///
/// @return the object; NULL, with the object untouched, if object or alloc is NULL or memory is exhausted.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects and allocators.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_map(
    object: *mut ddwaf_object,
    capacity: u16,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators.
    unsafe { set_container(object, Slot::set_map, capacity.into(), alloc) }
}

/// As ddwaf_object_set_array, for any capacity below 2^28. Above 65535 the array has the large form.
///
/// @return the object; NULL also for a capacity of 2^28 or more.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects and allocators.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_array_large(
    object: *mut ddwaf_object,
    capacity: usize,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators.
    unsafe { set_container(object, Slot::set_array, capacity, alloc) }
}

/// As ddwaf_object_set_map, for any capacity below 2^28. Above 65535 the map has the large form.
///
/// @return the object; NULL also for a capacity of 2^28 or more.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects and allocators.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_map_large(
    object: *mut ddwaf_object,
    capacity: usize,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators.
    unsafe { set_container(object, Slot::set_map, capacity, alloc) }
}

/// Makes an object a container.
///
/// # Safety
///
/// The promises on objects and allocators.
unsafe fn set_container(
    object: *mut ddwaf_object,
    set: fn(Slot, usize, &dyn Allocator) -> bool,
    capacity: usize,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators.
    wall(null_mut(), || unsafe {
        let (Some(slot), Some(allocator)) = (slot(object), allocator(alloc)) else { return null_mut() };
        to_c(set(slot, capacity, allocator).then_some(slot))
    })
}

/// Appends an element to an array.
///
/// @param alloc  The allocator the array was made with.
/// @return the new element, of type DDWAF_OBJ_INVALID, to be set by the caller; valid until the next insertion into the
///         same array. NULL if array or alloc is NULL, array is not an array or full, or memory is exhausted.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects and allocators; the array was built with this allocator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_insert(array: *mut ddwaf_object, alloc: ddwaf_allocator) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators; the array was built with this one.
    wall(null_mut(), || unsafe {
        let (Some(array), Some(allocator)) = (slot(array), allocator(alloc)) else { return null_mut() };
        to_c(array.insert(allocator))
    })
}

/// Appends an entry to a map under a copy of `key`, which may lie within the map; entries with an equal key are kept.
///
/// @param alloc  The allocator the map was made with.
/// @return the new value, of type DDWAF_OBJ_INVALID, to be set by the caller; valid until the next insertion into the
///         same map. NULL if map or alloc is NULL, if key is NULL with a length, if map is not a map or full, or if
///         memory is exhausted.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects, bytes and allocators; the map was built with this allocator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_insert_key(
    map: *mut ddwaf_object,
    key: *const c_char,
    length: u32,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects, bytes and allocators; the map was built with this one.
    wall(null_mut(), || unsafe {
        let (Some(map), Some(allocator)) = (slot(map), allocator(alloc)) else { return null_mut() };
        let Some(key) = source(key, length) else { return null_mut() };
        to_c(map.insert_key(key, length, allocator))
    })
}

/// As ddwaf_object_insert_key, but the map takes over the key. Its memory must come from the same allocator, with a
/// size of `length` and an alignment of 1.
///
/// @return the new value; NULL as for ddwaf_object_insert_key, in which case the caller still owns the key.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects and allocators; the map was built with this allocator, and so
/// was the key, which nobody else frees.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_insert_key_nocopy(
    map: *mut ddwaf_object,
    key: *const c_char,
    length: u32,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators; the key has become the map's, of the same allocator.
    unsafe { insert_text(map, Ownership::Owned, key, length, alloc) }
}

/// As ddwaf_object_insert_key, but the map refers to a key that the caller keeps until the map is destroyed.
///
/// @return the new value; NULL as for ddwaf_object_insert_key.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects and allocators; the map was built with this allocator, and
/// the key stays as long as the map.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_insert_literal_key(
    map: *mut ddwaf_object,
    key: *const c_char,
    length: u32,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators; a literal is never freed.
    unsafe { insert_text(map, Ownership::Borrowed, key, length, alloc) }
}

/// Appends an entry under a key that points at its bytes.
///
/// # Safety
///
/// The promises on objects and allocators; the bytes are valid as long as the map, and `ownership` says who owns them.
unsafe fn insert_text(
    map: *mut ddwaf_object,
    ownership: Ownership,
    key: *const c_char,
    length: u32,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators; the map was built with this one, the key as the entry point says.
    wall(null_mut(), || unsafe {
        let (Some(map), Some(allocator)) = (slot(map), allocator(alloc)) else { return null_mut() };
        let Some(key) = source(key, length) else { return null_mut() };
        to_c(map.insert_text(ownership, key.cast_mut(), length, allocator))
    })
}

/// Frees everything an object holds, with the allocator it was made with, and makes it invalid. The 16 bytes themselves
/// remain the caller's; destroying an invalid object does nothing, and so does NULL for either argument. Each block
/// must be reached only once: before a tree that contains itself can be destroyed, the object that closes the cycle has
/// to be made invalid.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects and allocators; the tree was built with this allocator, each
/// block is reached once, and nothing refers into it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_destroy(object: *mut ddwaf_object, alloc: ddwaf_allocator) {
    // SAFETY: promises on objects and allocators; the tree was built with this one and is not used afterwards.
    wall((), || unsafe {
        if let (Some(object), Some(allocator)) = (slot(object), allocator(alloc)) {
            object.destroy(allocator);
        }
    });
}

/// Copies a tree. Strings are copied, except that literal strings (not keys) still refer to the caller's memory;
/// containers get exactly the capacity they need. The previous content of the destination is not freed; it may lie
/// within the source, which then contains the copy there.
///
/// @return the destination; NULL, with the destination untouched, if any argument is NULL, memory is exhausted, or the
///         source contains itself, at whatever depth, or shares parts so often that it expands to more than 2^20
///         entries and more than 16 times those in memory.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects and allocators; literal strings of the source outlive the
/// copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_clone(
    source: *const ddwaf_object,
    destination: *mut ddwaf_object,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators; literals outlive the copy, as the header demands.
    wall(null_mut(), || unsafe {
        let (Some(source), Some(slot), Some(allocator)) = (object(source), slot(destination), allocator(alloc)) else {
            return null_mut();
        };
        if source.is_endless() {
            return null_mut();
        }
        let Ok(copy) = clone_keeping_literals(source, allocator) else { return null_mut() };
        slot.put(copy);
        destination
    })
}
