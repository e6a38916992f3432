//! What this library adds to the interface of libddwaf.

use std::ffi::c_char;

/// @return the version of bartizan itself, "major.minor.patch"; ddwaf_get_version returns that of the compatible
/// libddwaf. Static, never NULL, not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn bartizan_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
