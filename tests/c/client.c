/* A client in C: builds values by hand and with the library, evaluates them, and checks that every block is freed. */

#include "bartizan.h"
#include "check.h"
#include "ddwaf.h"

#include <string.h>

#define STRING(text) (text), (uint32_t)(sizeof(text) - 1)

/* A user allocator that stores size and alignment in front of each block and compares them when the block is freed. */

struct traffic {
    size_t live;
    size_t total;
    int destroyed;
};

enum { FRONT = 64 };

static void *counting_alloc(void *udata, size_t size, size_t alignment)
{
    struct traffic *traffic = udata;
    CHECK(alignment <= FRONT);
    char *block = malloc(FRONT + size);
    if (block == NULL) {
        return NULL;
    }
    memcpy(block, &size, sizeof size);
    memcpy(block + sizeof size, &alignment, sizeof alignment);
    traffic->live++;
    traffic->total++;
    return block + FRONT;
}

static void counting_free(void *udata, void *pointer, size_t size, size_t alignment)
{
    struct traffic *traffic = udata;
    char *block = (char *)pointer - FRONT;
    CHECK(memcmp(block, &size, sizeof size) == 0);
    CHECK(memcmp(block + sizeof size, &alignment, sizeof alignment) == 0);
    traffic->live--;
    free(block);
}

static void counting_destroyed(void *udata)
{
    ((struct traffic *)udata)->destroyed++;
}

static void layouts(void)
{
    CHECK(sizeof(ddwaf_object) == 16 && sizeof(ddwaf_object_kv) == 32);
    CHECK(offsetof(ddwaf_object, b8.val) == 1);
    CHECK(offsetof(ddwaf_object, i64.val) == 8 && offsetof(ddwaf_object, u64.val) == 8);
    CHECK(offsetof(ddwaf_object, f64.val) == 8);
    CHECK(offsetof(ddwaf_object, str.size) == 4 && offsetof(ddwaf_object, str.ptr) == 8);
    CHECK(offsetof(ddwaf_object, sstr.size) == 1 && offsetof(ddwaf_object, sstr.data) == 2);
    CHECK(offsetof(ddwaf_object, array.size) == 2 && offsetof(ddwaf_object, array.capacity) == 4);
    CHECK(offsetof(ddwaf_object, map.ptr) == 8 && offsetof(ddwaf_object_kv, val) == 16);
    CHECK(DDWAF_OBJ_SSTR_SIZE == sizeof((ddwaf_object *)0)->sstr.data);
    CHECK(DDWAF_OBJ_ARRAY == 0x20 && DDWAF_OBJ_MAP == 0x40 && DDWAF_OBJ_SMALL_STRING == 0x14);
    CHECK(DDWAF_LOG_TRACE == 0 && DDWAF_LOG_OFF == 5);
}

static void objects(ddwaf_allocator alloc)
{
    ddwaf_object map;
    CHECK(ddwaf_object_set_map(&map, 0, alloc) == &map);
    CHECK(ddwaf_object_set_unsigned(ddwaf_object_insert_key(&map, STRING("count"), alloc), 7) != NULL);
    ddwaf_object *list = ddwaf_object_set_array(ddwaf_object_insert_literal_key(&map, STRING("list"), alloc), 2, alloc);
    CHECK(list != NULL);
    ddwaf_object_set_string(ddwaf_object_insert(list, alloc), STRING("short"), alloc);
    ddwaf_object_set_string(ddwaf_object_insert(list, alloc), STRING("longer than 14 bytes"), alloc);
    ddwaf_object_set_string_literal(ddwaf_object_insert(list, alloc), STRING("literal"));

    const ddwaf_object *found = ddwaf_object_find(&map, "list", 4);
    CHECK(ddwaf_object_is_array(found) && ddwaf_object_get_size(found) == 3);
    CHECK(ddwaf_object_get_unsigned(ddwaf_object_find(&map, "count", 5)) == 7);
    size_t length;
    const char *text = ddwaf_object_get_string(ddwaf_object_at_value(found, 1), &length);
    CHECK(length == 20 && memcmp(text, "longer than 14 bytes", length) == 0);
    CHECK(ddwaf_object_get_type(ddwaf_object_at_value(found, 2)) == DDWAF_OBJ_LITERAL_STRING);
    CHECK(ddwaf_object_get_type(ddwaf_object_at_key(&map, 0)) == DDWAF_OBJ_SMALL_STRING);

    ddwaf_object copy;
    CHECK(ddwaf_object_clone(&map, &copy, alloc) == &copy);
    CHECK(copy.map.capacity == 2);
    ddwaf_object_destroy(&copy, alloc);
    ddwaf_object_destroy(&map, alloc);
    CHECK(ddwaf_object_is_invalid(&map));
}

static const char RULES[] =
    "{\"version\":\"2.2\",\"rules\":[{\"id\":\"r1\",\"name\":\"finds attacks\",\"tags\":{\"type\":\"demo\"},"
    "\"conditions\":[{\"operator\":\"match_regex\",\"parameters\":{\"regex\":\"attack\","
    "\"inputs\":[{\"address\":\"query\"}]}}],\"on_match\":[\"block\"]}]}";

static ddwaf_handle make_handle(ddwaf_allocator alloc)
{
    ddwaf_object rules, diagnostics;
    CHECK(ddwaf_object_from_json(&rules, STRING(RULES), alloc));
    ddwaf_builder builder = ddwaf_builder_init();
    CHECK(ddwaf_builder_add_or_update_config(builder, STRING("rules"), &rules, &diagnostics));
    ddwaf_object_destroy(&rules, alloc);
    const ddwaf_object *loaded = ddwaf_object_find(ddwaf_object_find(&diagnostics, "rules", 5), "loaded", 6);
    CHECK(ddwaf_object_get_size(loaded) == 1);
    ddwaf_object_destroy(&diagnostics, ddwaf_get_default_allocator());
    CHECK(ddwaf_builder_get_config_paths(builder, NULL, STRING("^rul")) == 1);
    ddwaf_handle handle = ddwaf_builder_build_instance(builder);
    CHECK(handle != NULL);
    ddwaf_builder_destroy(builder);

    uint32_t size;
    const char *const *names = ddwaf_known_addresses(handle, &size);
    CHECK(size == 1 && strcmp(names[0], "query") == 0);
    names = ddwaf_known_actions(handle, &size);
    CHECK(size == 1 && strcmp(names[0], "block_request") == 0);
    return handle;
}

static void evaluations(ddwaf_allocator alloc)
{
    ddwaf_handle handle = make_handle(alloc);
    ddwaf_context context = ddwaf_context_init(handle, alloc);
    ddwaf_destroy(handle);

    ddwaf_object data, result;
    CHECK(ddwaf_object_from_json(&data, STRING("{\"query\":\"a benign text\"}"), alloc));
    CHECK(ddwaf_context_eval(context, &data, alloc, &result, 1000000) == DDWAF_OK);
    CHECK(ddwaf_object_get_size(&result) == 7);
    ddwaf_object_destroy(&result, alloc);

    CHECK(ddwaf_object_from_json(&data, STRING("[{},{\"query\":{\"q\":[\"an attack\"]}}]"), alloc));
    ddwaf_subcontext subcontext = ddwaf_subcontext_init(context);
    ddwaf_context_destroy(context);
    CHECK(ddwaf_subcontext_multieval(subcontext, &data, alloc, &result, 1000000) == DDWAF_MATCH);
    CHECK(ddwaf_object_get_size(ddwaf_object_find(&result, "events", 6)) == 1);
    CHECK(ddwaf_object_find(ddwaf_object_find(&result, "actions", 7), "block_request", 13) != NULL);
    CHECK(ddwaf_object_get_unsigned(ddwaf_object_find(&result, "evaluated", 9)) == 2);
    ddwaf_object_destroy(&result, alloc);

    CHECK(ddwaf_object_from_json(&data, STRING("[\"refused, and freed with the subcontext\"]"), alloc));
    CHECK(ddwaf_subcontext_eval(NULL, &data, alloc, &result, 1000000) == DDWAF_ERR_INVALID_ARGUMENT);
    CHECK(ddwaf_subcontext_eval(subcontext, &data, alloc, &result, 1000000) == DDWAF_ERR_INVALID_OBJECT);
    ddwaf_subcontext_destroy(subcontext);
}

static unsigned messages;

static void receive(DDWAF_LOG_LEVEL level, const char *function, const char *file, unsigned line, const char *message,
                    uint64_t length)
{
    CHECK(level >= DDWAF_LOG_INFO && function[0] != '\0' && file[0] != '\0' && line > 0);
    CHECK(strlen(message) == length);
    messages++;
}

int main(void)
{
    layouts();
    CHECK(ddwaf_set_log_cb(receive, DDWAF_LOG_INFO));
    CHECK(messages == 1);
    CHECK(strncmp(ddwaf_get_version(), "2.", 2) == 0);
    CHECK(strlen(bartizan_version()) >= 5);

    struct traffic traffic = {0, 0, 0};
    ddwaf_allocator allocators[] = {
        ddwaf_get_default_allocator(),
        ddwaf_synchronized_pool_allocator_init(),
        ddwaf_unsynchronized_pool_allocator_init(),
        ddwaf_monotonic_allocator_init(),
        ddwaf_user_allocator_init(counting_alloc, counting_free, &traffic, counting_destroyed),
    };
    for (size_t i = 0; i < sizeof allocators / sizeof allocators[0]; i++) {
        objects(allocators[i]);
        evaluations(allocators[i]);
        ddwaf_allocator_destroy(allocators[i]);
    }
    CHECK(traffic.total > 0 && traffic.live == 0 && traffic.destroyed == 1);
    ddwaf_set_log_cb(NULL, DDWAF_LOG_OFF);
    puts("ok");
    return 0;
}
