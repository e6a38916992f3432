/* Runs files of recorded evaluations through the library and compares what comes back.
 *
 *   vectors FILE.jsonl...
 *
 * A line is {"name", "ruleset", "steps": [{"scope", "input", "code", "result"}]}: scope is "context" or the name of a
 * subcontext, which is created when it is first named (a step may do no more than that) and destroyed by a step with "end";
 * an input that is an array, or "batches", goes to multieval. The ruleset may be the name of one in an earlier line,
 * {"rulesets": {...}}; or "configs" are operations on a builder, and "diagnostics" the outcome of each. Results are equal if
 * they have the same entries in any order, and any UUID equals any other; `duration` is not compared.
 *
 * {"$u": n} stands for an unsigned number, as which this library's reader reads n; lines with other wrappers, for what JSON
 * cannot express, are counted as skipped. */

#define _POSIX_C_SOURCE 200809L

#include "check.h"
#include "compare.h"

#include <string.h>

enum { MAX_SCOPES = 32 };

/* Microseconds; long enough for a run under valgrind. */
static const uint64_t BUDGET = 60000000;

/* Whether a result agrees with the vector and has nothing else. */
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

static void end_subcontext(struct scopes *scopes, const ddwaf_object *name)
{
    ddwaf_subcontext_destroy(subcontext(scopes, name));
    size_t place = 0;
    while (!equal_strings(scopes->names[place], name)) {
        place++;
    }
    scopes->count--;
    scopes->names[place] = scopes->names[scopes->count];
    scopes->subcontexts[place] = scopes->subcontexts[scopes->count];
}

static bool is_context(const ddwaf_object *scope)
{
    size_t length = 0;
    const char *text = ddwaf_object_get_string(scope, &length);
    return length == 7 && memcmp(text, "context", length) == 0;
}

/* A code as a number, or by its name. */
static int code_of(const ddwaf_object *code)
{
    static const struct { const char *name; int code; } NAMES[] = {
        {"ok", DDWAF_OK}, {"match", DDWAF_MATCH}, {"err_invalid_object", DDWAF_ERR_INVALID_OBJECT},
        {"err_invalid_argument", DDWAF_ERR_INVALID_ARGUMENT}, {"err_internal", DDWAF_ERR_INTERNAL},
    };
    size_t length = 0;
    const char *text = ddwaf_object_get_string(code, &length);
    for (size_t i = 0; text != NULL && i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (strlen(NAMES[i].name) == length && memcmp(text, NAMES[i].name, length) == 0) {
            return NAMES[i].code;
        }
    }
    CHECK(text == NULL);
    return (int)number(code);
}

static bool run_step(struct scopes *scopes, const ddwaf_object *step)
{
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    const ddwaf_object *scope = get(step, "scope"), *expected = get(step, "result");
    const ddwaf_object *input = get(step, "input") != NULL ? get(step, "input") : get(step, "batches");
    const ddwaf_object *timeout = get(step, "timeout_us");
    const uint64_t budget = timeout != NULL ? (uint64_t)number(timeout) : BUDGET;
    ddwaf_object data, result;
    CHECK(scope != NULL);
    if (get(step, "end") != NULL) {
        end_subcontext(scopes, scope);
        return true;
    }
    if (input == NULL) {
        return is_context(scope) || subcontext(scopes, scope) != NULL;
    }
    CHECK(ddwaf_object_clone(input, &data, alloc) != NULL);
    ddwaf_object_set_invalid(&result);

    bool several = ddwaf_object_is_array(&data);
    DDWAF_RET_CODE code;
    if (is_context(scope)) {
        code = (several ? ddwaf_context_multieval : ddwaf_context_eval)(scopes->context, &data, alloc, &result, budget);
    } else {
        ddwaf_subcontext target = subcontext(scopes, scope);
        code = (several ? ddwaf_subcontext_multieval : ddwaf_subcontext_eval)(target, &data, alloc, &result, budget);
    }
    bool passed = code_of(get(step, "code")) == (int)code &&
                  (!ddwaf_object_is_map(expected) || agrees(expected, &result));
    if (!passed) {
        fprintf(stderr, "  expected %d ", code_of(get(step, "code")));
        print(expected);
        fprintf(stderr, "\n  got      %d ", (int)code);
        print(&result);
        fputc('\n', stderr);
    }
    ddwaf_object_destroy(&result, alloc);
    return passed;
}

/* Runs one configuration step of a builder; returns whether its outcome is as expected. */
static bool configure(ddwaf_builder builder, const ddwaf_object *step, const ddwaf_object *expected)
{
    size_t verb = 0, length = 0;
    const char *name = ddwaf_object_get_string(ddwaf_object_at_value(step, 0), &verb);
    const char *path = ddwaf_object_get_string(ddwaf_object_at_value(step, 1), &length);
    const ddwaf_object *accepted = ddwaf_object_at_value(expected, 0), *told = ddwaf_object_at_value(expected, 1);
    ddwaf_object diagnostics;
    ddwaf_object_set_invalid(&diagnostics);
    bool done = name[0] == 'a'
        ? ddwaf_builder_add_or_update_config(builder, path, (uint32_t)length, ddwaf_object_at_value(step, 2), &diagnostics)
        : ddwaf_builder_remove_config(builder, path, (uint32_t)length);
    bool passed = (accepted == NULL || ddwaf_object_get_bool(accepted) == done) &&
                  (!ddwaf_object_is_map(told) || equal(told, &diagnostics));
    if (!passed) {
        fprintf(stderr, "  expected ");
        print(expected);
        fprintf(stderr, "\n  got      %d ", done);
        print(&diagnostics);
        fputc('\n', stderr);
    }
    ddwaf_object_destroy(&diagnostics, ddwaf_get_default_allocator());
    return passed;
}

/* Whether an instance knows these addresses, in this order. */
static bool knows(ddwaf_handle handle, const ddwaf_object *expected)
{
    uint32_t count = 0;
    const char *const *names = ddwaf_known_addresses(handle, &count);
    bool same = expected == NULL || count == ddwaf_object_get_size(expected);
    for (uint32_t nth = 0; expected != NULL && same && nth < count; nth++) {
        size_t length = 0;
        const char *name = ddwaf_object_get_string(ddwaf_object_at_value(expected, nth), &length);
        same = strlen(names[nth]) == length && memcmp(names[nth], name, length) == 0;
    }
    return same;
}

/* The instance of a vector; NULL if none can be made. */
static ddwaf_handle instance(const ddwaf_object *vector, const ddwaf_object *rulesets, bool *passed)
{
    const ddwaf_object *ruleset = get(vector, "ruleset"), *configs = get(vector, "configs");
    if (configs == NULL) {
        size_t length = 0;
        const char *name = ddwaf_object_get_string(ruleset, &length);
        return ddwaf_init(name != NULL ? ddwaf_object_find(rulesets, name, length) : ruleset, NULL);
    }
    ddwaf_builder builder = ddwaf_builder_init();
    const ddwaf_object *diagnostics = get(vector, "diagnostics");
    for (size_t i = 0; i < ddwaf_object_get_size(configs); i++) {
        *passed &= configure(builder, ddwaf_object_at_value(configs, i), ddwaf_object_at_value(diagnostics, i));
    }
    ddwaf_handle handle = ddwaf_builder_build_instance(builder);
    ddwaf_builder_destroy(builder);
    return handle;
}

static bool run_vector(const ddwaf_object *vector, const ddwaf_object *rulesets)
{
    const ddwaf_object *steps = get(vector, "steps");
    bool passed = true;
    ddwaf_handle handle = instance(vector, rulesets, &passed);
    passed = knows(handle, get(vector, "known_addresses")) && passed;
    if (handle == NULL && ddwaf_object_get_size(steps) > 0) {
        fprintf(stderr, "  the ruleset was refused\n");
        return false;
    }
    if (handle == NULL || !passed) {
        ddwaf_destroy(handle);
        return passed;
    }
    struct scopes scopes = {.context = ddwaf_context_init(handle, ddwaf_get_default_allocator())};
    ddwaf_destroy(handle);
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

/* Replaces {"$u": n} by n in the text; returns whether other wrappers remain. */
static bool unwrap(char *line)
{
    static const char WRAPPER[] = "{\"$u\":";
    for (char *at = strstr(line, WRAPPER); at != NULL; at = strstr(at, WRAPPER)) {
        memset(at, ' ', sizeof WRAPPER - 1);
        *strchr(at, '}') = ' ';
    }
    return strstr(line, "{\"$") != NULL;
}

int main(int argc, char **argv)
{
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    size_t passed = 0, failed = 0, skipped = 0;
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "r");
        CHECK(file != NULL);
        char *line = NULL;
        size_t room = 0, number_of_line = 0;
        ssize_t length;
        ddwaf_object rulesets;
        ddwaf_object_set_null(&rulesets);
        while ((length = getline(&line, &room, file)) > 0) {
            ddwaf_object vector;
            number_of_line++;
            if (unwrap(line)) {
                skipped++;
                continue;
            }
            CHECK(ddwaf_object_from_json(&vector, line, (uint32_t)length, alloc));
            if (get(&vector, "rulesets") != NULL) {
                ddwaf_object_destroy(&rulesets, alloc);
                ddwaf_object_clone(get(&vector, "rulesets"), &rulesets, alloc);
            } else if (run_vector(&vector, &rulesets)) {
                passed++;
            } else {
                failed++;
                fprintf(stderr, "%s:%zu: ", argv[i], number_of_line);
                print(get(&vector, "name"));
                fputc('\n', stderr);
            }
            ddwaf_object_destroy(&vector, alloc);
        }
        ddwaf_object_destroy(&rulesets, alloc);
        free(line);
        fclose(file);
    }
    printf("%zu passed, %zu failed, %zu skipped\n", passed, failed, skipped);
    return failed > 0;
}
