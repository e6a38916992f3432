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
 * @param settings     A map: `rules`, `local_rules`, `enabled`, `environment`, `trace_rate_limit`, `schema_delay`,
 *                     `timeout_us`, `host`, `propagate`, `on_incomplete`, `client_ip_header` and `trusted_proxies` (an
 *                     array of addresses and networks). Any other name is an error. Only read.
 * @param report       Overwritten with a map that says what was loaded and refused: `diagnostics` of the rules, as
 *                     from ddwaf_builder_add_or_update_config, with `warnings` beside the sections, as from
 *                     bartizan_builder_warnings; `warnings` about settings, and a `report` on the first batch. The
 *                     caller destroys it with the default allocator. May be NULL.
 * @return the engine, to be destroyed with bartizan_engine_destroy; NULL, with `error` in the report, if a setting
 *         cannot be used; NULL, with `error` and `diagnostics`, if the rules cannot.
 */
bartizan_engine bartizan_engine_init(const ddwaf_object *settings, ddwaf_object *report);

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
 * Runs a function of a request: `start`, `run`, `operation`, `business_event`, any call about users,
 * `is_user_blocked`, `block_request`, `response`, `block_response`, `finish`. See bartizan_call for the rest.
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

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* BARTIZAN_H */
