/* Every name of ddwaf.h, in C and in C++: what compiles against the header of libddwaf 2.0 or 2.1 compiles against this one. */

#include "check.h"
#include "ddwaf.h"

#include <string.h>

typedef void (*function)(void);

#define FUNCTION(name) {#name, (function)name}

static const struct {
    const char *name;
    function address;
} FUNCTIONS[] = {
    FUNCTION(ddwaf_allocator_alloc),
    FUNCTION(ddwaf_allocator_destroy),
    FUNCTION(ddwaf_allocator_free),
    FUNCTION(ddwaf_builder_add_or_update_config),
    FUNCTION(ddwaf_builder_build_instance),
    FUNCTION(ddwaf_builder_destroy),
    FUNCTION(ddwaf_builder_get_config_paths),
    FUNCTION(ddwaf_builder_init),
    FUNCTION(ddwaf_builder_remove_config),
    FUNCTION(ddwaf_context_destroy),
    FUNCTION(ddwaf_context_eval),
    FUNCTION(ddwaf_context_init),
    FUNCTION(ddwaf_context_multieval),
    FUNCTION(ddwaf_destroy),
    FUNCTION(ddwaf_get_default_allocator),
    FUNCTION(ddwaf_get_version),
    FUNCTION(ddwaf_init),
    FUNCTION(ddwaf_known_actions),
    FUNCTION(ddwaf_known_addresses),
    FUNCTION(ddwaf_monotonic_allocator_init),
    FUNCTION(ddwaf_object_at_key),
    FUNCTION(ddwaf_object_at_value),
    FUNCTION(ddwaf_object_bool),
    FUNCTION(ddwaf_object_clone),
    FUNCTION(ddwaf_object_destroy),
    FUNCTION(ddwaf_object_find),
    FUNCTION(ddwaf_object_float),
    FUNCTION(ddwaf_object_from_json),
    FUNCTION(ddwaf_object_get_bool),
    FUNCTION(ddwaf_object_get_float),
    FUNCTION(ddwaf_object_get_length),
    FUNCTION(ddwaf_object_get_signed),
    FUNCTION(ddwaf_object_get_size),
    FUNCTION(ddwaf_object_get_string),
    FUNCTION(ddwaf_object_get_type),
    FUNCTION(ddwaf_object_get_unsigned),
    FUNCTION(ddwaf_object_insert),
    FUNCTION(ddwaf_object_insert_key),
    FUNCTION(ddwaf_object_insert_key_nocopy),
    FUNCTION(ddwaf_object_insert_literal_key),
    FUNCTION(ddwaf_object_is_array),
    FUNCTION(ddwaf_object_is_bool),
    FUNCTION(ddwaf_object_is_float),
    FUNCTION(ddwaf_object_is_invalid),
    FUNCTION(ddwaf_object_is_map),
    FUNCTION(ddwaf_object_is_null),
    FUNCTION(ddwaf_object_is_signed),
    FUNCTION(ddwaf_object_is_string),
    FUNCTION(ddwaf_object_is_unsigned),
    FUNCTION(ddwaf_object_null),
    FUNCTION(ddwaf_object_set_array),
    FUNCTION(ddwaf_object_set_bool),
    FUNCTION(ddwaf_object_set_float),
    FUNCTION(ddwaf_object_set_invalid),
    FUNCTION(ddwaf_object_set_map),
    FUNCTION(ddwaf_object_set_null),
    FUNCTION(ddwaf_object_set_signed),
    FUNCTION(ddwaf_object_set_string),
    FUNCTION(ddwaf_object_set_string_literal),
    FUNCTION(ddwaf_object_set_string_nocopy),
    FUNCTION(ddwaf_object_set_unsigned),
    FUNCTION(ddwaf_object_signed),
    FUNCTION(ddwaf_object_unsigned),
    FUNCTION(ddwaf_set_log_cb),
    FUNCTION(ddwaf_subcontext_destroy),
    FUNCTION(ddwaf_subcontext_eval),
    FUNCTION(ddwaf_subcontext_init),
    FUNCTION(ddwaf_subcontext_multieval),
    FUNCTION(ddwaf_synchronized_pool_allocator_init),
    FUNCTION(ddwaf_unsynchronized_pool_allocator_init),
    FUNCTION(ddwaf_user_allocator_init),
    FUNCTION(ddwaf_object_set_array_large),
    FUNCTION(ddwaf_object_set_map_large),
};

static void functions_are_there(void)
{
    size_t count = sizeof FUNCTIONS / sizeof FUNCTIONS[0];
    for (size_t nth = 0; nth < count; nth++) {
        CHECK(FUNCTIONS[nth].address != NULL && strncmp(FUNCTIONS[nth].name, "ddwaf_", 6) == 0);
    }
}

static void constants_have_their_values(void)
{
    const struct {
        DDWAF_OBJ_TYPE type;
        int value;
    } types[] = {
        {DDWAF_OBJ_INVALID, 0x00},        {DDWAF_OBJ_NULL, 0x01},         {DDWAF_OBJ_BOOL, 0x02},
        {DDWAF_OBJ_SIGNED, 0x04},         {DDWAF_OBJ_UNSIGNED, 0x06},     {DDWAF_OBJ_FLOAT, 0x08},
        {DDWAF_OBJ_STRING, 0x10},         {DDWAF_OBJ_LITERAL_STRING, 0x12}, {DDWAF_OBJ_SMALL_STRING, 0x14},
        {DDWAF_OBJ_ARRAY, 0x20},          {DDWAF_OBJ_MAP, 0x40},          {DDWAF_OBJ_LARGE_ARRAY, 0xA0},
        {DDWAF_OBJ_LARGE_MAP, 0xC0},
    };
    for (size_t nth = 0; nth < sizeof types / sizeof types[0]; nth++) {
        CHECK((int)types[nth].type == types[nth].value);
    }
    const DDWAF_RET_CODE codes[] = {
        DDWAF_ERR_INTERNAL, DDWAF_ERR_INVALID_OBJECT, DDWAF_ERR_INVALID_ARGUMENT, DDWAF_OK, DDWAF_MATCH,
    };
    for (int nth = 0; nth < 5; nth++) {
        CHECK((int)codes[nth] == nth - 3);
    }
    const DDWAF_LOG_LEVEL levels[] = {
        DDWAF_LOG_TRACE, DDWAF_LOG_DEBUG, DDWAF_LOG_INFO, DDWAF_LOG_WARN, DDWAF_LOG_ERROR, DDWAF_LOG_OFF,
    };
    for (int nth = 0; nth < 6; nth++) {
        CHECK((int)levels[nth] == nth);
    }
    CHECK(DDWAF_OBJ_SSTR_SIZE == 14);
}

/* The same member by itself and through `via`. */
#define SAME(object, member) CHECK((void *)&(object).member == (void *)&(object).via.member)

static void members_have_two_names(void)
{
    ddwaf_object object;
    ddwaf_object_kv pair;
    CHECK(sizeof object == 16 && sizeof(union _ddwaf_object) == 16);
    CHECK(sizeof pair == 32 && sizeof(struct _ddwaf_object_kv) == 32);
    SAME(object, b8.val);
    SAME(object, i64.val);
    SAME(object, u64.val);
    SAME(object, f64.val);
    SAME(object, str.size);
    SAME(object, str.ptr);
    SAME(object, sstr.size);
    SAME(object, sstr.data);
    SAME(object, array.size);
    SAME(object, array.capacity);
    SAME(object, array.ptr);
    SAME(object, map.size);
    SAME(object, map.capacity);
    SAME(object, map.ptr);
    SAME(object, large_array.ptr);
    SAME(object, large_map.ptr);
    CHECK((void *)&object.type == (void *)&object.via.map.type && (void *)&pair.val == (void *)(&pair.key + 1));
    CHECK(sizeof(struct _ddwaf_object_bool) == 2 && sizeof(struct _ddwaf_object_signed) == 16);
    CHECK(sizeof(struct _ddwaf_object_unsigned) == 16 && sizeof(struct _ddwaf_object_float) == 16);
    CHECK(sizeof(struct _ddwaf_object_string) == 16 && sizeof(struct _ddwaf_object_small_string) == 16);
    CHECK(sizeof(struct _ddwaf_object_array) == 16 && sizeof(struct _ddwaf_object_map) == 16);
    CHECK(sizeof(struct _ddwaf_object_large_array) == 16 && sizeof(struct _ddwaf_object_large_map) == 16);
}

/* A capacity of 70000 must not lose its upper bits on the way to a function that took 16 of them. */
static void containers_take_any_capacity(void)
{
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    ddwaf_object array, map;
    CHECK(ddwaf_object_set_array(&array, 70000, alloc) == &array);
    CHECK(array.type == DDWAF_OBJ_LARGE_ARRAY && array.via.large_array.type == DDWAF_OBJ_LARGE_ARRAY);
    CHECK(array.via.large_array.size == 0 && array.via.large_array.capacity == 70000);
    CHECK(ddwaf_object_set_map(&map, 70000, alloc) == &map);
    CHECK(map.type == DDWAF_OBJ_LARGE_MAP && map.large_map.capacity == 70000);
    CHECK(ddwaf_object_insert_key(&map, "key", 3, alloc) == &map.via.large_map.ptr[0].val);
    CHECK(map.via.large_map.size == 1 && ddwaf_object_get_size(&map) == 1);
    ddwaf_object_set_null(&map.via.large_map.ptr[0].val);
    ddwaf_object_destroy(&array, alloc);
    ddwaf_object_destroy(&map, alloc);

    CHECK(ddwaf_object_set_array(&array, 3, alloc) == &array);
    CHECK(array.type == DDWAF_OBJ_ARRAY && array.via.array.capacity == 3);
    ddwaf_object_destroy(&array, alloc);
    CHECK(ddwaf_object_set_map(&map, (size_t)1 << 28, alloc) == NULL);
}

static void *allocate(void *udata, size_t size, size_t alignment)
{
    (void)udata;
    (void)alignment;
    return malloc(size);
}

static void release(void *udata, void *block, size_t size, size_t alignment)
{
    (void)udata;
    (void)size;
    (void)alignment;
    free(block);
}

static void forget(void *udata)
{
    *(int *)udata += 1;
}

static void heard(DDWAF_LOG_LEVEL level, const char *function, const char *file, unsigned line, const char *message,
                  uint64_t length)
{
    CHECK(level < DDWAF_LOG_OFF && function != NULL && file != NULL && line > 0 && message[length] == 0);
}

static void callbacks_have_types(void)
{
#ifdef __cplusplus
    ddwaf_alloc_fn_type take = allocate;
    ddwaf_free_fn_type give = release;
    ddwaf_udata_free_fn_type end = forget;
    ddwaf::waf *waf = NULL;
    ddwaf::waf_builder *builder = NULL;
    ddwaf::context *context = NULL;
    ddwaf::subcontext *subcontext = NULL;
#else
    ddwaf_alloc_fn_type *take = allocate;
    ddwaf_free_fn_type *give = release;
    ddwaf_udata_free_fn_type *end = forget;
    struct _ddwaf_handle *waf = NULL;
    struct _ddwaf_builder *builder = NULL;
    struct _ddwaf_context *context = NULL;
    struct _ddwaf_subcontext *subcontext = NULL;
#endif
    int ended = 0;
    ddwaf_allocator alloc = ddwaf_user_allocator_init(take, give, &ended, end);
    struct _ddwaf_allocator *same = alloc;
    ddwaf_allocator_destroy(same);
    CHECK(ended == 1);

    ddwaf_log_cb log = heard;
    CHECK(ddwaf_set_log_cb(log, DDWAF_LOG_WARN) && ddwaf_set_log_cb(NULL, DDWAF_LOG_OFF));

    ddwaf_handle handle = waf;
    ddwaf_builder maker = builder;
    ddwaf_context whole = context;
    ddwaf_subcontext part = subcontext;
    ddwaf_destroy(handle);
    ddwaf_builder_destroy(maker);
    ddwaf_context_destroy(whole);
    ddwaf_subcontext_destroy(part);
}

/* A client's own view of an object's first eight bytes, read through another type. */
static void objects_may_be_read_as_something_else(void)
{
    ddwaf_object object;
    ddwaf_object_set_unsigned(&object, 5);
    uint64_t *words = (uint64_t *)(void *)&object;
    words[1] = 7;
    CHECK(ddwaf_object_get_unsigned(&object) == 7 && object.u64.val == 7);
}

int main(void)
{
    functions_are_there();
    constants_have_their_values();
    members_have_two_names();
    containers_take_any_capacity();
    callbacks_have_types();
    objects_may_be_read_as_something_else();
    puts("ok");
    return 0;
}
