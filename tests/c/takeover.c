/* Runs programs of events and clock steps through a detector, and compares what comes of them.
 *
 *   takeover takeover.jsonl
 *
 * tests/vectors/README.md says what a line is. What is expected names only what it is about: maps may hold more. */

#define _POSIX_C_SOURCE 200809L

#include "bartizan.h"
#include "check.h"
#include "compare.h"
#include "lines.h"

#include <stdlib.h>

enum { MAX_TOLD = 4096, MAX_KIND = 32, MAX_TEXT = 4096 };

struct program {
    bartizan_detector detector;
    const ddwaf_object *config;
    char told[MAX_TOLD][MAX_KIND];
    size_t told_count;
};

static ddwaf_allocator heap(void)
{
    return ddwaf_get_default_allocator();
}

static void destroy(ddwaf_object object)
{
    ddwaf_object_destroy(&object, heap());
}

static ddwaf_object *insert(ddwaf_object *map, const char *key)
{
    ddwaf_object *entry = ddwaf_object_insert_key(map, key, (uint32_t)strlen(key), heap());
    CHECK(entry != NULL);
    return entry;
}

static ddwaf_object new_map(void)
{
    ddwaf_object map;
    CHECK(ddwaf_object_set_map(&map, 8, heap()) != NULL);
    return map;
}

static void insert_text(ddwaf_object *map, const char *key, const char *text)
{
    CHECK(ddwaf_object_set_string(insert(map, key), text, (uint32_t)strlen(text), heap()) != NULL);
}

static void insert_copy(ddwaf_object *map, const char *key, const ddwaf_object *value)
{
    CHECK(ddwaf_object_clone(value, insert(map, key), heap()) != NULL);
}

static double number_or(const ddwaf_object *map, const char *key, double otherwise)
{
    const ddwaf_object *found = get(map, key);
    return found != NULL ? number(found) : otherwise;
}

static const char *text_of(const ddwaf_object *object, size_t *length)
{
    const char *text = ddwaf_object_get_string(object, length);
    return text != NULL ? text : "";
}

static bool is_text(const ddwaf_object *object, const char *text)
{
    size_t length = 0;
    const char *got = text_of(object, &length);
    return length == strlen(text) && memcmp(got, text, length) == 0;
}

/* All that is expected is there. */
static bool within(const ddwaf_object *expected, const ddwaf_object *got)
{
    size_t size = ddwaf_object_get_size(expected);
    if (got == NULL) {
        return ddwaf_object_is_null(expected);
    }
    if (ddwaf_object_is_map(expected)) {
        bool is = ddwaf_object_is_map(got);
        for (size_t i = 0; is && i < size; i++) {
            size_t length = 0;
            const char *key = text_of(ddwaf_object_at_key(expected, i), &length);
            const ddwaf_object *value = ddwaf_object_find(got, key, length);
            is = value != NULL && within(ddwaf_object_at_value(expected, i), value);
        }
        return is;
    }
    if (ddwaf_object_is_array(expected)) {
        bool is = ddwaf_object_is_array(got) && ddwaf_object_get_size(got) == size;
        for (size_t i = 0; is && i < size; i++) {
            is = within(ddwaf_object_at_value(expected, i), ddwaf_object_at_value(got, i));
        }
        return is;
    }
    return equal(expected, got);
}

static bool agree(const ddwaf_object *step, const ddwaf_object *expected, const ddwaf_object *got)
{
    bool agreed = within(expected, got);
    if (!agreed) {
        print(step);
        fputs("\n gives ", stderr);
        if (got != NULL) {
            print(got);
        }
        fputs("\n", stderr);
    }
    return agreed;
}

/* Consumes the arguments. */
static ddwaf_object call(bartizan_detector detector, const char *function, ddwaf_object arguments)
{
    ddwaf_object result;
    bool succeeded = bartizan_detector_call(detector, function, strlen(function), &arguments, &result);
    CHECK(succeeded == (get(&result, "error") == NULL));
    destroy(arguments);
    return result;
}

static uint64_t time_ms(bartizan_detector detector)
{
    ddwaf_object answer = call(detector, "time", new_map());
    uint64_t now = (uint64_t)number(get(&answer, "time_ms"));
    destroy(answer);
    return now;
}

static void advance(bartizan_detector detector, double seconds)
{
    ddwaf_object arguments = new_map();
    ddwaf_object_set_unsigned(insert(&arguments, "to_ms"), time_ms(detector) + (uint64_t)(seconds * 1000.0));
    destroy(call(detector, "advance", arguments));
}

static void note(const ddwaf_object *notification, void *user_data)
{
    struct program *program = user_data;
    size_t length = 0;
    const char *kind = text_of(get(notification, "kind"), &length);
    CHECK(program->told_count < MAX_TOLD && length < MAX_KIND);
    memcpy(program->told[program->told_count], kind, length);
    program->told[program->told_count++][length] = '\0';
    /* It runs under no lock. */
    CHECK(time_ms(program->detector) > 0);
}

/* The smallest memory is enough for what the programs do, and quickest to make. */
static void use_little_memory(bartizan_detector detector)
{
    ddwaf_object arguments = parse("{\"path\": \"memory\", \"document\": {\"bartizan_ato\": {\"settings\": {\"profile\": \"small\"}}}}");
    destroy(call(detector, "apply", arguments));
}

static void subscribe(struct program *program)
{
    ddwaf_object everything = new_map(), result;
    CHECK(bartizan_detector_subscribe(program->detector, &everything, note, program, &result));
    CHECK(get(&result, "subscription") != NULL);
    destroy(result);
    destroy(everything);
}

static ddwaf_object settings(const struct program *program, uint64_t start_ms)
{
    ddwaf_object map = new_map();
    insert_text(&map, "clock", "manual");
    insert_text(&map, "service", "auth");
    insert_text(&map, "env", "prod");
    ddwaf_object_set_unsigned(insert(&map, "start_ms"), start_ms);
    if (program->config != NULL) {
        ddwaf_object document = new_map();
        insert_copy(&document, "bartizan_ato", program->config);
        insert_copy(&map, "config", &document);
        destroy(document);
    }
    return map;
}

static void begin(struct program *program, uint64_t start_ms)
{
    ddwaf_object map = settings(program, start_ms), report;
    program->detector = bartizan_detector_init(&map, &report);
    CHECK(program->detector != NULL && get(&report, "diagnostics") != NULL);
    destroy(map);
    destroy(report);
    use_little_memory(program->detector);
    subscribe(program);
}

static void restart(struct program *program)
{
    ddwaf_object map = settings(program, time_ms(program->detector)), report, snapshot;
    snapshot = call(program->detector, "snapshot", new_map());
    bartizan_detector_destroy(program->detector);
    size_t length = 0;
    const char *bytes = text_of(get(&snapshot, "snapshot"), &length);
    program->detector = bartizan_detector_restore(&map, bytes, length, &report);
    CHECK(program->detector != NULL);
    destroy(map);
    destroy(report);
    destroy(snapshot);
    subscribe(program);
}

/* All signals or blocks, oldest first. */
static ddwaf_object oldest_first(bartizan_detector detector, const char *list)
{
    ddwaf_object all = new_map(), reversed;
    ddwaf_object_set_unsigned(insert(&all, "limit"), 1000);
    ddwaf_object answer = call(detector, list, all);
    const ddwaf_object *newest_first = get(&answer, list);
    size_t size = ddwaf_object_get_size(newest_first);
    CHECK(ddwaf_object_set_array(&reversed, (uint16_t)size, heap()) != NULL);
    for (size_t i = size; i > 0; i--) {
        CHECK(ddwaf_object_clone(ddwaf_object_at_value(newest_first, i - 1), ddwaf_object_insert(&reversed, heap()),
                                 heap()) != NULL);
    }
    destroy(answer);
    return reversed;
}

/* A text in which {n} is a number, and {n%7} its remainder. */
static size_t number_text(const char *text, size_t length, uint64_t n, char *out)
{
    size_t written = 0;
    for (size_t i = 0; i < length;) {
        CHECK(written + 24 < MAX_TEXT);
        bool place = length - i >= 3 && memcmp(text + i, "{n", 2) == 0 && (text[i + 2] == '}' || text[i + 2] == '%');
        if (!place) {
            out[written++] = text[i++];
            continue;
        }
        uint64_t modulus = text[i + 2] == '%' ? strtoull(text + i + 3, NULL, 10) : 0;
        written += (size_t)snprintf(out + written, 24, "%llu", (unsigned long long)(modulus > 0 ? n % modulus : n));
        while (text[i++] != '}') {
        }
    }
    return written;
}

static void numbered(const ddwaf_object *value, uint64_t n, ddwaf_object *out)
{
    size_t size = ddwaf_object_get_size(value), length = 0;
    char text[MAX_TEXT];
    if (ddwaf_object_is_map(value)) {
        CHECK(ddwaf_object_set_map(out, (uint16_t)size, heap()) != NULL);
        for (size_t i = 0; i < size; i++) {
            const char *key = text_of(ddwaf_object_at_key(value, i), &length);
            numbered(ddwaf_object_at_value(value, i), n, ddwaf_object_insert_key(out, key, (uint32_t)length, heap()));
        }
    } else if (ddwaf_object_is_array(value)) {
        CHECK(ddwaf_object_set_array(out, (uint16_t)size, heap()) != NULL);
        for (size_t i = 0; i < size; i++) {
            numbered(ddwaf_object_at_value(value, i), n, ddwaf_object_insert(out, heap()));
        }
    } else if (ddwaf_object_is_string(value) && ddwaf_object_get_size(value) < MAX_TEXT - 32) {
        const char *from = text_of(value, &length);
        CHECK(ddwaf_object_set_string(out, text, (uint32_t)number_text(from, length, n, text), heap()) != NULL);
    } else {
        CHECK(ddwaf_object_clone(value, out, heap()) != NULL);
    }
}

static bool run_events(bartizan_detector detector, const ddwaf_object *step)
{
    uint64_t from = (uint64_t)number_or(step, "from", 1), times = (uint64_t)number_or(step, "times", 1);
    bool agreed = true;
    for (uint64_t n = from; n < from + times; n++) {
        ddwaf_object event;
        numbered(get(step, "event"), n, &event);
        ddwaf_object verdict = call(detector, "event", event);
        if (n + 1 < from + times) {
            advance(detector, number_or(step, "step", 0));
        } else if (get(step, "verdict") != NULL) {
            agreed = agree(step, get(step, "verdict"), &verdict);
        }
        destroy(verdict);
    }
    return agreed;
}

struct file {
    char *bytes;
    size_t length;
};

static bool append(const char *piece, size_t length, void *user_data)
{
    struct file *file = user_data;
    file->bytes = realloc(file->bytes, file->length + length + 1);
    CHECK(file->bytes != NULL);
    memcpy(file->bytes + file->length, piece, length);
    file->length += length;
    return true;
}

static bool refuse(const char *piece, size_t length, void *user_data)
{
    (void)piece;
    (void)length;
    return user_data != NULL;
}

/* Consumes the arguments. What the pieces give is what the function gives. */
static ddwaf_object export_file(bartizan_detector detector, ddwaf_object arguments)
{
    struct file file = {NULL, 0};
    ddwaf_object result, refused;
    bool succeeded = bartizan_detector_export(detector, &arguments, append, &file, &result);
    bool found = succeeded && ddwaf_object_get_bool(get(&result, "found"));
    CHECK(!succeeded || ddwaf_object_get_bool(get(&result, "complete")));
    CHECK(bartizan_detector_export(detector, &arguments, refuse, NULL, &refused) == succeeded);
    CHECK(!found || !ddwaf_object_get_bool(get(&refused, "complete")));
    destroy(refused);
    ddwaf_object whole = call(detector, "export", arguments);
    size_t length = 0;
    const char *bytes = text_of(get(&whole, "data"), &length);
    CHECK(!found || (length == file.length && memcmp(bytes, file.bytes, length) == 0));
    free(file.bytes);
    destroy(result);
    return whole;
}

/* The argument at a place of `with`; `"#0"` is the id of the first signal. */
static void insert_argument(bartizan_detector detector, const ddwaf_object *step, size_t place, ddwaf_object *map,
                            const char *key)
{
    const ddwaf_object *given = ddwaf_object_at_value(get(step, "with"), place);
    size_t length = 0;
    const char *text = given != NULL ? text_of(given, &length) : "";
    if (given == NULL) {
        return;
    }
    if (length >= 2 && text[0] == '#') {
        ddwaf_object signals = oldest_first(detector, "signals");
        insert_copy(map, key, get(ddwaf_object_at_value(&signals, (size_t)strtoul(text + 1, NULL, 10)), "id"));
        destroy(signals);
    } else {
        insert_copy(map, key, given);
    }
}

static bool run_call(bartizan_detector detector, const ddwaf_object *step)
{
    /* What each verb takes, and what of its answer is the result; without names, the first argument is all of them. */
    static const struct { const char *verb, *names[3], *result; } VERBS[] = {
        {"apply", {"path", "document"}, "diagnostics"}, {"remove", {"path"}, "removed"},
        {"resolve", {"id", "how"}, "found"},            {"block", {NULL}, "block"},
        {"unblock", {NULL}, "count"},                   {"extend", {NULL, "seconds"}, "count"},
        {"forget", {NULL}, "nothing"},                  {"health", {"none"}, NULL},
        {"signal", {"id"}, "signal"},                   {"export_rules_data", {"max_chunk"}, "documents"},
        {"export", {"id", "file"}, "data"},             {"explore", {"signal", "cluster"}, "hours"},
        {"isolate", {"signal"}, NULL},                  {"define_cluster", {"signal", "cluster", "items"}, "cluster"},
    };
    size_t verb = 0;
    while (!is_text(get(step, "call"), VERBS[verb].verb)) {
        CHECK(++verb < sizeof VERBS / sizeof VERBS[0]);
    }
    ddwaf_object arguments = new_map();
    if (VERBS[verb].names[0] == NULL) {
        destroy(arguments);
        CHECK(ddwaf_object_clone(ddwaf_object_at_value(get(step, "with"), 0), &arguments, heap()) != NULL);
    }
    for (size_t at = 0; at < sizeof VERBS[verb].names / sizeof VERBS[verb].names[0]; at++) {
        if (VERBS[verb].names[at] != NULL) {
            insert_argument(detector, step, at, &arguments, VERBS[verb].names[at]);
        }
    }
    bool is_export = strcmp(VERBS[verb].verb, "export") == 0;
    ddwaf_object answer = is_export ? export_file(detector, arguments) : call(detector, VERBS[verb].verb, arguments);
    bool whole = VERBS[verb].result == NULL || get(&answer, "error") != NULL;
    bool agreed = agree(step, get(step, "is"), whole ? &answer : get(&answer, VERBS[verb].result));
    destroy(answer);
    return agreed;
}

static bool run_told(struct program *program, const ddwaf_object *step)
{
    destroy(call(program->detector, "tick", new_map()));
    const ddwaf_object *expected = get(step, "told");
    bool agreed = ddwaf_object_get_size(expected) == program->told_count;
    for (size_t i = 0; agreed && i < program->told_count; i++) {
        agreed = is_text(ddwaf_object_at_value(expected, i), program->told[i]);
    }
    program->told_count = 0;
    return agreed || agree(step, step, NULL);
}

static bool run_step(struct program *program, const ddwaf_object *step)
{
    if (get(step, "advance") != NULL) {
        advance(program->detector, number(get(step, "advance")));
        return true;
    }
    if (get(step, "event") != NULL) {
        return run_events(program->detector, step);
    }
    if (get(step, "call") != NULL) {
        return run_call(program->detector, step);
    }
    if (get(step, "told") != NULL) {
        return run_told(program, step);
    }
    if (get(step, "restart") != NULL) {
        restart(program);
        return true;
    }
    ddwaf_object got;
    const ddwaf_object *expected = get(step, "is");
    if (get(step, "assess") != NULL) {
        ddwaf_object attempt;
        CHECK(ddwaf_object_clone(get(step, "assess"), &attempt, heap()) != NULL);
        got = call(program->detector, "assess", attempt);
    } else {
        const char *list = get(step, "signals") != NULL ? "signals" : "blocks";
        expected = get(step, list);
        CHECK(expected != NULL);
        got = oldest_first(program->detector, list);
    }
    bool agreed = agree(step, expected, &got);
    destroy(got);
    return agreed;
}

static bool run_line(const ddwaf_object *line)
{
    static struct program program;
    memset(&program, 0, sizeof program);
    program.config = get(line, "config");
    begin(&program, (uint64_t)number_or(line, "start", 1764064800) * 1000);
    const ddwaf_object *steps = get(line, "steps");
    bool agreed = true;
    for (size_t i = 0; agreed && i < ddwaf_object_get_size(steps); i++) {
        agreed = run_step(&program, ddwaf_object_at_value(steps, i));
    }
    bartizan_detector_destroy(program.detector);
    return agreed;
}

static void expect_error(ddwaf_object report, const char *error)
{
    CHECK(is_text(get(&report, "error"), error));
    destroy(report);
}

static void bad_settings(void)
{
    ddwaf_object map = parse("{\"clock\": \"sun\"}"), empty = new_map(), report;
    CHECK(bartizan_detector_init(&map, &report) == NULL && bartizan_detector_init(&map, NULL) == NULL);
    expect_error(report, "the setting `clock` must be `system` or `manual`, not `sun`");
    CHECK(bartizan_detector_restore(&empty, "no snapshot", 11, &report) == NULL);
    expect_error(report, "this is no snapshot of account-takeover detection");
    destroy(map);

    bartizan_detector detector = bartizan_detector_init(&empty, NULL);
    map = parse("{\"kinds\": [\"sung\"]}");
    CHECK(!bartizan_detector_subscribe(detector, &map, note, NULL, &report));
    expect_error(report, "unknown kind 'sung', expected 'opened', 'updated', 'escalated', 'compromised_user', 'cluster', "
                         "'response', 'closed' or 'health'");
    expect_error(call(detector, "advance", parse("{\"to_ms\": 1}")), "only a manual clock can be advanced");
    expect_error(call(detector, "dance", new_map()), "unknown function `dance`");

    /* Whoever gave up is not called. */
    CHECK(bartizan_detector_subscribe(detector, &empty, note, NULL, &report));
    destroy(map);
    map = new_map();
    insert_copy(&map, "subscription", get(&report, "subscription"));
    destroy(report);
    report = call(detector, "unsubscribe", map);
    CHECK(ddwaf_object_get_bool(get(&report, "found")));
    destroy(report);
    destroy(empty);
    bartizan_detector_destroy(detector);
}

/* What stands in for a NULL pointer is answered, and nothing is written. */
static void bad_pointers(void)
{
    ddwaf_object map = new_map(), result;
    bartizan_detector detector = bartizan_detector_init(&map, NULL);
    ddwaf_object_set_bool(&result, true);
    CHECK(bartizan_detector_init(NULL, &result) == NULL && bartizan_detector_restore(NULL, "", 0, &result) == NULL);
    CHECK(bartizan_detector_restore(&map, NULL, 3, &result) == NULL && bartizan_engine_detector(NULL) == NULL);
    CHECK(!bartizan_detector_call(NULL, "tick", 4, &map, &result));
    CHECK(!bartizan_detector_call(detector, NULL, 4, &map, &result));
    CHECK(!bartizan_detector_call(detector, "tick", 4, NULL, &result));
    CHECK(!bartizan_detector_call(detector, "tick", 4, &map, NULL));
    CHECK(!bartizan_detector_subscribe(NULL, &map, note, NULL, &result));
    CHECK(!bartizan_detector_subscribe(detector, NULL, note, NULL, &result));
    CHECK(!bartizan_detector_subscribe(detector, &map, NULL, NULL, &result));
    CHECK(!bartizan_detector_subscribe(detector, &map, note, NULL, NULL));
    CHECK(!bartizan_detector_export(NULL, &map, refuse, NULL, &result));
    CHECK(!bartizan_detector_export(detector, NULL, refuse, NULL, &result));
    CHECK(!bartizan_detector_export(detector, &map, NULL, NULL, &result));
    CHECK(!bartizan_detector_export(detector, &map, refuse, NULL, NULL));
    CHECK(ddwaf_object_is_bool(&result));
    bartizan_detector_destroy(NULL);
    bartizan_detector_destroy(detector);
    destroy(map);
}

/* The detector of an engine sees what its requests report, and outlives it. */
static void of_an_engine(void)
{
    ddwaf_object map = parse("{\"rules\": {\"rules\": []}, \"takeover\": false}"), result;
    bartizan_engine engine = bartizan_engine_init(&map, NULL);
    CHECK(engine != NULL && bartizan_engine_detector(engine) == NULL);
    bartizan_engine_destroy(engine);
    destroy(map);

    map = parse("{\"enabled\": true, \"rules\": {\"rules\": []}, \"service\": \"shop\"}");
    engine = bartizan_engine_init(&map, NULL);
    bartizan_detector detector = bartizan_engine_detector(engine);
    CHECK(detector != NULL);
    destroy(map);
    bartizan_request request = bartizan_request_init(engine);
    bartizan_engine_destroy(engine);
    map = parse("{\"login\": \"bob\"}");
    CHECK(bartizan_request_call(request, "track_user_login_failure", 24, &map, &result));
    bartizan_request_destroy(request);
    destroy(map);
    destroy(result);
    result = call(detector, "health", new_map());
    CHECK(number(get(&result, "events")) == 1);
    CHECK(is_text(get(ddwaf_object_at_value(get(&result, "services"), 0), "service"), "shop"));
    destroy(result);
    bartizan_detector_destroy(detector);
}

/* An engine continues from the snapshot of another one's detector. */
static void of_a_snapshot(void)
{
    ddwaf_object map = parse("{\"rules\": {\"rules\": []}}"), report;
    bartizan_engine engine = bartizan_engine_init(&map, NULL);
    bartizan_detector detector = bartizan_engine_detector(engine);
    destroy(call(detector, "block", parse("{\"user\": \"mallory\"}")));
    ddwaf_object result = call(detector, "snapshot", new_map());
    insert_copy(&map, "takeover_snapshot", get(&result, "snapshot"));
    bartizan_detector_destroy(detector);
    bartizan_engine_destroy(engine);
    destroy(result);
    engine = bartizan_engine_init(&map, &report);
    CHECK(engine != NULL && ddwaf_object_get_size(get(get(&report, "report"), "warnings")) == 0);
    destroy(report);
    detector = bartizan_engine_detector(engine);
    result = call(detector, "assess", parse("{\"usr.id\": \"mallory\"}"));
    CHECK(is_text(get(&result, "decision"), "block"));
    destroy(result);
    bartizan_detector_destroy(detector);
    bartizan_engine_destroy(engine);
    destroy(map);
}

static bool add(ddwaf_builder builder, const char *path, const char *json, const char *section)
{
    ddwaf_object config = parse(json), diagnostics;
    bool accepted = ddwaf_builder_add_or_update_config(builder, path, (uint32_t)strlen(path), &config, &diagnostics);
    ddwaf_object expected = parse(section);
    CHECK(within(&expected, &diagnostics));
    CHECK((get(&expected, "bartizan_ato") != NULL) == (get(&diagnostics, "bartizan_ato") != NULL));
    destroy(expected);
    destroy(diagnostics);
    destroy(config);
    return accepted;
}

static void applied(bartizan_detector detector, ddwaf_builder builder, const char *json, const char *mode)
{
    ddwaf_object diagnostics, expected = parse(json);
    CHECK(bartizan_takeover_apply(detector, builder, &diagnostics));
    CHECK(within(&expected, &diagnostics));
    CHECK(ddwaf_object_get_size(&diagnostics) == ddwaf_object_get_size(&expected));
    destroy(expected);
    destroy(diagnostics);
    ddwaf_object health = call(detector, "health", new_map());
    CHECK(is_text(get(&health, "mode"), mode));
    destroy(health);
}

/* A builder keeps the sections of its configurations for detectors, and instances do not need them. */
static void of_a_builder(void)
{
    ddwaf_object map = new_map();
    bartizan_detector detector = bartizan_detector_init(&map, NULL);
    destroy(map);
    ddwaf_builder builder = ddwaf_builder_init();
    CHECK(!bartizan_takeover_apply(NULL, builder, NULL) && !bartizan_takeover_apply(detector, NULL, NULL));
    CHECK(add(builder, "b", "{\"bartizan_ato\": {\"settings\": {\"response\": {\"mode\": \"block\"}}}}",
        "{\"bartizan_ato\": {\"loaded\": [\"settings:response\"], \"errors\": {}, \"warnings\": {}}}"));
    CHECK(add(builder, "a", "{\"bartizan_ato\": {\"settings\": {\"response\": {\"mode\": \"blok\"}}}}",
        "{\"bartizan_ato\": {\"errors\": {\"unknown mode 'blok', expected 'monitor' or 'block'\": [\"settings:response\"]}}}"));
    CHECK(add(builder, "c", "{\"rules\": []}", "{}"));
    CHECK(add(builder, "d", "{\"bartizan_ato\": 5}",
        "{\"bartizan_ato\": {\"error\": \"bad cast, expected 'map', obtained 'unsigned'\"}}"));
    CHECK(ddwaf_builder_build_instance(builder) == NULL);
    applied(detector, builder, "{\"a\": {\"bartizan_ato\": {\"loaded\": []}}, \"b\": {\"bartizan_ato\": {\"loaded\":"
        "[\"settings:response\"]}}, \"d\": {\"bartizan_ato\": {\"error\": \"bad cast, expected 'map', obtained 'unsigned'\"}}}", "block");
    CHECK(ddwaf_builder_remove_config(builder, "b", 1) && ddwaf_builder_remove_config(builder, "d", 1));
    applied(detector, builder, "{\"a\": {\"bartizan_ato\": {\"loaded\": []}}}", "monitor");
    ddwaf_builder_destroy(builder);
    bartizan_detector_destroy(detector);
}

int main(int argc, char **argv)
{
    bool passed = run_files(argc - 1, argv + 1, run_line);
    bad_settings();
    bad_pointers();
    of_an_engine();
    of_a_snapshot();
    of_a_builder();
    return !passed;
}
