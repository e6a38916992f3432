//! Reading objects. NULL, wrong types and indices out of range yield a neutral value; there is no other error.

use crate::abi::{ObjectType, ddwaf_object};
use crate::pointers::{bytes, object, to_c_const};
use crate::wall::wall;
use engine::value::raw::text_parts;
use engine::value::{Object, View, tag};
use std::ffi::c_char;
use std::ptr;

/// Reads from an object; null, and anything that has no value, yield the neutral value.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
unsafe fn read<T: Copy>(pointer: *const ddwaf_object, neutral: T, get: impl FnOnce(&Object) -> Option<T>) -> T {
    // SAFETY: promise on objects.
    wall(neutral, || unsafe { object(pointer) }.and_then(get).unwrap_or(neutral))
}

/// @return the type tag of an object, unchecked; DDWAF_OBJ_INVALID for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_get_type(object: *const ddwaf_object) -> ObjectType {
    // SAFETY: promise on objects.
    unsafe { read(object, 0, |object| Some(object.tag().into())) }
}

/// @return the number of elements of an array or entries of a map; 0 for anything else, and for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_get_size(object: *const ddwaf_object) -> usize {
    // SAFETY: promise on objects.
    unsafe { read(object, 0, |object| Some(object.len())) }
}

/// @return the length in bytes of a string of any kind; 0 for anything else, and for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_get_length(object: *const ddwaf_object) -> usize {
    // SAFETY: promise on objects.
    unsafe { read(object, 0, |object| text_parts(object).map(|(_, length)| length)) }
}

/// The bytes of a string of any kind, without a terminator. A string of up to 14 bytes may be stored within the object,
/// so the pointer is only valid until the object is moved.
///
/// @param length  Receives the length; may be NULL. Untouched if the object is not a string.
/// @return the bytes, which the object still owns; NULL if the object is not a string, and for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects and results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_get_string(object: *const ddwaf_object, length: *mut usize) -> *const c_char {
    // SAFETY: promise on objects; a non-null `length` may be written.
    unsafe {
        let Some((data, size)) = read(object, None, |object| Some(text_parts(object))) else { return ptr::null() };
        if !length.is_null() {
            length.write(size);
        }
        data.cast()
    }
}

/// @return the value of an unsigned integer; 0 for anything else (nothing is converted), and for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_get_unsigned(object: *const ddwaf_object) -> u64 {
    // SAFETY: promise on objects.
    unsafe { read(object, 0, |object| if let View::Unsigned(value) = object.view() { Some(value) } else { None }) }
}

/// @return the value of a signed integer; 0 for anything else (nothing is converted), and for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_get_signed(object: *const ddwaf_object) -> i64 {
    // SAFETY: promise on objects.
    unsafe { read(object, 0, |object| if let View::Signed(value) = object.view() { Some(value) } else { None }) }
}

/// @return the value of a double; 0.0 for anything else (nothing is converted), and for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_get_float(object: *const ddwaf_object) -> f64 {
    // SAFETY: promise on objects.
    unsafe { read(object, 0.0, |object| if let View::Float(value) = object.view() { Some(value) } else { None }) }
}

/// @return the value of a boolean; false for anything else, and for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_get_bool(object: *const ddwaf_object) -> bool {
    // SAFETY: promise on objects.
    unsafe { read(object, false, |object| if let View::Bool(value) = object.view() { Some(value) } else { None }) }
}

/// @return the key of an entry of a map, which the map still owns; NULL if this is not a map, the index is out of
///         range, and for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_at_key(object: *const ddwaf_object, index: usize) -> *const ddwaf_object {
    // SAFETY: promise on objects.
    unsafe { read(object, ptr::null(), |object| Some(to_c_const(Some(object.as_map()?.get(index)?.key())))) }
}

/// @return an element of an array or the value of an entry of a map, which the container still owns; NULL if this is
///         not a container, the index is out of range, and for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_at_value(object: *const ddwaf_object, index: usize) -> *const ddwaf_object {
    let at = |object: &Object| {
        let found = match object.view() {
            View::Array(elements) => elements.get(index)?,
            View::Map(entries) => entries.get(index)?.value(),
            _ => return None,
        };
        Some(to_c_const(Some(found)))
    };
    // SAFETY: promise on objects.
    unsafe { read(object, ptr::null(), at) }
}

/// @return the value of the first entry of a map with this key, which the map still owns; NULL if there is none, this
///         is not a map, the key is NULL or empty, and for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects and bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_find(
    object: *const ddwaf_object,
    key: *const c_char,
    length: usize,
) -> *const ddwaf_object {
    // SAFETY: promises on objects and bytes.
    unsafe {
        read(object, ptr::null(), |object| {
            let key = bytes(key, length).filter(|key| !key.is_empty())?;
            Some(to_c_const(Some(object.get(key)?)))
        })
    }
}

/// Whether an object has this tag.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
unsafe fn has_tag(object: *const ddwaf_object, tag: u8) -> bool {
    // SAFETY: promise on objects.
    unsafe { read(object, false, |object| Some(object.tag() == tag)) }
}

/// @return whether an object is invalid; false for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_is_invalid(object: *const ddwaf_object) -> bool {
    // SAFETY: promise on objects.
    unsafe { has_tag(object, tag::INVALID) }
}

/// @return whether an object is null; false for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_is_null(object: *const ddwaf_object) -> bool {
    // SAFETY: promise on objects.
    unsafe { has_tag(object, tag::NULL) }
}

/// @return whether an object is a boolean; false for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_is_bool(object: *const ddwaf_object) -> bool {
    // SAFETY: promise on objects.
    unsafe { has_tag(object, tag::BOOL) }
}

/// @return whether an object is a signed integer; false for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_is_signed(object: *const ddwaf_object) -> bool {
    // SAFETY: promise on objects.
    unsafe { has_tag(object, tag::SIGNED) }
}

/// @return whether an object is an unsigned integer; false for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_is_unsigned(object: *const ddwaf_object) -> bool {
    // SAFETY: promise on objects.
    unsafe { has_tag(object, tag::UNSIGNED) }
}

/// @return whether an object is a double; false for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_is_float(object: *const ddwaf_object) -> bool {
    // SAFETY: promise on objects.
    unsafe { has_tag(object, tag::FLOAT) }
}

/// @return whether an object is a string of any kind; false for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_is_string(object: *const ddwaf_object) -> bool {
    // SAFETY: promise on objects.
    unsafe { read(object, false, |object| Some(object.tag() & tag::STRING != 0)) }
}

/// @return whether an object is an array of any size; false for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_is_array(object: *const ddwaf_object) -> bool {
    // SAFETY: promise on objects.
    unsafe { read(object, false, |object| Some(object.is_array())) }
}

/// @return whether an object is a map of any size; false for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_is_map(object: *const ddwaf_object) -> bool {
    // SAFETY: promise on objects.
    unsafe { read(object, false, |object| Some(object.is_map())) }
}
