//! Users, events, blocking and HTTP: functions by name, from a map to a map.

use crate::abi::ddwaf_object;
use crate::pointers::{bytes, exclusive, hand_out, object, shared, slot, take_back};
use crate::wall::{Fuse, wall};
use engine::internals::sdk;
use engine::protect::{Engine, Request, Taken};
use engine::value::{Object, Value};
use std::ffi::c_char;
use std::ptr::null_mut;
use std::sync::Arc;

/// An engine, behind the opaque pointer that callers hold.
pub struct EngineHandle(Arc<Engine>);

impl EngineHandle {
    pub fn engine(&self) -> &Engine {
        &self.0
    }
}

/// A request, behind the opaque pointer that callers hold.
pub struct RequestHandle {
    request: Request,
    fuse: Fuse,
}

/// The engine of a process: the current rules, the effects of remote configuration, denylist and limits. Thread-safe.
pub type bartizan_engine = *mut EngineHandle;

/// One request. For one thread at a time.
pub type bartizan_request = *mut RequestHandle;

/// Runs a stateless function, which takes a map of arguments and returns a map.
///
/// @param function         The name, of function_length bytes.
/// @param arguments        A map. Only read.
/// @param result           Overwritten with a map, which the caller destroys with the default allocator. Its `error`
///                         says which argument cannot be used; one that contains itself never can.
/// @return true if the function was run; false with an `error` in the result, or with result untouched if a pointer is
///         NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects and bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_call(
    function: *const c_char,
    function_length: usize,
    arguments: *const ddwaf_object,
    result: *mut ddwaf_object,
) -> bool {
    // SAFETY: promises on bytes and objects.
    unsafe {
        named_answer(function, function_length, arguments, result, |name, arguments| Some(sdk::call(name, arguments)))
    }
}

/// Creates an engine.
///
/// @param settings     A map of the settings that `SETTINGS.md` lists; what is not given is read from the environment
///                     variables of that list. Any other name is an error. An empty map makes an engine with the built-in
///                     rules, which report; with the `mode` `block` they block. Only read.
/// @param report       Overwritten with a map that says what was loaded and refused: `diagnostics` of the rules, as
///                     from ddwaf_builder_add_or_update_config, with `warnings` beside the sections, as from
///                     bartizan_builder_warnings; `warnings` about settings, and a `report` on the first batch. The
///                     caller destroys it with the default allocator. May be NULL.
/// @return the engine, to be destroyed with bartizan_engine_destroy; NULL, with `error` in the report, if a setting
///         cannot be used; NULL, with `error` and `diagnostics`, if the rules cannot.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_engine_init(
    settings: *const ddwaf_object,
    report: *mut ddwaf_object,
) -> bartizan_engine {
    // SAFETY: promise on objects.
    wall(null_mut(), || unsafe {
        let Some(settings) = object(settings) else { return null_mut() };
        let made = if settings.is_endless() { Err(ENDLESS.into()) } else { sdk::new_engine(settings) };
        let (engine, said) = match made {
            Ok((engine, said)) => (hand_out(EngineHandle(engine)), said),
            Err(error) => (null_mut(), error.to_value()),
        };
        if let Some(report) = slot(report) {
            report.put(said);
        }
        engine
    })
}

/// Runs a function of an engine: `apply_remote`, `config_warnings`, `products`, `mode`, those of the denylist, or any
/// of bartizan_call, which describes the rest. Thread-safe.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles, objects and bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_engine_call(
    engine: bartizan_engine,
    function: *const c_char,
    function_length: usize,
    arguments: *const ddwaf_object,
    result: *mut ddwaf_object,
) -> bool {
    // SAFETY: promises on handles, bytes and objects.
    unsafe {
        let run = |name: &str, arguments: &Object| Some(sdk::call_engine(&shared(engine)?.0, name, arguments));
        named_answer(function, function_length, arguments, result, run)
    }
}

/// Releases an engine. Its requests remain valid. Does nothing for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_engine_destroy(engine: bartizan_engine) {
    // SAFETY: promise on handles.
    wall((), || drop(unsafe { take_back(engine) }));
}

/// Begins a request with the current rules. Thread-safe.
///
/// @return the request, to be destroyed with bartizan_request_destroy; NULL for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_request_init(engine: bartizan_engine) -> bartizan_request {
    // SAFETY: promise on handles.
    wall(null_mut(), || unsafe {
        let Some(engine) = shared(engine) else { return null_mut() };
        hand_out(RequestHandle { request: engine.0.request(), fuse: Fuse::default() })
    })
}

/// Takes the next piece of a request's body, after the function `head`. The function `body_end` then evaluates what was
/// taken. The caller keeps the bytes.
///
/// @param piece        Bytes as they came over the wire, `length` of them.
/// @return whether more of the body is read; false once the engine's `body_limit` is reached, if nothing is evaluated, or
///         if a pointer is NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles and bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_request_body(request: bartizan_request, piece: *const c_char, length: usize) -> bool {
    // SAFETY: promises on handles and bytes.
    wall(false, || unsafe {
        let (Some(RequestHandle { request, fuse }), Some(piece)) = (exclusive(request), bytes(piece, length)) else {
            return false;
        };
        fuse.run(|| request.body(piece)).unwrap_or(false)
    })
}

/// Runs a function of a request: `start`, or `head` and `body_end`; `run`, `operation`, `business_event`, any call about
/// users, `is_user_blocked`, `block_request`, `response`, `block_response`, `finish`. See bartizan_call for the rest.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles, objects and bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_request_call(
    request: bartizan_request,
    function: *const c_char,
    function_length: usize,
    arguments: *const ddwaf_object,
    result: *mut ddwaf_object,
) -> bool {
    // SAFETY: promises on handles, bytes and objects.
    unsafe {
        let run = |name: &str, arguments: &Object| {
            let RequestHandle { request, fuse } = exclusive(request)?;
            fuse.run(|| sdk::call_request(request, name, arguments, Taken::default()))
        };
        named_answer(function, function_length, arguments, result, run)
    }
}

/// Releases a request. Does nothing for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_request_destroy(request: bartizan_request) {
    // SAFETY: promise on handles.
    wall((), || drop(unsafe { take_back(request) }));
}

/// The error about arguments and settings that contain themselves.
pub const ENDLESS: &str = "a value contains itself";

/// Runs a function by its name, from arguments to a result.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of bytes and objects.
pub unsafe fn named_answer(
    function: *const c_char,
    function_length: usize,
    arguments: *const ddwaf_object,
    result: *mut ddwaf_object,
    run: impl FnOnce(&str, &Object) -> Option<Value>,
) -> bool {
    // SAFETY: promises on bytes and objects.
    unsafe {
        let Some(name) = bytes(function, function_length) else { return false };
        answer(arguments, result, |arguments| run(&String::from_utf8_lossy(name), arguments))
    }
}

/// Writes the result of a function: false with an `error` in it, or with the result untouched if `run` returns none.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
pub unsafe fn answer(
    arguments: *const ddwaf_object,
    result: *mut ddwaf_object,
    run: impl FnOnce(&Object) -> Option<Value>,
) -> bool {
    // SAFETY: promises on objects.
    wall(false, || unsafe {
        let (Some(arguments), Some(result)) = (object(arguments), slot(result)) else { return false };
        let refused = arguments.is_endless().then(|| Value::from_entries([("error", ENDLESS)]));
        let Some(value) = refused.or_else(|| run(arguments)) else { return false };
        let succeeded = value.get(b"error").is_none();
        result.put(value);
        succeeded
    })
}
