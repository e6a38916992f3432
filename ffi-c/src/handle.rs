//! The handle: an immutable instance, shared by threads, contexts and subcontexts.

use crate::abi::ddwaf_object;
use crate::pointers::{hand_out, object, shared, slot, take_back};
use crate::wall::wall;
use engine::{Builder, Waf};
use std::ffi::{CString, c_char};
use std::ptr;

/// An instance, behind the opaque pointer that callers hold.
pub struct WafHandle(Waf);

/// An instance made from configurations: immutable, for any number of threads.
pub type ddwaf_handle = *mut WafHandle;

/// The names an instance knows as C strings, attached to it so that they live as long as the instance and its contexts.
struct Names {
    addresses: CStrings,
    actions: CStrings,
}

impl WafHandle {
    pub fn new(waf: Waf) -> Self {
        WafHandle(waf)
    }

    pub fn waf(&self) -> &Waf {
        &self.0
    }

    fn names(&self) -> Option<&Names> {
        let of = |names| CStrings::new(names);
        self.0.companion(|| Names { addresses: of(self.0.known_addresses()), actions: of(self.0.known_actions()) })
    }
}

/// An array of C strings.
struct CStrings {
    pointers: Box<[*const c_char]>,
    _strings: Box<[CString]>,
}

// SAFETY: the pointers point into the strings beside them, which never change.
unsafe impl Send for CStrings {}
// SAFETY: as above.
unsafe impl Sync for CStrings {}

impl CStrings {
    fn new<T: AsRef<[u8]>>(names: &[T]) -> Self {
        // C reads a name up to its first NUL.
        let until_nul = |name: &T| name.as_ref().split(|&b| b == 0).next().unwrap_or_default().to_vec();
        let strings: Box<[CString]> = names.iter().filter_map(|name| CString::new(until_nul(name)).ok()).collect();
        CStrings { pointers: strings.iter().map(|string| string.as_ptr()).collect(), _strings: strings }
    }
}

/// Makes an instance of one ruleset.
///
/// @param ruleset      Only read.
/// @param diagnostics  Overwritten with a map that says what was loaded, skipped and refused, and why, even if there is
///                     no instance; the caller destroys it with the default allocator. May be NULL.
/// @return the instance, to be destroyed with ddwaf_destroy; NULL if there is nothing to evaluate. NULL with
///         diagnostics untouched if ruleset is NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_init(ruleset: *const ddwaf_object, diagnostics: *mut ddwaf_object) -> ddwaf_handle {
    // SAFETY: promise on objects.
    wall(ptr::null_mut(), || unsafe {
        let Some(ruleset) = object(ruleset) else { return ptr::null_mut() };
        let mut builder = Builder::new();
        let added = builder.add_or_update(b"default", ruleset);
        if let Some(diagnostics) = slot(diagnostics) {
            diagnostics.put(added.diagnostics.to_value());
        }
        builder.build().map_or(ptr::null_mut(), |waf| hand_out(WafHandle::new(waf)))
    })
}

/// Releases an instance. Its contexts remain valid. Does nothing for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_destroy(handle: ddwaf_handle) {
    // SAFETY: promise on handles.
    wall((), || drop(unsafe { take_back(handle) }));
}

/// The addresses that the rules of an instance use. Thread-safe.
///
/// @param size  Receives the number of addresses.
/// @return NUL-terminated strings, which live as long as the instance and its contexts; the same pointer for every
///         call. NULL, with a size of 0, if there are none and for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles and results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_known_addresses(handle: ddwaf_handle, size: *mut u32) -> *const *const c_char {
    // SAFETY: promise on handles.
    unsafe { list(handle, size, |names| &names.addresses) }
}

/// The types of actions that the rules of an instance can trigger. Thread-safe.
///
/// @param size  Receives the number of types.
/// @return NUL-terminated strings, which live as long as the instance and its contexts; the same pointer for every
///         call. NULL, with a size of 0, if there are none and for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles and results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_known_actions(handle: ddwaf_handle, size: *mut u32) -> *const *const c_char {
    // SAFETY: promise on handles.
    unsafe { list(handle, size, |names| &names.actions) }
}

/// Returns a list of names.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles and results.
unsafe fn list(handle: ddwaf_handle, size: *mut u32, of: impl FnOnce(&Names) -> &CStrings) -> *const *const c_char {
    // SAFETY: promise on handles; a non-null `size` may be written.
    wall(ptr::null(), || unsafe {
        let list =
            shared(handle).and_then(WafHandle::names).map(|names| &of(names).pointers).filter(|list| !list.is_empty());
        if let Some(size) = size.as_mut() {
            *size = list.map_or(0, |list| list.len() as u32);
        }
        list.map_or(ptr::null(), |list| list.as_ptr())
    })
}
