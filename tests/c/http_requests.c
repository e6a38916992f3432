/* Reads the requests of a table from their bytes, and compares the addresses.
 *
 *   http_requests http_requests.jsonl
 *
 * Every request is read twice: as a whole by `read_request`, for its addresses, and in pieces by an engine, for what it
 * says of them. */

#define _POSIX_C_SOURCE 200809L

#include "bartizan.h"
#include "check.h"
#include "compare.h"
#include "lines.h"

static bartizan_engine engine;

static unsigned digit(char character)
{
    return (unsigned)(character <= '9' ? character - '0' : character - 'a' + 10);
}

static void unwrap(const ddwaf_object *from, ddwaf_object *to);

/* Writes the value of a wrapper such as {"$b": digits}; false for any other map. */
static bool unwrap_wrapper(const ddwaf_object *map, ddwaf_object *to)
{
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    const ddwaf_object *hex = get(map, "$b"), *whole = get(map, "$u"), *repeat = get(map, "$repeat"), *pairs = get(map, "$m");
    size_t length = 0;
    if (hex != NULL) {
        const char *digits = ddwaf_object_get_string(hex, &length);
        char *bytes = malloc(length / 2 + 1);
        for (size_t i = 0; i + 1 < length; i += 2) {
            bytes[i / 2] = (char)(digit(digits[i]) << 4 | digit(digits[i + 1]));
        }
        ddwaf_object_set_string(to, bytes, (uint32_t)(length / 2), alloc);
        free(bytes);
    } else if (whole != NULL) {
        ddwaf_object_set_unsigned(to, ddwaf_object_get_unsigned(whole));
    } else if (repeat != NULL) {
        const char *text = ddwaf_object_get_string(ddwaf_object_at_value(repeat, 0), &length);
        size_t times = (size_t)number(ddwaf_object_at_value(repeat, 1));
        char *bytes = malloc(length * times + 1);
        for (size_t i = 0; i < times; i++) {
            memcpy(bytes + i * length, text, length);
        }
        ddwaf_object_set_string(to, bytes, (uint32_t)(length * times), alloc);
        free(bytes);
    } else if (pairs != NULL) {
        ddwaf_object_set_map(to, 0, alloc);
        for (size_t i = 0; i < ddwaf_object_get_size(pairs); i++) {
            ddwaf_object key;
            const ddwaf_object *pair = ddwaf_object_at_value(pairs, i);
            unwrap(ddwaf_object_at_value(pair, 0), &key);
            const char *name = ddwaf_object_get_string(&key, &length);
            unwrap(ddwaf_object_at_value(pair, 1), ddwaf_object_insert_key(to, name, (uint32_t)length, alloc));
            ddwaf_object_destroy(&key, alloc);
        }
    } else {
        return false;
    }
    return true;
}

/* Copies a value of the table, whose depth is bounded, without wrappers. */
static void unwrap(const ddwaf_object *from, ddwaf_object *to)
{
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    size_t size = ddwaf_object_get_size(from), length = 0;
    if (ddwaf_object_is_map(from)) {
        if (size == 1 && unwrap_wrapper(from, to)) {
            return;
        }
        ddwaf_object_set_map(to, 0, alloc);
        for (size_t i = 0; i < size; i++) {
            const char *name = ddwaf_object_get_string(ddwaf_object_at_key(from, i), &length);
            unwrap(ddwaf_object_at_value(from, i), ddwaf_object_insert_key(to, name, (uint32_t)length, alloc));
        }
    } else if (ddwaf_object_is_array(from)) {
        ddwaf_object_set_array(to, 0, alloc);
        for (size_t i = 0; i < size; i++) {
            unwrap(ddwaf_object_at_value(from, i), ddwaf_object_insert(to, alloc));
        }
    } else {
        CHECK(ddwaf_object_clone(from, to, alloc) != NULL);
    }
}

/* Whether a text occurs in a string of the value, whose depth the engine bounds. */
static bool has_text(const ddwaf_object *value, const char *text, size_t length)
{
    size_t size = 0;
    const char *bytes = ddwaf_object_get_string(value, &size);
    for (size_t at = 0; bytes != NULL && at + length <= size; at++) {
        if (memcmp(bytes + at, text, length) == 0) {
            return true;
        }
    }
    bool is_container = ddwaf_object_is_map(value) || ddwaf_object_is_array(value);
    for (size_t i = 0; is_container && i < ddwaf_object_get_size(value); i++) {
        if (has_text(ddwaf_object_at_value(value, i), text, length) ||
            (ddwaf_object_is_map(value) && has_text(ddwaf_object_at_key(value, i), text, length))) {
            return true;
        }
    }
    return false;
}

static bool is_true(const ddwaf_object *flag)
{
    return flag != NULL && ddwaf_object_get_bool(flag);
}

static bool has_addresses(const ddwaf_object *line, const ddwaf_object *answer)
{
    const ddwaf_object *found = get(answer, "addresses"), *wanted = get(line, "addresses"), *texts = get(line, "texts");
    const ddwaf_object *fault = get(answer, "fault");
    bool agreed = found != NULL && is_true(get(answer, "cut")) == is_true(get(line, "cut")) &&
                  ddwaf_object_is_string(fault) == is_true(get(line, "fault"));
    for (size_t i = 0; agreed && i < ddwaf_object_get_size(wanted); i++) {
        size_t length = 0;
        const char *name = ddwaf_object_get_string(ddwaf_object_at_key(wanted, i), &length);
        const ddwaf_object *value = ddwaf_object_find(found, name, length);
        ddwaf_object expected;
        unwrap(ddwaf_object_at_value(wanted, i), &expected);
        agreed = ddwaf_object_is_null(&expected) ? value == NULL : value != NULL && equal(value, &expected);
        ddwaf_object_destroy(&expected, ddwaf_get_default_allocator());
    }
    for (size_t i = 0; agreed && texts != NULL && i < ddwaf_object_get_size(texts); i++) {
        size_t length = 0;
        const char *text = ddwaf_object_get_string(ddwaf_object_at_value(texts, i), &length);
        agreed = has_text(found, text, length);
    }
    return agreed;
}

/* Hands the request over in pieces; the engine says the same of it. */
static bool runs_in_pieces(const ddwaf_object *line, const ddwaf_object *arguments)
{
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    ddwaf_object answer;
    bartizan_request request = bartizan_request_init(engine);
    CHECK(bartizan_request_call(request, "head", 4, arguments, &answer));
    ddwaf_object_destroy(&answer, alloc);
    const ddwaf_object *body = get(arguments, "body");
    size_t pieces = body == NULL ? 0 : ddwaf_object_is_array(body) ? ddwaf_object_get_size(body) : 1;
    for (size_t i = 0; i < pieces; i++) {
        size_t length = 0;
        const ddwaf_object *piece = ddwaf_object_is_array(body) ? ddwaf_object_at_value(body, i) : body;
        const char *bytes = ddwaf_object_get_string(piece, &length);
        bartizan_request_body(request, bytes, length);
    }
    CHECK(bartizan_request_call(request, "body_end", 8, arguments, &answer));
    bool cut = is_true(get(line, "cut")), fault = is_true(get(line, "fault")) && !cut;
    ddwaf_object expected = parse(cut ? "[\"body_cut\"]" : fault ? "[\"body\"]" : "[]");
    bool agreed = equal(get(&answer, "incomplete"), &expected);
    if (!agreed) {
        print(get(&answer, "incomplete"));
    }
    ddwaf_object_destroy(&expected, alloc);
    ddwaf_object_destroy(&answer, alloc);
    bartizan_request_destroy(request);
    return agreed;
}

static bool run_line(const ddwaf_object *line)
{
    ddwaf_object arguments, answer;
    unwrap(line, &arguments);
    CHECK(bartizan_call("read_request", 12, &arguments, &answer));
    bool own_limits = get(line, "body_limit") != NULL || get(line, "decompressed_limit") != NULL;
    bool agreed = has_addresses(line, &answer) && (own_limits || runs_in_pieces(line, &arguments));
    ddwaf_object_destroy(&answer, ddwaf_get_default_allocator());
    ddwaf_object_destroy(&arguments, ddwaf_get_default_allocator());
    return agreed;
}

int main(int argc, char **argv)
{
    ddwaf_object settings = parse("{\"enabled\": true, \"rules\": {\"rules\": []}, \"timeout_us\": 60000000}");
    engine = bartizan_engine_init(&settings, NULL);
    CHECK(engine != NULL && !bartizan_request_body(NULL, "x", 1));
    ddwaf_object_destroy(&settings, ddwaf_get_default_allocator());
    bool passed = run_files(argc - 1, argv + 1, run_line);
    bartizan_engine_destroy(engine);
    return !passed;
}
