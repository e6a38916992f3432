/* Forks while another thread is in the middle of something, and checks whether the children keep working.
 *
 *   fork FORKS
 *
 * A thread evaluates, updates, blocks users or applies remote configuration while the main thread forks this many times. Each
 * child evaluates an attack, blocks a user, updates, and exits; one that hangs is killed and counted. All identifiers of
 * parent and children must differ. Finally, children are forked from a process without threads, as by a server that preloads
 * the application, and evaluate concurrently. */

#define _POSIX_C_SOURCE 200809L

#include "bartizan.h"
#include "check.h"
#include "compare.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MILLISECOND = 1000 * 1000,
    /* The most milliseconds that a child may be asleep. */
    PATIENCE = 10 * 1000,
    /* The test ends after this many hung children. */
    ENOUGH_HUNG = 3,
    WORKERS = 4,
    REQUESTS = 50,
    MOST_IDS = 64 * 1024,
    BUDGET = 60 * 1000 * 1000,
};

#define RULE(id, pattern)                                                                                                     \
    "{\"id\": \"" id "\", \"name\": \"finds " id "\", \"tags\": {\"type\": \"t\", \"category\": \"c\"},"                      \
    " \"on_match\": [\"block\", \"stack_trace\"], \"conditions\": [{\"operator\": \"match_regex\", \"parameters\":"           \
    " {\"regex\": \"" pattern "\", \"inputs\": [{\"address\": \"server.request.query\"}]}}]}"

static const char RULES[] = "{\"version\": \"2.2\", \"rules\": [" RULE("r1", "an? [a-t]+ck\\\\b") "]}";
static const char MORE_RULES[] =
    "{\"version\": \"2.2\", \"custom_rules\": [" RULE("r2", "(?:x|y)[0-9]{3,9}") ", " RULE("r3", "\\\\bnever\\\\b.*") "]}";
static const char ATTACK[] = "{\"server.request.query\": {\"q\": [\"an attack\", \"x1234\"]}}";

static ddwaf_object rules, more_rules;
static ddwaf_builder builder;
static bartizan_engine engine;
static ddwaf_allocator pool;
/* A new instance, whose patterns are cold. */
static _Atomic ddwaf_handle newest;
static atomic_bool stop;

static char ids[MOST_IDS][UUID_LENGTH + 1];
static size_t id_count;

static ddwaf_object parse(const char *text)
{
    ddwaf_object object;
    CHECK(ddwaf_object_from_json(&object, text, (uint32_t)strlen(text), ddwaf_get_default_allocator()));
    return object;
}

static void destroy(ddwaf_object object)
{
    ddwaf_object_destroy(&object, ddwaf_get_default_allocator());
}

static void put_id(int out, const ddwaf_object *id)
{
    size_t length = 0;
    const char *text = ddwaf_object_get_string(id, &length);
    CHECK(text != NULL && length == UUID_LENGTH);
    CHECK(write(out, text, UUID_LENGTH) == UUID_LENGTH);
}

/* Evaluates an attack, and writes the identifiers of the result. */
static void evaluate(ddwaf_handle handle, int out)
{
    ddwaf_context context = ddwaf_context_init(handle, pool);
    ddwaf_object data = parse(ATTACK), result;
    CHECK(ddwaf_context_eval(context, &data, ddwaf_get_default_allocator(), &result, BUDGET) == DDWAF_MATCH);
    if (out >= 0) {
        const ddwaf_object *event = ddwaf_object_at_value(get(&result, "events"), 0);
        put_id(out, get(event, "security_response_id"));
        put_id(out, get(event, "stack_id"));
    }
    ddwaf_object_destroy(&result, pool);
    ddwaf_context_destroy(context);
}

static ddwaf_object call(const char *function, const char *json)
{
    ddwaf_object arguments = parse(json), result;
    CHECK(bartizan_engine_call(engine, function, strlen(function), &arguments, &result));
    destroy(arguments);
    return result;
}

static ddwaf_object ask(bartizan_request request, const char *function, const char *json)
{
    ddwaf_object arguments = parse(json), result;
    CHECK(bartizan_request_call(request, function, strlen(function), &arguments, &result));
    destroy(arguments);
    return result;
}

/* Whether the entry with this name is true; destroys the map. */
static void expect(ddwaf_object map, const char *key)
{
    if (!ddwaf_object_get_bool(get(&map, key))) {
        print(&map);
        fprintf(stderr, " is not %s\n", key);
        exit(1);
    }
    destroy(map);
}

static void update(void)
{
    CHECK(ddwaf_builder_add_or_update_config(builder, "more", 4, &more_rules, NULL));
    ddwaf_handle handle = ddwaf_builder_build_instance(builder);
    CHECK(handle != NULL);
    ddwaf_destroy(handle);
    CHECK(ddwaf_builder_remove_config(builder, "more", 4));
}

static void change_remotely(void)
{
    expect(call("apply_remote", "{\"changed\": [[\"datadog/2/ASM/more/config\", "
                                "{\"version\": \"2.2\", \"custom_rules\": [" RULE("r2", "(?:x|y)[0-9]{3,9}") "]}]]}"),
           "built");
    expect(call("apply_remote", "{\"removed\": [\"datadog/2/ASM/more/config\"]}"), "built");
}

/* What the thread does repeatedly. */

static void keep_evaluating(void)
{
    ddwaf_handle fresh = ddwaf_init(&rules, NULL), last = atomic_exchange(&newest, fresh);
    evaluate(fresh, -1);
    ddwaf_destroy(last);
}

static void keep_blocking(void)
{
    destroy(call("block", "{\"user\": \"mallory\"}"));
    destroy(call("block", "{\"ip\": \"192.0.2.0/24\"}"));
    destroy(call("blocks", "{}"));
    destroy(call("unblock", "{\"user\": \"mallory\"}"));
}

struct activity {
    const char *name;
    void (*run)(void);
};

static const struct activity ACTIVITIES[] = {
    {"evaluating", keep_evaluating},
    {"updating", update},
    {"blocking", keep_blocking},
    {"remote configuration", change_remotely},
};

static void *keep_on(void *activity)
{
    while (!atomic_load(&stop)) {
        ((const struct activity *)activity)->run();
    }
    return NULL;
}

/* What a child does. */
static void live(int out)
{
    evaluate(atomic_load(&newest), out);

    destroy(call("block", "{\"user\": \"bob\"}"));
    bartizan_request request = bartizan_request_init(engine);
    expect(ask(request, "start", "{\"query\": {\"q\": [\"an attack\"]}}"), "blocked");
    ddwaf_object result = ask(request, "block_response", "{}");
    put_id(out, get(&result, "security_response_id"));
    destroy(result);
    bartizan_request_destroy(request);
    request = bartizan_request_init(engine);
    expect(ask(request, "set_user", "{\"user\": {\"id\": \"bob\"}}"), "blocked");
    destroy(ask(request, "finish", "{}"));
    bartizan_request_destroy(request);

    update();
    change_remotely();
    bartizan_engine_destroy(engine);
    ddwaf_builder_destroy(builder);
    ddwaf_destroy(atomic_load(&newest));
    ddwaf_allocator_destroy(pool);
}

static void live_as_worker(int out)
{
    for (int i = 0; i < REQUESTS; i++) {
        evaluate(atomic_load(&newest), out);
    }
}

/* A child that writes identifiers into a pipe. */
static pid_t begin(void (*life)(int), int *in)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        close(ends[0]);
        life(ends[1]);
        _exit(0);
    }
    close(ends[1]);
    *in = ends[0];
    return child;
}

/* Waits for a child and reads its identifiers; false if it had to be killed. */
static bool end(pid_t child, int in, unsigned *failed)
{
    int status = 0;
    pid_t ended = 0;
    for (int i = 0; i < PATIENCE && ended == 0; i++) {
        ended = waitpid(child, &status, WNOHANG);
        if (ended == 0) {
            nanosleep(&(struct timespec){.tv_nsec = MILLISECOND}, NULL);
        }
    }
    if (ended == 0) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        (*failed)++;
    }
    while (id_count < MOST_IDS && read(in, ids[id_count], UUID_LENGTH) == UUID_LENGTH) {
        id_count++;
    }
    close(in);
    return ended != 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static unsigned repeated(void)
{
    unsigned count = 0;
    qsort(ids, id_count, sizeof *ids, by_text);
    for (size_t i = 1; i < id_count; i++) {
        count += strcmp(ids[i - 1], ids[i]) == 0;
    }
    return count;
}

static void fork_beside(const struct activity *activity, unsigned forks)
{
    unsigned hung = 0, failed = 0, done = 0;
    pthread_t thread;
    atomic_store(&stop, false);
    CHECK(pthread_create(&thread, NULL, keep_on, (void *)activity) == 0);
    for (; done < forks && hung < ENOUGH_HUNG; done++) {
        int in = -1;
        pid_t child = begin(live, &in);
        hung += !end(child, in, &failed);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    printf("%s: %u children, %u hung, %u failed\n", activity->name, done, hung, failed);
}

static void serve_after_forks(void)
{
    unsigned hung = 0, failed = 0;
    pid_t children[WORKERS];
    int ins[WORKERS];
    atomic_store(&newest, ddwaf_init(&rules, NULL));
    for (int i = 0; i < WORKERS; i++) {
        children[i] = begin(live_as_worker, &ins[i]);
    }
    for (int i = 0; i < WORKERS; i++) {
        hung += !end(children[i], ins[i], &failed);
    }
    printf("workers: %d children, %u hung, %u failed\n", WORKERS, hung, failed);
}

int main(int argc, char **argv)
{
    unsigned forks = argc > 1 ? (unsigned)atoi(argv[1]) : 200;
    setvbuf(stdout, NULL, _IOLBF, 0);
    rules = parse(RULES);
    more_rules = parse(MORE_RULES);
    pool = ddwaf_synchronized_pool_allocator_init();
    builder = ddwaf_builder_init();
    CHECK(ddwaf_builder_add_or_update_config(builder, "rules", 5, &rules, NULL));
    ddwaf_object settings = parse("{\"enabled\": true, \"mode\": \"block\", \"timeout_us\": 60000000}"), report;
    ddwaf_object_set_string(ddwaf_object_insert_key(&settings, "rules", 5, ddwaf_get_default_allocator()), RULES,
                            (uint32_t)strlen(RULES), ddwaf_get_default_allocator());
    engine = bartizan_engine_init(&settings, &report);
    CHECK(engine != NULL);
    destroy(settings);
    destroy(report);
    serve_after_forks();
    for (size_t i = 0; i < sizeof ACTIVITIES / sizeof *ACTIVITIES; i++) {
        fork_beside(&ACTIVITIES[i], forks);
    }
    printf("%u identifiers repeated\n", repeated());
    return 0;
}
