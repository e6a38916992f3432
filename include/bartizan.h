/* What bartizan adds to the interface of libddwaf.
 *
 * Written from the sources in ffi-c/src by cbindgen: do not edit. The conventions of ddwaf.h hold.
 */

#ifndef BARTIZAN_H
#define BARTIZAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ddwaf.h"

/**
 * A detector, behind the opaque pointer that callers hold.
 */
typedef struct _bartizan_detector _bartizan_detector;

/**
 * An engine, behind the opaque pointer that callers hold.
 */
typedef struct _bartizan_engine _bartizan_engine;

/**
 * A request, behind the opaque pointer that callers hold.
 */
typedef struct _bartizan_request _bartizan_request;

/**
 * The engine of a process: the current rules, the effects of remote configuration, denylist and limits. Thread-safe.
 */
typedef struct _bartizan_engine *bartizan_engine;

/**
 * One request. For one thread at a time.
 */
typedef struct _bartizan_request *bartizan_request;

/**
 * A detector of account takeover: accounts, signals and blocks. Thread-safe.
 */
typedef struct _bartizan_detector *bartizan_detector;

/**
 * Receives a notification: a map of `kind` (`opened`, `updated`, `escalated`, `compromised_user`, `response`, `closed` or
 * `health`), `seq`, `at`, `title`, `signal` and `delta`, valid during the call. The callback runs on the thread that calls
 * `tick` or `advance`, or ends a request of the engine. No lock is held, so it may call the library.
 */
typedef void (*bartizan_notification_cb)(const ddwaf_object *notification, void *user_data);

/**
 * Receives a piece of a file, valid during the call. Returns false to end the export.
 */
typedef bool (*bartizan_piece_cb)(const char *piece, size_t length, void *user_data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * @return the version of bartizan itself, "major.minor.patch"; ddwaf_get_version returns that of the compatible
 * libddwaf. Static, never NULL, not to be freed.
 */
const char *bartizan_version(void);

/**
 * Lists warnings about the current configurations of a builder: rules that refer to unconfigured actions or to
 * addresses under which no data is known to be submitted, refused patterns (a look-ahead, for example) in full,
 * unknown sections, and rulesets without rules. The diagnostics of ddwaf_builder_add_or_update_config do not mention
 * most of these.
 *
 * @param warnings  Overwritten with an array of maps of strings: `kind`, `path` (of the configuration), `section`,
 *                  `id` (of the element; empty for a section as a whole), `message`. The caller destroys it with the
 *                  default allocator. May be NULL.
 * @return the number of warnings; 0, with warnings untouched, if builder is NULL.
 */
size_t bartizan_builder_warnings(ddwaf_builder builder, ddwaf_object *warnings);

/**
 * Runs a stateless function, which takes a map of arguments and returns a map.
 *
 * @param function         The name, of function_length bytes.
 * @param arguments        A map. Only read.
 * @param result           Overwritten with a map, which the caller destroys with the default allocator. Its `error`
 *                         says which argument cannot be used; one that contains itself never can.
 * @return true if the function was run; false with an `error` in the result, or with result untouched if a pointer is
 *         NULL.
 */
bool bartizan_call(const char *function, size_t function_length, const ddwaf_object *arguments, ddwaf_object *result);

/**
 * Creates an engine.
 *
 * @param settings     A map of the settings that `SETTINGS.md` lists; what is not given is read from the environment
 *                     variables of that list. Any other name is an error. An empty map makes an engine with the built-in
 *                     rules, which report; with the `mode` `block` they block. Only read.
 * @param report       Overwritten with a map that says what was loaded and refused: `diagnostics` of the rules, as
 *                     from ddwaf_builder_add_or_update_config, with `warnings` beside the sections, as from
 *                     bartizan_builder_warnings; `warnings` about settings, and a `report` on the first batch. The
 *                     caller destroys it with the default allocator. May be NULL.
 * @return the engine, to be destroyed with bartizan_engine_destroy; NULL, with `error` in the report, if a setting
 *         cannot be used; NULL, with `error` and `diagnostics`, if the rules cannot.
 */
bartizan_engine bartizan_engine_init(const ddwaf_object *settings,
                                     ddwaf_object *report);

/**
 * Runs a function of an engine: `apply_remote`, `config_warnings`, `products`, `mode`, those of the denylist, or any
 * of bartizan_call, which describes the rest. Thread-safe.
 */
bool bartizan_engine_call(bartizan_engine engine,
                          const char *function,
                          size_t function_length,
                          const ddwaf_object *arguments,
                          ddwaf_object *result);

/**
 * Releases an engine. Its requests remain valid. Does nothing for NULL.
 */
void bartizan_engine_destroy(bartizan_engine engine);

/**
 * Begins a request with the current rules. Thread-safe.
 *
 * @return the request, to be destroyed with bartizan_request_destroy; NULL for NULL.
 */
bartizan_request bartizan_request_init(bartizan_engine engine);

/**
 * Takes the next piece of a request's body, after the function `head`. The function `body_end` then evaluates what was
 * taken. The caller keeps the bytes.
 *
 * @param piece        Bytes as they came over the wire, `length` of them.
 * @return whether more of the body is read; false once the engine's `body_limit` is reached, if nothing is evaluated, or
 *         if a pointer is NULL.
 */
bool bartizan_request_body(bartizan_request request,
                           const char *piece,
                           size_t length);

/**
 * Runs a function of a request: `start`, or `head` and `body_end`; `run`, `operation`, `business_event`, any call about
 * users, `is_user_blocked`, `block_request`, `response`, `block_response`, `finish`. See bartizan_call for the rest.
 */
bool bartizan_request_call(bartizan_request request,
                           const char *function,
                           size_t function_length,
                           const ddwaf_object *arguments,
                           ddwaf_object *result);

/**
 * Releases a request. Does nothing for NULL.
 */
void bartizan_request_destroy(bartizan_request request);

/**
 * Creates a stand-alone detector, for hosts that do not use the requests of an engine, for tests and for replays.
 *
 * @param settings     A map: `config` (a document with the key `bartizan_ato`), `clock` (`system`, or `manual`: then
 *                     `advance` moves it, and the times of events are used), `start_ms` (of a manual clock), `service`
 *                     and `env` (of events that name none). Any other name is an error. Only read.
 * @param report       Overwritten with a map: the `diagnostics` of the document, or an `error`. The caller destroys it
 *                     with the default allocator. May be NULL.
 * @return the detector, to be destroyed with bartizan_detector_destroy; NULL, with `error` in the report, if a setting
 *         cannot be used. The diagnostics list what is invalid in the document; the rest of it is in use.
 */
bartizan_detector bartizan_detector_init(const ddwaf_object *settings, ddwaf_object *report);

/**
 * Creates a detector that continues where another one stopped.
 *
 * @param settings         As for bartizan_detector_init; the configuration is not part of a snapshot, and signals of rules
 *                         that `config` does not have are lost.
 * @param snapshot         The result of the function `snapshot`: snapshot_length bytes, to be kept secret. Only read.
 * @param report           As for bartizan_detector_init; `error` may also say that the snapshot cannot be read.
 * @return the detector; NULL, with `error` in the report, if a setting or the snapshot cannot be used.
 */
bartizan_detector bartizan_detector_restore(const ddwaf_object *settings,
                                            const char *snapshot,
                                            size_t snapshot_length,
                                            ddwaf_object *report);

/**
 * Returns the detector of an engine. It stays valid after the engine is released. Thread-safe.
 *
 * @return the detector, to be destroyed with bartizan_detector_destroy; NULL if detection is turned off, and for NULL.
 */
bartizan_detector bartizan_engine_detector(bartizan_engine engine);

/**
 * Takes the sections `bartizan_ato` of a builder's configurations, in place of those that the detector took from a builder
 * before; documents that were applied under other paths stay. Thread-safe with regard to the detector.
 *
 * @param diagnostics  Overwritten with a map from the paths of these configurations to their diagnostics. The caller
 *                     destroys it with the default allocator. May be NULL.
 * @return false, with diagnostics untouched, if detector or builder is NULL.
 */
bool bartizan_takeover_apply(bartizan_detector detector,
                             ddwaf_builder builder,
                             ddwaf_object *diagnostics);

/**
 * Runs a function of a detector. Thread-safe. See bartizan_call for the conventions.
 *
 * - `event` processes an event (`event`, `usr.login`, `usr.id`, `usr.exists`, `ip`, ...) and returns `signals` (the ids of
 *   those it affected), `opened` and `escalated`. An invalid event is not an error: it is counted, and `dropped` has the
 *   reason.
 * - `assess` takes an attempt, with the same fields, before the password is checked, and returns `decision` (`allow`,
 *   `step_up`, `stealth` or `block`), `score` and `reasons`.
 * - `apply` (`path`, `document`) returns `diagnostics`; `remove` (`path`) returns `removed`.
 * - `tick`, to be called about once a second, does pending work and delivers notifications; `advance` (`to_ms`) advances a
 *   manual clock; `time` returns `time_ms`.
 * - `signals` (`state`, `min_severity`, `service`, `rule`, `skip`, `limit`) returns `signals`, newest first; `signal`
 *   (`id`) returns `signal`; `resolve` (`id`, `how`: `closed`, `false_positive` or `confirmed`) returns `found`.
 * - `block` (`ip`, `cidr`, `user` or `session`; `seconds` or `permanent`; `mode`, `reason`, `signal`) returns `block`;
 *   `unblock` and `extend` (a target, or `signal`, `rule`, `kind`, `all`; `seconds` or `permanent`) return `count`; `blocks` (`skip`,
 *   `limit`) returns `blocks`, newest first; `audit` returns `audit`.
 * - `export_rules_data` (`max_chunk`) returns `documents` by path, null for one to be removed; `export` (`id`, `file`)
 *   returns a whole file in `data`; `define_cluster` (`signal`, `cluster`, `items`) returns `cluster`, `explore` (`signal`,
 *   `cluster`: an id or a map of items) returns `hours`, and `isolate` (`signal`) returns `residual` and `present_before`; `snapshot` returns `snapshot`, for bartizan_detector_restore.
 * - `health` returns counters and findings; `forget` (`user` or `ip`) forgets a user or an address; `unsubscribe`
 *   (`subscription`) returns `found`.
 */
bool bartizan_detector_call(bartizan_detector detector,
                            const char *function,
                            size_t function_length,
                            const ddwaf_object *arguments,
                            ddwaf_object *result);

/**
 * Adds a subscriber, which is called with each notification from now on. Thread-safe.
 *
 * @param wanted       A map: `min_severity`, `categories`, `services`, `kinds`. A missing key does not filter. Only
 *                     read.
 * @param callback     Called once for each notification, on any thread. It must not unwind.
 * @param user_data    Passed to it. It must stay valid until `unsubscribe` has returned and no other thread ticks.
 * @param result       Overwritten with a map: `subscription`, the number for `unsubscribe`, or an `error`. The
 *                     caller destroys it with the default allocator.
 * @return true if the callback is registered; false with an `error` in the result, or with result untouched if a
 *         pointer other than user_data is NULL.
 */
bool bartizan_detector_subscribe(bartizan_detector detector,
                                 const ddwaf_object *wanted,
                                 bartizan_notification_cb callback,
                                 void *user_data,
                                 ddwaf_object *result);

/**
 * Exports a file about a signal, piece by piece. Thread-safe.
 *
 * @param arguments    A map: `id` of the signal, and `file`: `targeted_users.csv`, `ips.csv`, `compromised.csv`,
 *                     `events.csv` or `events.ndjson`. Only read.
 * @param callback     Called with each piece in turn, before this function returns. It must not unwind.
 * @param user_data    Passed to it.
 * @param result       Overwritten with a map: `found` (the signal exists) and `complete` (the callback took all pieces),
 *                     or an `error`. The caller destroys it with the default allocator.
 * @return true if the file was exported or the signal does not exist; false with an `error` in the result, or with result
 *         untouched if a pointer other than user_data is NULL.
 */
bool bartizan_detector_export(bartizan_detector detector,
                              const ddwaf_object *arguments,
                              bartizan_piece_cb callback,
                              void *user_data,
                              ddwaf_object *result);

/**
 * Releases a detector. Does nothing for NULL.
 */
void bartizan_detector_destroy(bartizan_detector detector);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* BARTIZAN_H */
