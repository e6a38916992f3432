//! Account-takeover detection, by a stand-alone detector or by that of an engine.

use crate::abi::ddwaf_object;
use crate::builder::ddwaf_builder;
use crate::pointers::{bytes, hand_out, object, shared, slot, take_back, to_c_const};
use crate::sdk::{ENDLESS, answer, bartizan_engine, named_answer};
use crate::wall::wall;
use engine::internals::sdk;
use engine::takeover::{Detector, Notification};
use engine::value::{Object, Value};
use std::ffi::{c_char, c_void};
use std::ptr::null_mut;
use std::sync::Arc;

/// A detector, behind the opaque pointer that callers hold.
pub struct DetectorHandle(Arc<Detector>);

/// A detector of account takeover: accounts, signals and blocks. Thread-safe.
pub type bartizan_detector = *mut DetectorHandle;

/// Receives a notification: a map of `kind` (`opened`, `updated`, `escalated`, `compromised_user`, `response`, `closed` or
/// `health`), `seq`, `at`, `title`, `signal` and `delta`, valid during the call. The callback runs on the thread that calls
/// `tick` or `advance`, or ends a request of the engine. No lock is held, so it may call the library.
pub type bartizan_notification_cb =
    Option<unsafe extern "C" fn(notification: *const ddwaf_object, user_data: *mut c_void)>;

/// Receives a piece of a file, valid during the call. Returns false to end the export.
pub type bartizan_piece_cb =
    Option<unsafe extern "C" fn(piece: *const c_char, length: usize, user_data: *mut c_void) -> bool>;

/// The caller's data pointer, which is passed to callbacks.
#[derive(Clone, Copy)]
struct UserData(*mut c_void);

// SAFETY: the pointer is never dereferenced; callers promise that any thread may pass it to their callback.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    /// Returns the pointer. A closure that calls this captures the whole `UserData`, which is `Send`, rather than the
    /// pointer in it.
    fn pointer(self) -> *mut c_void {
        self.0
    }
}

/// Creates a stand-alone detector, for hosts that do not use the requests of an engine, for tests and for replays.
///
/// @param settings     A map: `config` (a document with the key `bartizan_ato`), `clock` (`system`, or `manual`: then
///                     `advance` moves it, and the times of events are used), `start_ms` (of a manual clock), `service`
///                     and `env` (of events that name none). Any other name is an error. Only read.
/// @param report       Overwritten with a map: the `diagnostics` of the document, or an `error`. The caller destroys it
///                     with the default allocator. May be NULL.
/// @return the detector, to be destroyed with bartizan_detector_destroy; NULL, with `error` in the report, if a setting
///         cannot be used. The diagnostics list what is invalid in the document; the rest of it is in use.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_detector_init(
    settings: *const ddwaf_object,
    report: *mut ddwaf_object,
) -> bartizan_detector {
    // SAFETY: promise on objects.
    unsafe { make(settings, report, sdk::new_detector) }
}

/// Creates a detector that continues where another one stopped.
///
/// @param settings         As for bartizan_detector_init; the configuration is not part of a snapshot, and signals of rules
///                         that `config` does not have are lost.
/// @param snapshot         The result of the function `snapshot`: snapshot_length bytes, to be kept secret. Only read.
/// @param report           As for bartizan_detector_init; `error` may also say that the snapshot cannot be read.
/// @return the detector; NULL, with `error` in the report, if a setting or the snapshot cannot be used.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects and bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_detector_restore(
    settings: *const ddwaf_object,
    snapshot: *const c_char,
    snapshot_length: usize,
    report: *mut ddwaf_object,
) -> bartizan_detector {
    // SAFETY: promises on objects and bytes.
    unsafe {
        let Some(snapshot) = bytes(snapshot, snapshot_length) else { return null_mut() };
        make(settings, report, |settings| sdk::restore_detector(settings, snapshot))
    }
}

/// Creates a detector, and fills its report.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects.
unsafe fn make(
    settings: *const ddwaf_object,
    report: *mut ddwaf_object,
    made: impl FnOnce(&Object) -> Result<(Detector, Value), String>,
) -> bartizan_detector {
    // SAFETY: promise on objects.
    wall(null_mut(), || unsafe {
        let Some(settings) = object(settings) else { return null_mut() };
        let made = if settings.is_endless() { Err(ENDLESS.into()) } else { made(settings) };
        let (detector, said) = match made {
            Ok((detector, said)) => (hand_out(DetectorHandle(Arc::new(detector))), said),
            Err(error) => (null_mut(), Value::from_entries([("error", error)])),
        };
        if let Some(report) = slot(report) {
            report.put(said);
        }
        detector
    })
}

/// Returns the detector of an engine. It stays valid after the engine is released. Thread-safe.
///
/// @return the detector, to be destroyed with bartizan_detector_destroy; NULL if detection is turned off, and for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_engine_detector(engine: bartizan_engine) -> bartizan_detector {
    // SAFETY: promise on handles.
    wall(null_mut(), || unsafe {
        let detector = shared(engine).and_then(|engine| engine.engine().takeover());
        detector.map_or(null_mut(), |detector| hand_out(DetectorHandle(detector.clone())))
    })
}

/// Takes the sections `bartizan_ato` of a builder's configurations, in place of those that the detector took from a builder
/// before; documents that were applied under other paths stay. Thread-safe with regard to the detector.
///
/// @param diagnostics  Overwritten with a map from the paths of these configurations to their diagnostics. The caller
///                     destroys it with the default allocator. May be NULL.
/// @return false, with diagnostics untouched, if detector or builder is NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles and objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_takeover_apply(
    detector: bartizan_detector,
    builder: ddwaf_builder,
    diagnostics: *mut ddwaf_object,
) -> bool {
    // SAFETY: promises on handles and objects.
    wall(false, || unsafe {
        let (Some(detector), Some(builder)) = (shared(detector), shared(builder)) else { return false };
        let said = detector.0.apply_builder(&builder.0.load());
        if let Some(diagnostics) = slot(diagnostics) {
            diagnostics.put(said);
        }
        true
    })
}

/// Runs a function of a detector. Thread-safe. See bartizan_call for the conventions.
///
/// - `event` processes an event (`event`, `usr.login`, `usr.id`, `usr.exists`, `ip`, ...) and returns `signals` (the ids of
///   those it affected), `opened` and `escalated`. An invalid event is not an error: it is counted, and `dropped` has the
///   reason.
/// - `assess` takes an attempt, with the same fields, before the password is checked, and returns `decision` (`allow`,
///   `step_up`, `stealth` or `block`), `score` and `reasons`.
/// - `apply` (`path`, `document`) returns `diagnostics`; `remove` (`path`) returns `removed`.
/// - `tick`, to be called about once a second, does pending work and delivers notifications; `advance` (`to_ms`) advances a
///   manual clock; `time` returns `time_ms`.
/// - `signals` (`state`, `min_severity`, `service`, `rule`, `skip`, `limit`) returns `signals`, newest first; `signal`
///   (`id`) returns `signal`; `resolve` (`id`, `how`: `closed`, `false_positive` or `confirmed`) returns `found`.
/// - `block` (`ip`, `cidr`, `user` or `session`; `seconds` or `permanent`; `mode`, `reason`, `signal`) returns `block`;
///   `unblock` and `extend` (a target, or `signal`, `rule`, `kind`, `all`; `seconds` or `permanent`) return `count`; `blocks` (`skip`,
///   `limit`) returns `blocks`, newest first; `audit` returns `audit`.
/// - `export_rules_data` (`max_chunk`) returns `documents` by path, null for one to be removed; `export` (`id`, `file`)
///   returns a whole file in `data`; `define_cluster` (`signal`, `cluster`, `items`) returns `cluster`, `explore` (`signal`,
///   `cluster`: an id or a map of items) returns `hours`, and `isolate` (`signal`) returns `residual` and `present_before`; `snapshot` returns `snapshot`, for bartizan_detector_restore.
/// - `health` returns counters and findings; `forget` (`user` or `ip`) forgets a user or an address; `unsubscribe`
///   (`subscription`) returns `found`.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles, objects and bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_detector_call(
    detector: bartizan_detector,
    function: *const c_char,
    function_length: usize,
    arguments: *const ddwaf_object,
    result: *mut ddwaf_object,
) -> bool {
    // SAFETY: promises on handles, bytes and objects.
    unsafe {
        let run = |name: &str, arguments: &Object| Some(sdk::call_detector(&shared(detector)?.0, name, arguments));
        named_answer(function, function_length, arguments, result, run)
    }
}

/// Adds a subscriber, which is called with each notification from now on. Thread-safe.
///
/// @param wanted       A map: `min_severity`, `categories`, `services`, `kinds`. A missing key does not filter. Only
///                     read.
/// @param callback     Called once for each notification, on any thread. It must not unwind.
/// @param user_data    Passed to it. It must stay valid until `unsubscribe` has returned and no other thread ticks.
/// @param result       Overwritten with a map: `subscription`, the number for `unsubscribe`, or an `error`. The
///                     caller destroys it with the default allocator.
/// @return true if the callback is registered; false with an `error` in the result, or with result untouched if a
///         pointer other than user_data is NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles and objects; the callback can be called on any thread with the user
/// data, and does not unwind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_detector_subscribe(
    detector: bartizan_detector,
    wanted: *const ddwaf_object,
    callback: bartizan_notification_cb,
    user_data: *mut c_void,
    result: *mut ddwaf_object,
) -> bool {
    let user_data = UserData(user_data);
    let subscribe = |wanted: &Object| {
        let callback = callback?;
        let hand_over = move |notification: &Notification| {
            let map = notification.to_value();
            // SAFETY: the caller promised that any thread may call the function with this data; the map outlives the call.
            unsafe { callback(to_c_const(Some(&map)), user_data.pointer()) }
        };
        // SAFETY: promise on handles.
        let detector = unsafe { shared(detector) }?;
        Some(match sdk::subscribe(&detector.0, wanted, Arc::new(hand_over)) {
            Ok(number) => Value::from_entries([("subscription", number)]),
            Err(error) => Value::from_entries([("error", error)]),
        })
    };
    // SAFETY: promise on objects.
    unsafe { answer(wanted, result, subscribe) }
}

/// Exports a file about a signal, piece by piece. Thread-safe.
///
/// @param arguments    A map: `id` of the signal, and `file`: `targeted_users.csv`, `ips.csv`, `compromised.csv`,
///                     `events.csv` or `events.ndjson`. Only read.
/// @param callback     Called with each piece in turn, before this function returns. It must not unwind.
/// @param user_data    Passed to it.
/// @param result       Overwritten with a map: `found` (the signal exists) and `complete` (the callback took all pieces),
///                     or an `error`. The caller destroys it with the default allocator.
/// @return true if the file was exported or the signal does not exist; false with an `error` in the result, or with result
///         untouched if a pointer other than user_data is NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles and objects; the callback does not unwind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_detector_export(
    detector: bartizan_detector,
    arguments: *const ddwaf_object,
    callback: bartizan_piece_cb,
    user_data: *mut c_void,
    result: *mut ddwaf_object,
) -> bool {
    let export = |arguments: &Object| {
        let callback = callback?;
        // SAFETY: promise on handles.
        let detector = unsafe { shared(detector) }?;
        Some(match sdk::export(&detector.0, arguments) {
            Ok(pieces) => {
                let found = pieces.is_some();
                // SAFETY: the caller passed a function of this type; the piece outlives the call.
                let mut takes = |piece: Vec<u8>| unsafe { callback(piece.as_ptr().cast(), piece.len(), user_data) };
                let complete = pieces.into_iter().flatten().all(&mut takes);
                Value::from_entries([("found", found), ("complete", complete)])
            }
            Err(error) => Value::from_entries([("error", error)]),
        })
    };
    // SAFETY: promise on objects.
    unsafe { answer(arguments, result, export) }
}

/// Releases a detector. Does nothing for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_detector_destroy(detector: bartizan_detector) {
    // SAFETY: promise on handles.
    wall((), || drop(unsafe { take_back(detector) }));
}
