//! Arrays and maps: making, filling, copying and freeing them.

use crate::abi::{ddwaf_allocator, ddwaf_object};
use crate::pointers::{allocator, bytes, object, object_mut, store, to_c};
use crate::wall::wall;
use engine::value::{Object, tag};
use std::ffi::c_char;
use std::ptr::null_mut;

/// Makes an object an array with room for exactly `capacity` elements; it grows when more are inserted. What it held
/// before is not freed.
///
/// @return the object; NULL, with the object untouched, if object or alloc is NULL or memory is out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_array(
    object: *mut ddwaf_object,
    capacity: u16,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators.
    unsafe { set_container(object, tag::ARRAY, capacity.into(), alloc) }
}

/// Makes an object a map with room for exactly `capacity` entries; it grows when more are inserted. What it held before
/// is not freed.
///
/// @return the object; NULL, with the object untouched, if object or alloc is NULL or memory is out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_map(
    object: *mut ddwaf_object,
    capacity: u16,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators.
    unsafe { set_container(object, tag::MAP, capacity.into(), alloc) }
}

/// As ddwaf_object_set_array, for any capacity below 2^28. Above 65535 the array has the large form.
///
/// @return the object; NULL also for a capacity of 2^28 or more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_array_large(
    object: *mut ddwaf_object,
    capacity: usize,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators.
    unsafe { set_container(object, tag::ARRAY, capacity, alloc) }
}

/// As ddwaf_object_set_map, for any capacity below 2^28. Above 65535 the map has the large form.
///
/// @return the object; NULL also for a capacity of 2^28 or more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_map_large(
    object: *mut ddwaf_object,
    capacity: usize,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators.
    unsafe { set_container(object, tag::MAP, capacity, alloc) }
}

unsafe fn set_container(
    object: *mut ddwaf_object,
    kind: u8,
    capacity: usize,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators.
    wall(null_mut(), || unsafe {
        let (Some(object), Some(allocator)) = (object_mut(object), allocator(alloc)) else { return null_mut() };
        to_c(object.set_container(kind, capacity, allocator).then_some(object))
    })
}

/// Appends an element to an array.
///
/// @param alloc  The allocator the array was made with.
/// @return the new element, of type DDWAF_OBJ_INVALID, to be set by the caller; valid until the next insertion into the
///         same array. NULL if array or alloc is NULL, array is not an array or full, or memory is out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_insert(array: *mut ddwaf_object, alloc: ddwaf_allocator) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators; the array was built with this one.
    wall(null_mut(), || unsafe {
        let (Some(array), Some(allocator)) = (object_mut(array), allocator(alloc)) else { return null_mut() };
        to_c(array.insert(allocator))
    })
}

/// Appends an entry to a map under a copy of `key`; equal keys are kept side by side.
///
/// @param alloc  The allocator the map was made with.
/// @return the new value, of type DDWAF_OBJ_INVALID, to be set by the caller; valid until the next insertion into the
///         same map. NULL if map or alloc is NULL, if key is NULL with a length, if map is not a map or full, or if
///         memory is out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_insert_key(
    map: *mut ddwaf_object,
    key: *const c_char,
    length: u32,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects, bytes and allocators; the map was built with this one.
    wall(null_mut(), || unsafe {
        let (Some(map), Some(allocator)) = (object_mut(map), allocator(alloc)) else { return null_mut() };
        let Some(key) = bytes(key, length as usize) else { return null_mut() };
        let mut name = Object::INVALID;
        if !map.is_map() || !name.set_string(key, allocator) {
            return null_mut();
        }
        to_c(map.insert_key(name, allocator))
    })
}

/// As ddwaf_object_insert_key, but the map takes the key over. Its memory must come from the same allocator, with a size
/// of `length` and an alignment of 1.
///
/// @return the new value; NULL as for ddwaf_object_insert_key, with the key still the caller's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_insert_key_nocopy(
    map: *mut ddwaf_object,
    key: *const c_char,
    length: u32,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators; the key has become the map's, of the same allocator.
    unsafe { insert_text(map, tag::STRING, key, length, alloc) }
}

/// As ddwaf_object_insert_key, but the map refers to a key that the caller keeps until the map is destroyed.
///
/// @return the new value; NULL as for ddwaf_object_insert_key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_insert_literal_key(
    map: *mut ddwaf_object,
    key: *const c_char,
    length: u32,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators; a literal is never freed.
    unsafe { insert_text(map, tag::LITERAL, key, length, alloc) }
}

unsafe fn insert_text(
    map: *mut ddwaf_object,
    kind: u8,
    key: *const c_char,
    length: u32,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators; the map was built with this one, the key as the entry point says.
    wall(null_mut(), || unsafe {
        let (Some(map), Some(allocator)) = (object_mut(map), allocator(alloc)) else { return null_mut() };
        if key.is_null() && length > 0 {
            return null_mut();
        }
        to_c(map.insert_key_text(kind, key.cast_mut().cast(), length, allocator))
    })
}

/// Frees everything an object holds, with the allocator it was made with, and makes it invalid. The 16 bytes themselves
/// stay the caller's; destroying an invalid object does nothing. NULL for either does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_destroy(object: *mut ddwaf_object, alloc: ddwaf_allocator) {
    // SAFETY: promises on objects and allocators; the tree was built with this one and is not used afterwards.
    wall((), || unsafe {
        if let (Some(object), Some(allocator)) = (object_mut(object), allocator(alloc)) {
            object.destroy(allocator);
        }
    });
}

/// Copies a tree. Strings are copied, except that literal strings (not keys) still refer to the caller's memory;
/// containers get exactly the room they need. What the destination held before is not freed.
///
/// @return the destination; NULL, with the destination untouched, if any argument is NULL or memory is out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_clone(
    source: *const ddwaf_object,
    destination: *mut ddwaf_object,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects and allocators; literals outlive the copy, as the header demands.
    wall(null_mut(), || unsafe {
        let (Some(source), Some(allocator)) = (object(source), allocator(alloc)) else { return null_mut() };
        if destination.is_null() {
            return null_mut();
        }
        let Ok(copy) = source.clone_keeping_literals(allocator) else { return null_mut() };
        store(destination, copy.into_object());
        destination
    })
}
