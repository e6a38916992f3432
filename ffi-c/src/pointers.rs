//! Converting a caller's pointers to references.
//!
//! Callers of any entry point promise the following, on which each `SAFETY` line below relies:
//!
//! * **Objects.** A non-null object pointer is aligned and points at 16 bytes; where the entry point reads it, these
//!   are an object whose tag matches its fields. Nobody writes to it during the call.
//! * **Bytes.** A non-null pointer to bytes is followed by as many readable bytes as the length says.
//! * **Handles.** A non-null handle came from this library's constructor of that kind and was not destroyed since. Two
//!   threads do not use one at the same time, except where the header allows it.
//! * **Allocators** live until everything that uses them is destroyed.
//! * **Results.** A non-null pointer to a number can be written.

use crate::abi::{ddwaf_allocator, ddwaf_object};
use crate::allocator::AllocatorHandle;
use engine::value::Object;
use engine::value::raw::{self, Slot};
use std::ffi::c_char;
use std::ptr;

/// An object to be read.
///
/// # Safety
///
/// The promise on objects.
pub unsafe fn object<'a>(pointer: *const ddwaf_object) -> Option<&'a Object> {
    // SAFETY: promise on objects; `Object` has the layout of `ddwaf_object` (checked in `abi`).
    unsafe { pointer.cast::<Object>().as_ref() }
}

/// An object to be written, possibly for the first time, and possibly over the bytes it is made from.
///
/// # Safety
///
/// The promise on objects.
pub unsafe fn slot(pointer: *mut ddwaf_object) -> Option<Slot> {
    // SAFETY: promise on objects; `Object` has the layout of `ddwaf_object` (checked in `abi`).
    unsafe { Slot::new(pointer.cast()) }
}

/// The bitwise copy by which an object changes hands.
///
/// # Safety
///
/// The promise on objects; the entry point says who frees the tree from here on.
pub unsafe fn take(pointer: *const ddwaf_object) -> Option<Object> {
    // SAFETY: promise on objects, as above.
    unsafe { raw::take(pointer.cast()) }
}

/// Bytes to be copied before anything else is written, as they may lie within the destination. `None` for null with a
/// length, which is a mistake of the caller.
pub fn source(data: *const c_char, length: u32) -> Option<*const u8> {
    (!data.is_null() || length == 0).then_some(data.cast())
}

/// Bytes to be read during the call; null with a length of zero is the empty string.
///
/// # Safety
///
/// The promise on bytes.
pub unsafe fn bytes<'a>(data: *const c_char, length: usize) -> Option<&'a [u8]> {
    match (data.is_null(), length) {
        (_, 0) => Some(&[]),
        (true, _) => None,
        // SAFETY: promise on bytes.
        (false, _) => Some(unsafe { std::slice::from_raw_parts(data.cast(), length) }),
    }
}

/// An allocator, which lives as long as whatever uses it.
///
/// # Safety
///
/// The promises on handles and allocators.
pub unsafe fn allocator(pointer: ddwaf_allocator) -> Option<&'static AllocatorHandle> {
    // SAFETY: promise on handles and allocators.
    unsafe { pointer.as_ref() }
}

/// The pointer to an object, for the caller.
pub fn to_c(slot: Option<Slot>) -> *mut ddwaf_object {
    slot.map_or(ptr::null_mut(), |slot| slot.as_ptr().cast())
}

/// The pointer to an object that the caller may only read.
pub fn to_c_const(object: Option<&Object>) -> *const ddwaf_object {
    object.map_or(ptr::null(), |object| ptr::from_ref(object).cast())
}

/// The object behind a handle.
///
/// # Safety
///
/// The promise on handles.
pub unsafe fn shared<'a, T>(handle: *const T) -> Option<&'a T> {
    // SAFETY: promise on handles.
    unsafe { handle.as_ref() }
}

/// The object behind a handle, if the ABI forbids any other use of it meanwhile.
///
/// # Safety
///
/// The promise on handles.
pub unsafe fn exclusive<'a, T>(handle: *mut T) -> Option<&'a mut T> {
    // SAFETY: promise on handles.
    unsafe { handle.as_mut() }
}

/// A handle for something that the caller now owns.
pub fn hand_out<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// Takes back what [`hand_out`] returned.
///
/// # Safety
///
/// The promise on handles: it came from [`hand_out`] and is not used again.
pub unsafe fn take_back<T>(handle: *mut T) -> Option<Box<T>> {
    // SAFETY: promise on handles: it came from `hand_out` and is not used again.
    unsafe { (!handle.is_null()).then(|| Box::from_raw(handle)) }
}
