//! What this library offers beyond the interface of libddwaf.

use std::ffi::c_char;

/// @return the version of bartizan itself, "major.minor.patch"; ddwaf_get_version tells which libddwaf it stands in for.
///         Static, never NULL, not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn bartizan_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
