//! Setters of scalars and strings. A setter writes the fields of its kind and nothing else.

use crate::abi::{ddwaf_allocator, ddwaf_object};
use crate::pointers::{allocator, slot, source, to_c};
use crate::wall::wall;
use engine::value::raw::{Ownership, Slot};
use std::ffi::c_char;
use std::ptr::null_mut;

/// Sets an object; null for null.
///
/// # Safety
///
/// The promise on objects.
unsafe fn set(object: *mut ddwaf_object, write: impl FnOnce(Slot)) -> *mut ddwaf_object {
    // SAFETY: promise on objects.
    wall(null_mut(), || to_c(unsafe { slot(object) }.inspect(|&slot| write(slot))))
}

/// Makes an object invalid. Its previous content is not freed.
///
/// @return the object, or NULL for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_invalid(object: *mut ddwaf_object) -> *mut ddwaf_object {
    // SAFETY: promise on objects.
    unsafe { set(object, Slot::set_invalid) }
}

/// Makes an object null. Its previous content is not freed.
///
/// @return the object, or NULL for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_null(object: *mut ddwaf_object) -> *mut ddwaf_object {
    // SAFETY: promise on objects.
    unsafe { set(object, Slot::set_null) }
}

/// Makes an object a boolean. Its previous content is not freed.
///
/// @return the object, or NULL for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_bool(object: *mut ddwaf_object, value: bool) -> *mut ddwaf_object {
    // SAFETY: promise on objects.
    unsafe { set(object, |slot| slot.set_bool(value)) }
}

/// Makes an object a signed integer. Its previous content is not freed.
///
/// @return the object, or NULL for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_signed(object: *mut ddwaf_object, value: i64) -> *mut ddwaf_object {
    // SAFETY: promise on objects.
    unsafe { set(object, |slot| slot.set_signed(value)) }
}

/// Makes an object an unsigned integer. Its previous content is not freed.
///
/// @return the object, or NULL for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_unsigned(object: *mut ddwaf_object, value: u64) -> *mut ddwaf_object {
    // SAFETY: promise on objects.
    unsafe { set(object, |slot| slot.set_unsigned(value)) }
}

/// Makes an object a double; NaN and infinities are kept. Its previous content is not freed.
///
/// @return the object, or NULL for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_float(object: *mut ddwaf_object, value: f64) -> *mut ddwaf_object {
    // SAFETY: promise on objects.
    unsafe { set(object, |slot| slot.set_float(value)) }
}

/// The same as ddwaf_object_set_null, under the name older clients link.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_null(object: *mut ddwaf_object) -> *mut ddwaf_object {
    // SAFETY: the same promise.
    unsafe { ddwaf_object_set_null(object) }
}

/// The same as ddwaf_object_set_bool, under the name older clients link.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_bool(object: *mut ddwaf_object, value: bool) -> *mut ddwaf_object {
    // SAFETY: the same promise.
    unsafe { ddwaf_object_set_bool(object, value) }
}

/// The same as ddwaf_object_set_signed, under the name older clients link.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_signed(object: *mut ddwaf_object, value: i64) -> *mut ddwaf_object {
    // SAFETY: the same promise.
    unsafe { ddwaf_object_set_signed(object, value) }
}

/// The same as ddwaf_object_set_unsigned, under the name older clients link.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_unsigned(object: *mut ddwaf_object, value: u64) -> *mut ddwaf_object {
    // SAFETY: the same promise.
    unsafe { ddwaf_object_set_unsigned(object, value) }
}

/// The same as ddwaf_object_set_float, under the name older clients link.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_float(object: *mut ddwaf_object, value: f64) -> *mut ddwaf_object {
    // SAFETY: the same promise.
    unsafe { ddwaf_object_set_float(object, value) }
}

/// Makes an object a copy of a string: within the object up to 14 bytes, else in a block of `length` bytes from
/// `alloc`. Its previous content is not freed.
///
/// @param string  Bytes, not necessarily text or terminated; they may lie within the object. NULL with a length of 0 is
///                the empty string.
/// @return the object; NULL, with the object untouched, if object or alloc is NULL, if string is NULL with a length, or
///         if memory is exhausted.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects, bytes and allocators.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_string(
    object: *mut ddwaf_object,
    string: *const c_char,
    length: u32,
    alloc: ddwaf_allocator,
) -> *mut ddwaf_object {
    // SAFETY: promises on objects, bytes and allocators.
    wall(null_mut(), || unsafe {
        let (Some(slot), Some(allocator)) = (slot(object), allocator(alloc)) else { return null_mut() };
        let Some(string) = source(string, length) else { return null_mut() };
        to_c(slot.set_string(string, length, allocator).then_some(slot))
    })
}

/// Makes an object refer to a string that the caller keeps until the object is destroyed; it is never freed.
///
/// @return the object; NULL if object or string is NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects; the bytes stay as long as the object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_string_literal(
    object: *mut ddwaf_object,
    string: *const c_char,
    length: u32,
) -> *mut ddwaf_object {
    // SAFETY: promise on objects.
    unsafe { set_text(object, Ownership::Borrowed, string, length) }
}

/// Makes an object the owner of a string, whatever its length. The memory must come from the allocator with which the
/// object is destroyed later, with a size of `length` and an alignment of 1.
///
/// @return the object; NULL, in which case the caller still owns the string, if object or string is NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects; the bytes are a block of this length, of the allocator that
/// destroys the object, and nobody else frees them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_set_string_nocopy(
    object: *mut ddwaf_object,
    string: *const c_char,
    length: u32,
) -> *mut ddwaf_object {
    // SAFETY: promise on objects.
    unsafe { set_text(object, Ownership::Owned, string, length) }
}

/// Makes an object a string that points at its bytes.
///
/// # Safety
///
/// The promise on objects; the bytes are valid as long as the object, and `ownership` says who owns them.
unsafe fn set_text(
    object: *mut ddwaf_object,
    ownership: Ownership,
    string: *const c_char,
    length: u32,
) -> *mut ddwaf_object {
    if string.is_null() {
        return null_mut();
    }
    // SAFETY: the caller's promise.
    unsafe { set(object, |slot| slot.set_text(ownership, string.cast_mut().cast(), length)) }
}
