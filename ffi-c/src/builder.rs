//! The builder, which makes handles from configurations under paths.

use crate::abi::ddwaf_object;
use crate::handle::{WafHandle, ddwaf_handle};
use crate::pointers::{bytes, hand_out, object, shared, slot, take_back};
use crate::wall::wall;
use engine::Builder;
use engine::internals::sdk;
use engine::internals::support::fork::Versioned;
use engine::value::Value;
use std::ffi::c_char;
use std::ptr::null_mut;

/// A builder, behind the opaque pointer that callers hold.
///
/// If the process forks while a thread changes it, the child finds it in the state before the change.
pub struct BuilderHandle(pub(crate) Versioned<Builder>);

/// Holds configurations under their paths and makes instances from them. For one thread at a time.
pub type ddwaf_builder = *mut BuilderHandle;

/// Creates an empty builder.
///
/// @return the builder, to be destroyed with ddwaf_builder_destroy.
#[unsafe(no_mangle)]
pub extern "C" fn ddwaf_builder_init() -> ddwaf_builder {
    wall(null_mut(), || hand_out(BuilderHandle(Versioned::default())))
}

/// Loads a configuration under a path, replacing the one there. Path and configuration are copied. If nothing of the
/// configuration can be loaded, the previous one is still removed; if it is not a map, the previous one is kept.
///
/// @param path         Any bytes; they identify the configuration.
/// @param diagnostics  Overwritten with a map that says what was loaded, skipped and refused, and why; the caller
///                     destroys it with the default allocator. May be NULL. It has a section `bartizan_ato` only if the
///                     configuration has this key, which is for bartizan_takeover_apply and does not affect instances.
/// @return whether the configuration was accepted; false, with diagnostics untouched, if builder, path or config is
///         NULL or the path is empty.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles, objects and bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_builder_add_or_update_config(
    builder: ddwaf_builder,
    path: *const c_char,
    path_len: u32,
    config: *const ddwaf_object,
    diagnostics: *mut ddwaf_object,
) -> bool {
    // SAFETY: promises on handles, bytes and objects.
    wall(false, || unsafe {
        let (Some(builder), Some(config)) = (shared(builder), object(config)) else { return false };
        let Some(path) = path_bytes(path, path_len) else { return false };
        let added = builder.0.change(|builder| sdk::add_config(builder, path, config));
        if let Some(diagnostics) = slot(diagnostics) {
            diagnostics.put(added.diagnostics.to_value());
        }
        added.accepted
    })
}

/// Removes the configuration of a path.
///
/// @return whether there was one; false also for NULL and for an empty path.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles and bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_builder_remove_config(
    builder: ddwaf_builder,
    path: *const c_char,
    path_len: u32,
) -> bool {
    // SAFETY: promises on handles and bytes.
    wall(false, || unsafe {
        let (Some(builder), Some(path)) = (shared(builder), path_bytes(path, path_len)) else { return false };
        builder.0.change(|builder| builder.remove(path))
    })
}

/// Makes an instance of all present configurations. The builder can make further instances, and may be destroyed before
/// them.
///
/// @return the instance, to be destroyed with ddwaf_destroy; NULL for NULL, and if there is nothing to evaluate.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_builder_build_instance(builder: ddwaf_builder) -> ddwaf_handle {
    wall(null_mut(), || {
        // SAFETY: promise on handles.
        let waf = unsafe { shared(builder) }.and_then(|builder| builder.0.change(Builder::build));
        waf.map_or(null_mut(), |waf| hand_out(WafHandle::new(waf)))
    })
}

/// Lists the paths of the present configurations, in no particular order.
///
/// @param paths   Overwritten with an array of strings; the caller destroys it with the default allocator. May be NULL.
/// @param filter  A regular expression (RE2 syntax) that matches part of a path; NULL or empty selects all paths, an
///                invalid one none.
/// @return the number of paths; 0, with paths untouched, if builder is NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles, objects and bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_builder_get_config_paths(
    builder: ddwaf_builder,
    paths: *mut ddwaf_object,
    filter: *const c_char,
    filter_len: u32,
) -> u32 {
    // SAFETY: promises on handles, bytes and objects.
    wall(0, || unsafe {
        let Some(builder) = shared(builder) else { return 0 };
        let filter = bytes(filter, filter_len as usize).filter(|filter| !filter.is_empty());
        let builder = builder.0.load();
        let found = builder.paths(filter);
        let count = found.len() as u32;
        if let Some(paths) = slot(paths) {
            paths.put(found.into_iter().collect::<Value>());
        }
        count
    })
}

/// Destroys a builder; instances made with it live on. Does nothing for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_builder_destroy(builder: ddwaf_builder) {
    // SAFETY: promise on handles.
    wall((), || drop(unsafe { take_back(builder) }));
}

/// A non-empty path.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of bytes.
unsafe fn path_bytes<'a>(path: *const c_char, length: u32) -> Option<&'a [u8]> {
    // SAFETY: promise on bytes.
    unsafe { bytes(path, length as usize) }.filter(|path| !path.is_empty())
}
