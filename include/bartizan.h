/* What bartizan offers beyond the interface of libddwaf.
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
 * The engine of a process: the current rules, what remote configuration changed, denylist and limits. Thread-safe.
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
 * @return the version of bartizan itself, "major.minor.patch"; ddwaf_get_version tells which libddwaf it stands in for.
 *         Static, never NULL, not to be freed.
 */
const char *bartizan_version(void);

/**
 * Tells what is doubtful about the configurations a builder has now: rules that ask for actions that are not configured or
 * look at addresses that nobody is known to submit, patterns that were refused (a look-ahead, say) in full, keys that are no
 * sections, rulesets without rules. The diagnostics of ddwaf_builder_add_or_update_config are silent about most of these.
 *
 * @param warnings  Overwritten with an array of maps of strings: `kind`, `path` (of the configuration), `section`, `id` (of
 *                  the element; empty for a section as a whole), `message`. The caller's, to be destroyed with the default
 *                  allocator. May be NULL.
 * @return how many warnings there are; 0, with warnings untouched, if builder is NULL.
 */
size_t bartizan_builder_warnings(ddwaf_builder builder,
                                 ddwaf_object *warnings);

/**
 * Runs a function that remembers nothing. Each takes a map of arguments and gives a map.
 *
 * @param function         The name, of function_length bytes.
 * @param arguments        A map. Only read.
 * @param result           Overwritten with a map; the caller's, to be destroyed with the default allocator. `error` in it
 *                         says which argument cannot be used; one that contains itself never can.
 * @return true if the function was run; false with an `error` in the result, or with result untouched if a pointer is
 *         NULL.
 */
bool bartizan_call(const char *function,
                   size_t function_length,
                   const ddwaf_object *arguments,
                   ddwaf_object *result);

/**
 * Makes an engine.
 *
 * @param settings     A map: `rules`, `local_rules`, `enabled`, `environment`, `trace_rate_limit`, `schema_delay`,
 *                     `timeout_us`, `host`, `propagate`, `on_incomplete`, `client_ip_header` and `trusted_proxies` (an array
 *                     of addresses and networks). Any other name is an error. Only read.
 * @param report       Overwritten with a map that says what was loaded and refused: `diagnostics` of the rules, as
 *                     ddwaf_builder_add_or_update_config gives them, with `warnings` beside the sections, as
 *                     bartizan_builder_warnings gives them; `warnings` about settings, and a `report` on the first batch.
 *                     The caller's, to be destroyed with the default allocator. May be NULL.
 * @return the engine, to be destroyed with bartizan_engine_destroy; NULL, with `error` in the report, if a setting cannot
 *         be used; NULL, with `error` and `diagnostics`, if the rules cannot.
 */
bartizan_engine bartizan_engine_init(const ddwaf_object *settings,
                                     ddwaf_object *report);

/**
 * Runs a function of an engine: `apply_remote`, `config_warnings`, `products`, `mode`, those of the denylist, or any that
 * bartizan_call knows. Thread-safe. See bartizan_call for the rest.
 */
bool bartizan_engine_call(bartizan_engine engine,
                          const char *function,
                          size_t function_length,
                          const ddwaf_object *arguments,
                          ddwaf_object *result);

/**
 * Gives an engine up. Requests made from it live on. Does nothing for NULL.
 */
void bartizan_engine_destroy(bartizan_engine engine);

/**
 * Begins a request with the rules of this moment. Thread-safe.
 *
 * @return the request, to be destroyed with bartizan_request_destroy; NULL for NULL.
 */
bartizan_request bartizan_request_init(bartizan_engine engine);

/**
 * Runs a function of a request: `start`, `run`, `operation`, `business_event`, any call about users, `is_user_blocked`,
 * `block_request`, `response`, `block_response`, `finish`. See bartizan_call for the rest.
 */
bool bartizan_request_call(bartizan_request request,
                           const char *function,
                           size_t function_length,
                           const ddwaf_object *arguments,
                           ddwaf_object *result);

/**
 * Gives a request up. Does nothing for NULL.
 */
void bartizan_request_destroy(bartizan_request request);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* BARTIZAN_H */
