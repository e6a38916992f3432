//! Objects from JSON text.

use crate::abi::{ddwaf_allocator, ddwaf_object};
use crate::pointers::{allocator, bytes, slot};
use crate::wall::wall;
use engine::value::json;
use std::ffi::c_char;

/// Reads a JSON document into an object. The previous content of the object is not freed; the text is not kept, and may
/// lie within the object. Nesting beyond 20 levels is cut off.
///
/// @return true, with the object to be destroyed by the caller with the same allocator. false if a pointer is NULL or
///         the length 0 (the object is untouched), or if the text is not JSON or memory is exhausted (the object is
///         invalid, and nothing stays allocated).
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects, bytes and allocators.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_object_from_json(
    output: *mut ddwaf_object,
    json_str: *const c_char,
    length: u32,
    alloc: ddwaf_allocator,
) -> bool {
    // SAFETY: promises on objects, bytes and allocators.
    wall(false, || unsafe {
        let (Some(slot), Some(allocator)) = (slot(output), allocator(alloc)) else { return false };
        let Some(text) = bytes(json_str, length as usize).filter(|text| !text.is_empty()) else { return false };
        match json::parse_in(text, allocator) {
            Ok(value) => {
                slot.put(value);
                true
            }
            Err(_) => {
                slot.set_invalid();
                false
            }
        }
    })
}
