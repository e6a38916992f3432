/* Runs files of recorded evaluations through the library and compares what comes back.
 *
 *   vectors FILE.jsonl...
 *
 * A line is {"name", "ruleset", "steps": [{"scope", "input", "code", "result"}]}: scope is "context" or the name of a
 * subcontext, which is made when it is first named; an input that is an array goes to multieval. Results are equal if
 * they have the same entries in any order, any UUID standing for any other; `duration` is not compared. */

#define _POSIX_C_SOURCE 200809L

#include "check.h"
#include "compare.h"

#include <string.h>

enum { MAX_SCOPES = 32 };

/* Microseconds; long enough for a run under valgrind. */
static const uint64_t BUDGET = 60000000;

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
