//! The version of the compatible libddwaf.

use std::ffi::c_char;

/// NUL-terminated, for C.
const fn terminated<const N: usize>(text: &str) -> [u8; N] {
    let (bytes, mut out, mut i) = (text.as_bytes(), [0; N], 0);
    while i < bytes.len() {
        out[i] = bytes[i];
        i += 1;
    }
    out
}

static VERSION: [u8; engine::ENGINE_VERSION.len() + 1] = terminated(engine::ENGINE_VERSION);

/// @return the version of libddwaf whose behaviour this library implements, "major.minor.patch"; the rules' min_version
/// and max_version are compared with it. Static, never NULL, not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn ddwaf_get_version() -> *const c_char {
    VERSION.as_ptr().cast()
}
