/* Runs the functions about users and HTTP over files of recorded answers and compares what comes back.
 *
 *   sdk sdk.jsonl anonymize.jsonl user_events.jsonl client_ip.jsonl requests.jsonl
 *
 * A line of the first is {"function", "arguments", "result"}, where every member of the result must be in the answer. In
 * the next three the line itself has the arguments, and the answer is under "anon" or "expect". A line of the last has
 * the settings of an engine, optionally calls of the engine, and the steps of a request, or the error that the settings
 * cause. Finally, a request is taken from its first header to its report. */

#define _POSIX_C_SOURCE 200809L

#include "bartizan.h"
#include "check.h"
#include "compare.h"
#include "lines.h"

#include <stdlib.h>

/* Destroys the result. Null stands for a missing member. */
static bool has_members(ddwaf_object result, bool succeeded, const char *function, size_t length,
                        const ddwaf_object *arguments, const ddwaf_object *expected)
{
    bool agreed = succeeded == (get(&result, "error") == NULL);
    for (size_t i = 0; i < ddwaf_object_get_size(expected); i++) {
        const ddwaf_object *key = ddwaf_object_at_key(expected, i), *value = ddwaf_object_at_value(expected, i);
        size_t key_length = 0;
        const char *name = ddwaf_object_get_string(key, &key_length);
        bool absent = ddwaf_object_is_null(value) && ddwaf_object_find(&result, name, key_length) == NULL;
        agreed = agreed && (absent || has_entry(&result, key, value));
    }
    if (!agreed) {
        fprintf(stderr, "%.*s: ", (int)length, function);
        print(arguments);
        fputs("\n gives ", stderr);
        print(&result);
        fputs("\n", stderr);
    }
    ddwaf_object_destroy(&result, ddwaf_get_default_allocator());
    return agreed;
}

static bool agrees(const char *function, size_t length, const ddwaf_object *arguments, const ddwaf_object *expected)
{
    ddwaf_object result;
    bool succeeded = bartizan_call(function, length, arguments, &result);
    return has_members(result, succeeded, function, length, arguments, expected);
}

/* One step of a line: a function, its arguments, and members of its answer. */
static bool run_step(const ddwaf_object *step, bartizan_engine engine, bartizan_request request)
{
    ddwaf_object result;
    const ddwaf_object *arguments = ddwaf_object_at_value(step, 1);
    size_t length = 0;
    const char *function = ddwaf_object_get_string(ddwaf_object_at_value(step, 0), &length);
    bool succeeded = request != NULL ? bartizan_request_call(request, function, length, arguments, &result)
                                     : bartizan_engine_call(engine, function, length, arguments, &result);
    return has_members(result, succeeded, function, length, arguments, ddwaf_object_at_value(step, 2));
}

/* A whole request with its own engine. */
static bool run_request(const ddwaf_object *line)
{
    ddwaf_object report;
    const ddwaf_object *error = get(line, "error"), *before = get(line, "engine"), *steps = get(line, "steps"),
                       *after = get(line, "after");
    bartizan_engine engine = bartizan_engine_init(get(line, "settings"), &report);
    bool agreed = error == NULL ? engine != NULL : equal(get(&report, "error"), error);
    for (size_t i = 0; agreed && before != NULL && i < ddwaf_object_get_size(before); i++) {
        agreed = run_step(ddwaf_object_at_value(before, i), engine, NULL);
    }
    bartizan_request request = bartizan_request_init(engine);
    for (size_t i = 0; agreed && i < ddwaf_object_get_size(steps); i++) {
        agreed = run_step(ddwaf_object_at_value(steps, i), engine, request);
    }
    for (size_t i = 0; agreed && after != NULL && i < ddwaf_object_get_size(after); i++) {
        agreed = run_step(ddwaf_object_at_value(after, i), engine, NULL);
    }
    bartizan_request_destroy(request);
    bartizan_engine_destroy(engine);
    ddwaf_object_destroy(&report, ddwaf_get_default_allocator());
    return agreed;
}

static bool run_line(const ddwaf_object *line)
{
    const ddwaf_object *expected = get(line, "expect");
    if (get(line, "settings") != NULL) {
        return run_request(line);
    }
    if (get(line, "function") != NULL) {
        size_t length = 0;
        const char *function = ddwaf_object_get_string(get(line, "function"), &length);
        return agrees(function, length, get(line, "arguments"), get(line, "result"));
    }
    if (get(line, "peer") != NULL) {
        return agrees("client_ip", 9, line, expected);
    }
    if (get(line, "calls") != NULL) {
        return agrees("user_events", 11, line, expected);
    }
    /* The answer of a pseudonym is one member of the line; an unpaired surrogate is written with an escape. */
    ddwaf_object result, arguments;
    const char surrogate[] = "\xed\xa0\x80";
    bool escaped = get(line, "input_utf16_escape") != NULL;
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    ddwaf_object_set_map(&arguments, 1, alloc);
    ddwaf_object_set_string(ddwaf_object_insert_key(&arguments, "input", 5, alloc), surrogate, 3, alloc);
    bool agreed = bartizan_call("anonymize", 9, escaped ? &arguments : line, &result) &&
                  equal(get(&result, "anon"), get(line, "anon"));
    ddwaf_object_destroy(&arguments, alloc);
    ddwaf_object_destroy(&result, alloc);
    return agreed;
}

static ddwaf_object call(bartizan_request request, const char *function, const char *json)
{
    ddwaf_object arguments = parse(json), result;
    CHECK(bartizan_request_call(request, function, strlen(function), &arguments, &result));
    ddwaf_object_destroy(&arguments, ddwaf_get_default_allocator());
    return result;
}

static void expect(ddwaf_object result, const char *key, const char *json)
{
    ddwaf_object expected = parse(json);
    CHECK(equal(get(&result, key), get(&expected, "is")));
    ddwaf_object_destroy(&expected, ddwaf_get_default_allocator());
    ddwaf_object_destroy(&result, ddwaf_get_default_allocator());
}

static void block_at_run_time(void)
{
    ddwaf_object settings = parse("{\"enabled\": true, \"rules\": {\"rules\": []}}"), report, arguments, result;
    bartizan_engine engine = bartizan_engine_init(&settings, &report);
    CHECK(engine != NULL);
    ddwaf_object_destroy(&settings, ddwaf_get_default_allocator());
    ddwaf_object_destroy(&report, ddwaf_get_default_allocator());

    arguments = parse("{\"user\": \"bob\"}");
    CHECK(bartizan_engine_call(engine, "block", 5, &arguments, &result));
    ddwaf_object_destroy(&arguments, ddwaf_get_default_allocator());
    ddwaf_object_destroy(&result, ddwaf_get_default_allocator());

    bartizan_request request = bartizan_request_init(engine);
    bartizan_engine_destroy(engine);
    expect(call(request, "start", "{\"headers\": {\"accept\": \"text/html\"}}"), "blocked", "{\"is\": false}");
    expect(call(request, "set_user", "{\"user\": {\"id\": \"alice\"}}"), "blocked", "{\"is\": false}");
    expect(call(request, "set_user", "{\"user\": {\"id\": \"bob\"}}"), "blocked", "{\"is\": true}");
    expect(call(request, "block_response", "{}"), "status", "{\"is\": 403}");
    expect(call(request, "finish", "{}"), "keep", "{\"is\": true}");
    bartizan_request_destroy(request);
}

static void bad_pointers(void)
{
    ddwaf_object map = parse("{}"), misspelt = parse("{\"rulez\": 1}"), result;
    CHECK(!bartizan_call(NULL, 3, &map, &result) && !bartizan_call("user_id", 7, NULL, &result));
    CHECK(!bartizan_call("user_id", 7, &map, NULL));
    CHECK(bartizan_engine_init(NULL, NULL) == NULL && bartizan_engine_init(&misspelt, NULL) == NULL);
    CHECK(bartizan_request_init(NULL) == NULL && !bartizan_request_call(NULL, "run", 3, &map, &result));
    CHECK(!bartizan_engine_call(NULL, "mode", 4, &map, &result));
    bartizan_engine_destroy(NULL);
    bartizan_request_destroy(NULL);
    ddwaf_object_destroy(&map, ddwaf_get_default_allocator());
    ddwaf_object_destroy(&misspelt, ddwaf_get_default_allocator());
}

int main(int argc, char **argv)
{
    bool passed = run_files(argc - 1, argv + 1, run_line);
    block_at_run_time();
    bad_pointers();
    return !passed;
}
