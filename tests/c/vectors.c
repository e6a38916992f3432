/* Runs files of recorded evaluations through the library and compares what comes back.
 *
 *   vectors FILE.jsonl...
 *
 * A line is {"name", "ruleset", "steps": [{"scope", "input", "code", "result"}]}: scope is "context" or the name of a
 * subcontext, which is made when it is first named; an input that is an array goes to multieval. Results are equal if
 * they have the same entries in any order, any UUID standing for any other; `duration` is not compared. */

#define _POSIX_C_SOURCE 200809L

#include "check.h"
#include "ddwaf.h"

#include <string.h>

enum { MAX_SCOPES = 32, UUID_LENGTH = 36 };

/* Microseconds; long enough for a run under valgrind. */
static const uint64_t BUDGET = 60000000;

static const ddwaf_object *get(const ddwaf_object *map, const char *key)
{
    return ddwaf_object_find(map, key, strlen(key));
}

/* Vectors may write a UUID as <uuid>. */
static bool is_uuid(const char *text, size_t length)
{
    if (length != UUID_LENGTH) {
        return length == 6 && memcmp(text, "<uuid>", 6) == 0;
    }
    for (size_t i = 0; i < length; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : memchr("0123456789abcdef", text[i], 16) == NULL) {
            return false;
        }
    }
    return true;
}

static bool is_number(const ddwaf_object *object)
{
    return ddwaf_object_is_signed(object) || ddwaf_object_is_unsigned(object) || ddwaf_object_is_float(object);
}

static double number(const ddwaf_object *object)
{
    if (ddwaf_object_is_signed(object)) {
        return (double)ddwaf_object_get_signed(object);
    }
    return ddwaf_object_is_unsigned(object) ? (double)ddwaf_object_get_unsigned(object) : ddwaf_object_get_float(object);
}

static bool equal_strings(const ddwaf_object *a, const ddwaf_object *b)
{
    size_t length_a = 0, length_b = 0;
    const char *text_a = ddwaf_object_get_string(a, &length_a), *text_b = ddwaf_object_get_string(b, &length_b);
    /* The bytes of an empty string may be anywhere. */
    if (length_a == 0 || length_b == 0) {
        return ddwaf_object_is_string(a) && ddwaf_object_is_string(b) && length_a == length_b;
    }
    if (is_uuid(text_a, length_a) && is_uuid(text_b, length_b)) {
        return true;
    }
    return length_a == length_b && memcmp(text_a, text_b, length_a) == 0;
}

static bool equal(const ddwaf_object *a, const ddwaf_object *b);

static bool has_entry(const ddwaf_object *map, const ddwaf_object *key, const ddwaf_object *value)
{
    for (size_t i = 0; i < ddwaf_object_get_size(map); i++) {
        if (equal_strings(key, ddwaf_object_at_key(map, i)) && equal(value, ddwaf_object_at_value(map, i))) {
            return true;
        }
    }
    return false;
}

/* The depth of a vector is bounded by that of a JSON document. */
static bool equal(const ddwaf_object *a, const ddwaf_object *b)
{
    size_t size = ddwaf_object_get_size(a);
    if (ddwaf_object_is_map(a) != ddwaf_object_is_map(b) || ddwaf_object_is_array(a) != ddwaf_object_is_array(b) ||
        size != ddwaf_object_get_size(b)) {
        return false;
    }
    if (ddwaf_object_is_map(a)) {
        for (size_t i = 0; i < size; i++) {
            if (!has_entry(b, ddwaf_object_at_key(a, i), ddwaf_object_at_value(a, i))) {
                return false;
            }
        }
        return true;
    }
    if (ddwaf_object_is_array(a)) {
        for (size_t i = 0; i < size; i++) {
            if (!equal(ddwaf_object_at_value(a, i), ddwaf_object_at_value(b, i))) {
                return false;
            }
        }
        return true;
    }
    if (ddwaf_object_is_string(a)) {
        return equal_strings(a, b);
    }
    if (is_number(a)) {
        return is_number(b) && number(a) == number(b);
    }
    return ddwaf_object_get_type(a) == ddwaf_object_get_type(b) && ddwaf_object_get_bool(a) == ddwaf_object_get_bool(b);
}

static void print(const ddwaf_object *object)
{
    size_t length = 0;
    if (ddwaf_object_is_map(object) || ddwaf_object_is_array(object)) {
        bool map = ddwaf_object_is_map(object);
        fputc(map ? '{' : '[', stderr);
        for (size_t i = 0; i < ddwaf_object_get_size(object); i++) {
            fputs(i > 0 ? "," : "", stderr);
            if (map) {
                print(ddwaf_object_at_key(object, i));
                fputc(':', stderr);
            }
            print(ddwaf_object_at_value(object, i));
        }
        fputc(map ? '}' : ']', stderr);
    } else if (ddwaf_object_is_string(object)) {
        const char *text = ddwaf_object_get_string(object, &length);
        fprintf(stderr, "\"%.*s\"", (int)length, text);
    } else if (is_number(object)) {
        fprintf(stderr, "%g", number(object));
    } else if (ddwaf_object_is_bool(object)) {
        fputs(ddwaf_object_get_bool(object) ? "true" : "false", stderr);
    } else {
        fputs("null", stderr);
    }
}

/* All that a vector says about a result holds, and the result is complete. */
static bool agrees(const ddwaf_object *expected, const ddwaf_object *result)
{
    static const char *const NAMES[] = {"events", "actions", "timeout", "attributes", "keep", "evaluated"};
    if (ddwaf_object_get_size(result) != 7 || !ddwaf_object_is_unsigned(get(result, "duration"))) {
        return false;
    }
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        const ddwaf_object *wanted = get(expected, NAMES[i]);
        if (wanted != NULL && !equal(wanted, get(result, NAMES[i]))) {
            return false;
        }
    }
    return true;
}

struct scopes {
    ddwaf_context context;
    const ddwaf_object *names[MAX_SCOPES];
    ddwaf_subcontext subcontexts[MAX_SCOPES];
    size_t count;
};

static ddwaf_subcontext subcontext(struct scopes *scopes, const ddwaf_object *name)
{
    for (size_t i = 0; i < scopes->count; i++) {
        if (equal_strings(scopes->names[i], name)) {
            return scopes->subcontexts[i];
        }
    }
    CHECK(scopes->count < MAX_SCOPES);
    scopes->names[scopes->count] = name;
    scopes->subcontexts[scopes->count] = ddwaf_subcontext_init(scopes->context);
    return scopes->subcontexts[scopes->count++];
}

static bool is_context(const ddwaf_object *scope)
{
    size_t length = 0;
    const char *text = ddwaf_object_get_string(scope, &length);
    return length == 7 && memcmp(text, "context", length) == 0;
}

static bool run_step(struct scopes *scopes, const ddwaf_object *step)
{
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    const ddwaf_object *scope = get(step, "scope"), *expected = get(step, "result");
    ddwaf_object data, result;
    CHECK(scope != NULL && ddwaf_object_clone(get(step, "input"), &data, alloc) != NULL);
    ddwaf_object_set_invalid(&result);

    bool several = ddwaf_object_is_array(&data);
    DDWAF_RET_CODE code;
    if (is_context(scope)) {
        code = (several ? ddwaf_context_multieval : ddwaf_context_eval)(scopes->context, &data, alloc, &result, BUDGET);
    } else {
        ddwaf_subcontext target = subcontext(scopes, scope);
        code = (several ? ddwaf_subcontext_multieval : ddwaf_subcontext_eval)(target, &data, alloc, &result, BUDGET);
    }
    bool passed = number(get(step, "code")) == (double)code &&
                  (!ddwaf_object_is_map(expected) || agrees(expected, &result));
    if (!passed) {
        fprintf(stderr, "  expected %g ", number(get(step, "code")));
        print(expected);
        fprintf(stderr, "\n  got      %d ", (int)code);
        print(&result);
        fputc('\n', stderr);
    }
    ddwaf_object_destroy(&result, alloc);
    return passed;
}

static bool run_vector(const ddwaf_object *vector)
{
    ddwaf_handle handle = ddwaf_init(get(vector, "ruleset"), NULL);
    if (handle == NULL) {
        fprintf(stderr, "  the ruleset was refused\n");
        return false;
    }
    struct scopes scopes = {.context = ddwaf_context_init(handle, ddwaf_get_default_allocator())};
    ddwaf_destroy(handle);
    const ddwaf_object *steps = get(vector, "steps");
    size_t step = 0;
    while (step < ddwaf_object_get_size(steps) && run_step(&scopes, ddwaf_object_at_value(steps, step))) {
        step++;
    }
    ddwaf_context_destroy(scopes.context);
    for (size_t i = 0; i < scopes.count; i++) {
        ddwaf_subcontext_destroy(scopes.subcontexts[i]);
    }
    return step == ddwaf_object_get_size(steps);
}

int main(int argc, char **argv)
{
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    size_t passed = 0, failed = 0;
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "r");
        CHECK(file != NULL);
        char *line = NULL;
        size_t room = 0, number_of_line = 0;
        ssize_t length;
        while ((length = getline(&line, &room, file)) > 0) {
            ddwaf_object vector;
            number_of_line++;
            CHECK(ddwaf_object_from_json(&vector, line, (uint32_t)length, alloc));
            if (run_vector(&vector)) {
                passed++;
            } else {
                failed++;
                fprintf(stderr, "%s:%zu: ", argv[i], number_of_line);
                print(get(&vector, "name"));
                fputc('\n', stderr);
            }
            ddwaf_object_destroy(&vector, alloc);
        }
        free(line);
        fclose(file);
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed > 0;
}
