/* The C interface of libddwaf 2.x, as bartizan implements it.
 *
 * Written from the sources in ffi-c/src by cbindgen: do not edit.
 *
 * Conventions
 *  - Every pointer may be NULL; each comment says what happens then.
 *  - Strings are bytes with a length: not terminated, not necessarily UTF-8.
 *  - Objects own what they refer to (except literal strings) and are freed with ddwaf_object_destroy and the allocator
 *    they were made with. Setters do not free what an object held before.
 *  - An allocator must outlive every object made with it and every context it was given to.
 *  - A handle may be used by several threads; a builder, context or subcontext by one at a time.
 */

#ifndef DDWAF_H
#define DDWAF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Objects may be read through pointers to other types, such as a client's own definition of them. */
#if defined(__GNUC__)
#    define DDWAF_MAY_ALIAS __attribute__((__may_alias__))
#else
#    define DDWAF_MAY_ALIAS
#endif

typedef union _ddwaf_object ddwaf_object;
typedef struct _ddwaf_object_kv ddwaf_object_kv;

/* What the handles point to is known to the library only; C++ has names for it.
 *
 * ddwaf_handle: an instance made from configurations: immutable, for any number of threads.
 * ddwaf_builder: holds configurations under their paths and makes instances from them. For one thread at a time. If the
 *   process forks while a thread changes it, the child finds it in the state before the change.
 * ddwaf_context: the data of one request. For one thread at a time, except that several may make subcontexts of an idle
 *   context.
 * ddwaf_subcontext: the data of a part of a request, on top of the data its context held when it was made. For one
 *   thread at a time; independent of its context and of other subcontexts. */
#ifdef __cplusplus
namespace ddwaf {
class waf;
class waf_builder;
class context;
class subcontext;
} // namespace ddwaf
typedef ddwaf::waf *ddwaf_handle;
typedef ddwaf::waf_builder *ddwaf_builder;
typedef ddwaf::context *ddwaf_context;
typedef ddwaf::subcontext *ddwaf_subcontext;
#else
typedef struct _ddwaf_handle *ddwaf_handle;
typedef struct _ddwaf_builder *ddwaf_builder;
typedef struct _ddwaf_context *ddwaf_context;
typedef struct _ddwaf_subcontext *ddwaf_subcontext;
#endif

/* Functions of a user allocator: allocate `size` bytes aligned to `alignment` (or return NULL), free such a block, and
 * free `udata` when the allocator is destroyed. */
#ifdef __cplusplus
using ddwaf_alloc_fn_type = void *(*)(void *udata, size_t size, size_t alignment);
using ddwaf_free_fn_type = void (*)(void *udata, void *block, size_t size, size_t alignment);
using ddwaf_udata_free_fn_type = void (*)(void *udata);
#else
typedef void *ddwaf_alloc_fn_type(void *udata, size_t size, size_t alignment);
typedef void ddwaf_free_fn_type(void *udata, void *block, size_t size, size_t alignment);
typedef void ddwaf_udata_free_fn_type(void *udata);
#endif

/**
 * An array of more than 65535 elements.
 */
typedef struct _ddwaf_object_large_array {
    uint64_t type : 8;
    uint64_t size : 28;
    uint64_t capacity : 28;
    ddwaf_object *ptr;
} _ddwaf_object_large_array;

/**
 * A map of more than 65535 entries.
 */
typedef struct _ddwaf_object_large_map {
    uint64_t type : 8;
    uint64_t size : 28;
    uint64_t capacity : 28;
    ddwaf_object_kv *ptr;
} _ddwaf_object_large_map;

/**
 * Bytes a small string can hold inside the object.
 */
#define DDWAF_OBJ_SSTR_SIZE 14

/**
 * What an evaluation returns.
 */
typedef enum DDWAF_RET_CODE {
    /**
     * Internal error of the library.
     */
    DDWAF_ERR_INTERNAL = -3,
    /**
     * The data was not a map (eval) or not an array of maps (multieval).
     */
    DDWAF_ERR_INVALID_OBJECT = -2,
    /**
     * A required pointer was NULL.
     */
    DDWAF_ERR_INVALID_ARGUMENT = -1,
    /**
     * Nothing to report.
     */
    DDWAF_OK = 0,
    /**
     * The result holds events, actions or attributes.
     */
    DDWAF_MATCH = 1,
} DDWAF_RET_CODE;

/**
 * The kind of an object: the `type` byte of ddwaf_object. ddwaf_object_get_size, ddwaf_object_at_key and
 * ddwaf_object_at_value read large arrays and maps like small ones.
 */
typedef enum DDWAF_OBJ_TYPE {
    /**
     * Unknown or uninitialised.
     */
    DDWAF_OBJ_INVALID = 0,
    /**
     * Null.
     */
    DDWAF_OBJ_NULL = 1,
    /**
     * A boolean: `b8`.
     */
    DDWAF_OBJ_BOOL = 2,
    /**
     * A signed 64-bit integer: `i64`.
     */
    DDWAF_OBJ_SIGNED = 4,
    /**
     * An unsigned 64-bit integer: `u64`.
     */
    DDWAF_OBJ_UNSIGNED = 6,
    /**
     * A double: `f64`.
     */
    DDWAF_OBJ_FLOAT = 8,
    /**
     * A string in its own block, freed with the object: `str`.
     */
    DDWAF_OBJ_STRING = 16,
    /**
     * A string in borrowed memory, never freed: `str`.
     */
    DDWAF_OBJ_LITERAL_STRING = 18,
    /**
     * A string inside the object: `sstr`.
     */
    DDWAF_OBJ_SMALL_STRING = 20,
    /**
     * A sequence of objects: `array`.
     */
    DDWAF_OBJ_ARRAY = 32,
    /**
     * A sequence of key/value pairs: `map`.
     */
    DDWAF_OBJ_MAP = 64,
    /**
     * A sequence of more than 65535 objects: `large_array`.
     */
    DDWAF_OBJ_LARGE_ARRAY = 160,
    /**
     * A sequence of more than 65535 key/value pairs: `large_map`.
     */
    DDWAF_OBJ_LARGE_MAP = 192,
} DDWAF_OBJ_TYPE;

/**
 * The severity of a log message.
 */
typedef enum DDWAF_LOG_LEVEL {
    /**
     * Every step.
     */
    DDWAF_LOG_TRACE,
    /**
     * For developers of the library.
     */
    DDWAF_LOG_DEBUG,
    /**
     * For information.
     */
    DDWAF_LOG_INFO,
    /**
     * A caller's mistake that was worked around.
     */
    DDWAF_LOG_WARN,
    /**
     * An operation failed.
     */
    DDWAF_LOG_ERROR,
    /**
     * As a minimum level: no messages at all.
     */
    DDWAF_LOG_OFF,
} DDWAF_LOG_LEVEL;

/**
 * An allocator, behind the opaque pointer that callers hold.
 */
typedef struct _ddwaf_allocator _ddwaf_allocator;

/**
 * A source of memory.
 */
typedef struct _ddwaf_allocator *ddwaf_allocator;

/**
 * Receives log messages, on the thread that caused them; several threads may call it at once. `function` and `file`
 * are valid as long as the library is loaded, `message` during the call; `message_len` excludes the terminating NUL.
 */
typedef void (*ddwaf_log_cb)(DDWAF_LOG_LEVEL level,
                             const char *function,
                             const char *file,
                             unsigned int line,
                             const char *message,
                             uint64_t message_len);

/**
 * A boolean.
 */
typedef struct _ddwaf_object_bool {
    uint8_t type;
    bool val;
} _ddwaf_object_bool;

/**
 * A signed integer.
 */
typedef struct _ddwaf_object_signed {
    uint8_t type;
    int64_t val;
} _ddwaf_object_signed;

/**
 * An unsigned integer.
 */
typedef struct _ddwaf_object_unsigned {
    uint8_t type;
    uint64_t val;
} _ddwaf_object_unsigned;

/**
 * A double.
 */
typedef struct _ddwaf_object_float {
    uint8_t type;
    double val;
} _ddwaf_object_float;

/**
 * A string outside of the object: bytes with a length, without a terminator.
 */
typedef struct _ddwaf_object_string {
    uint8_t type;
    uint32_t size;
    char *ptr;
} _ddwaf_object_string;

/**
 * A string inside the object.
 */
typedef struct _ddwaf_object_small_string {
    uint8_t type;
    uint8_t size;
    char data[DDWAF_OBJ_SSTR_SIZE];
} _ddwaf_object_small_string;

/**
 * An array of up to 65535 elements.
 */
typedef struct _ddwaf_object_array {
    uint8_t type;
    uint16_t size;
    uint16_t capacity;
    ddwaf_object *ptr;
} _ddwaf_object_array;

/**
 * A map of up to 65535 entries, in insertion order; equal keys may occur.
 */
typedef struct _ddwaf_object_map {
    uint8_t type;
    uint16_t size;
    uint16_t capacity;
    ddwaf_object_kv *ptr;
} _ddwaf_object_map;

/**
 * A node of a tree of values, 16 bytes. `type` is common to all members and says which one is valid.
 */
typedef union DDWAF_MAY_ALIAS _ddwaf_object {
    uint8_t type;
    struct _ddwaf_object_bool b8;
    struct _ddwaf_object_signed i64;
    struct _ddwaf_object_unsigned u64;
    struct _ddwaf_object_float f64;
    struct _ddwaf_object_string str;
    struct _ddwaf_object_small_string sstr;
    struct _ddwaf_object_array array;
    struct _ddwaf_object_map map;
    struct _ddwaf_object_large_array large_array;
    struct _ddwaf_object_large_map large_map;
    /**
     * The same members by the names of libddwaf.
     */
    union {
        struct _ddwaf_object_bool b8;
        struct _ddwaf_object_signed i64;
        struct _ddwaf_object_unsigned u64;
        struct _ddwaf_object_float f64;
        struct _ddwaf_object_string str;
        struct _ddwaf_object_small_string sstr;
        struct _ddwaf_object_array array;
        struct _ddwaf_object_map map;
        struct _ddwaf_object_large_array large_array;
        struct _ddwaf_object_large_map large_map;
    } via;
} _ddwaf_object;

/**
 * An entry of a map, 32 bytes. The key is one of the three kinds of string.
 */
typedef struct _ddwaf_object_kv {
    ddwaf_object key;
    ddwaf_object val;
} _ddwaf_object_kv;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The allocator of the process heap, which also allocates diagnostics and lists of configuration paths. Thread-safe;
 * need not and cannot be destroyed.
 *
 * @return the same pointer for every call, never NULL.
 */
ddwaf_allocator ddwaf_get_default_allocator(void);

/**
 * Creates an allocator that keeps freed blocks for reuse, for any number of threads. ddwaf_allocator_destroy frees all
 * of its memory.
 *
 * @return a new allocator.
 */
ddwaf_allocator ddwaf_synchronized_pool_allocator_init(void);

/**
 * Creates an allocator that keeps freed blocks for reuse, for one thread at a time. ddwaf_allocator_destroy frees all
 * of its memory.
 *
 * @return a new allocator.
 */
ddwaf_allocator ddwaf_unsynchronized_pool_allocator_init(void);

/**
 * Creates an arena allocator: freeing a block does nothing, and ddwaf_allocator_destroy frees all memory. For one
 * thread at a time.
 *
 * @return a new allocator.
 */
ddwaf_allocator ddwaf_monotonic_allocator_init(void);

/**
 * Creates an allocator that calls the caller's functions. They run on whichever thread evaluates or destroys, must not
 * unwind, and may return NULL if memory is exhausted.
 *
 * @param alloc_fn       Allocates memory.
 * @param free_fn        Frees memory, with the size and alignment with which it was allocated.
 * @param udata          Passed to every function; may be NULL.
 * @param udata_free_fn  Called once, by ddwaf_allocator_destroy; may be NULL.
 * @return a new allocator; NULL if alloc_fn or free_fn is NULL (udata_free_fn is not called then).
 */
ddwaf_allocator ddwaf_user_allocator_init(ddwaf_alloc_fn_type alloc_fn,
                                          ddwaf_free_fn_type free_fn,
                                          void *udata,
                                          ddwaf_udata_free_fn_type udata_free_fn);

/**
 * Allocates memory from an allocator.
 *
 * @param alignment  A power of two.
 * @return the block, to be freed with ddwaf_allocator_free; NULL if alloc is NULL or memory is exhausted.
 */
void *ddwaf_allocator_alloc(ddwaf_allocator alloc, size_t bytes, size_t alignment);

/**
 * Frees a block with the allocator it came from, and with the size and alignment with which it was allocated. Does
 * nothing if alloc is NULL.
 */
void ddwaf_allocator_free(ddwaf_allocator alloc, void *block, size_t bytes, size_t alignment);

/**
 * Destroys an allocator, which no object or context may use any more. Does nothing for NULL and for the default
 * allocator.
 */
void ddwaf_allocator_destroy(ddwaf_allocator alloc);

/**
 * Makes an object invalid. Its previous content is not freed.
 *
 * @return the object, or NULL for NULL.
 */
ddwaf_object *ddwaf_object_set_invalid(ddwaf_object *object);

/**
 * Makes an object null. Its previous content is not freed.
 *
 * @return the object, or NULL for NULL.
 */
ddwaf_object *ddwaf_object_set_null(ddwaf_object *object);

/**
 * Makes an object a boolean. Its previous content is not freed.
 *
 * @return the object, or NULL for NULL.
 */
ddwaf_object *ddwaf_object_set_bool(ddwaf_object *object, bool value);

/**
 * Makes an object a signed integer. Its previous content is not freed.
 *
 * @return the object, or NULL for NULL.
 */
ddwaf_object *ddwaf_object_set_signed(ddwaf_object *object, int64_t value);

/**
 * Makes an object an unsigned integer. Its previous content is not freed.
 *
 * @return the object, or NULL for NULL.
 */
ddwaf_object *ddwaf_object_set_unsigned(ddwaf_object *object, uint64_t value);

/**
 * Makes an object a double; NaN and infinities are kept. Its previous content is not freed.
 *
 * @return the object, or NULL for NULL.
 */
ddwaf_object *ddwaf_object_set_float(ddwaf_object *object, double value);

/**
 * The same as ddwaf_object_set_null, under the name older clients link.
 */
ddwaf_object *ddwaf_object_null(ddwaf_object *object);

/**
 * The same as ddwaf_object_set_bool, under the name older clients link.
 */
ddwaf_object *ddwaf_object_bool(ddwaf_object *object, bool value);

/**
 * The same as ddwaf_object_set_signed, under the name older clients link.
 */
ddwaf_object *ddwaf_object_signed(ddwaf_object *object, int64_t value);

/**
 * The same as ddwaf_object_set_unsigned, under the name older clients link.
 */
ddwaf_object *ddwaf_object_unsigned(ddwaf_object *object, uint64_t value);

/**
 * The same as ddwaf_object_set_float, under the name older clients link.
 */
ddwaf_object *ddwaf_object_float(ddwaf_object *object, double value);

/**
 * Makes an object a copy of a string: within the object up to 14 bytes, else in a block of `length` bytes from
 * `alloc`. Its previous content is not freed.
 *
 * @param string  Bytes, not necessarily text or terminated; they may lie within the object. NULL with a length of 0 is
 *                the empty string.
 * @return the object; NULL, with the object untouched, if object or alloc is NULL, if string is NULL with a length, or
 *         if memory is exhausted.
 */
ddwaf_object *ddwaf_object_set_string(ddwaf_object *object, const char *string, uint32_t length, ddwaf_allocator alloc);

/**
 * Makes an object refer to a string that the caller keeps until the object is destroyed; it is never freed.
 *
 * @return the object; NULL if object or string is NULL.
 */
ddwaf_object *ddwaf_object_set_string_literal(ddwaf_object *object, const char *string, uint32_t length);

/**
 * Makes an object the owner of a string, whatever its length. The memory must come from the allocator with which the
 * object is destroyed later, with a size of `length` and an alignment of 1.
 *
 * @return the object; NULL, in which case the caller still owns the string, if object or string is NULL.
 */
ddwaf_object *ddwaf_object_set_string_nocopy(ddwaf_object *object, const char *string, uint32_t length);

/**
 * As ddwaf_object_set_array, for any capacity below 2^28. Above 65535 the array has the large form.
 *
 * @return the object; NULL also for a capacity of 2^28 or more.
 */
ddwaf_object *ddwaf_object_set_array_large(ddwaf_object *object, size_t capacity, ddwaf_allocator alloc);

/**
 * As ddwaf_object_set_map, for any capacity below 2^28. Above 65535 the map has the large form.
 *
 * @return the object; NULL also for a capacity of 2^28 or more.
 */
ddwaf_object *ddwaf_object_set_map_large(ddwaf_object *object, size_t capacity, ddwaf_allocator alloc);

/**
 * Appends an element to an array.
 *
 * @param alloc  The allocator the array was made with.
 * @return the new element, of type DDWAF_OBJ_INVALID, to be set by the caller; valid until the next insertion into the
 *         same array. NULL if array or alloc is NULL, array is not an array or full, or memory is exhausted.
 */
ddwaf_object *ddwaf_object_insert(ddwaf_object *array, ddwaf_allocator alloc);

/**
 * Appends an entry to a map under a copy of `key`, which may lie within the map; entries with an equal key are kept.
 *
 * @param alloc  The allocator the map was made with.
 * @return the new value, of type DDWAF_OBJ_INVALID, to be set by the caller; valid until the next insertion into the
 *         same map. NULL if map or alloc is NULL, if key is NULL with a length, if map is not a map or full, or if
 *         memory is exhausted.
 */
ddwaf_object *ddwaf_object_insert_key(ddwaf_object *map, const char *key, uint32_t length, ddwaf_allocator alloc);

/**
 * As ddwaf_object_insert_key, but the map takes over the key. Its memory must come from the same allocator, with a
 * size of `length` and an alignment of 1.
 *
 * @return the new value; NULL as for ddwaf_object_insert_key, in which case the caller still owns the key.
 */
ddwaf_object *ddwaf_object_insert_key_nocopy(ddwaf_object *map,
                                             const char *key,
                                             uint32_t length,
                                             ddwaf_allocator alloc);

/**
 * As ddwaf_object_insert_key, but the map refers to a key that the caller keeps until the map is destroyed.
 *
 * @return the new value; NULL as for ddwaf_object_insert_key.
 */
ddwaf_object *ddwaf_object_insert_literal_key(ddwaf_object *map,
                                              const char *key,
                                              uint32_t length,
                                              ddwaf_allocator alloc);

/**
 * Frees everything an object holds, with the allocator it was made with, and makes it invalid. The 16 bytes themselves
 * remain the caller's; destroying an invalid object does nothing, and so does NULL for either argument. Each block
 * must be reached only once: before a tree that contains itself can be destroyed, the object that closes the cycle has
 * to be made invalid.
 */
void ddwaf_object_destroy(ddwaf_object *object, ddwaf_allocator alloc);

/**
 * Copies a tree. Strings are copied, except that literal strings (not keys) still refer to the caller's memory;
 * containers get exactly the capacity they need. The previous content of the destination is not freed; it may lie
 * within the source, which then contains the copy there.
 *
 * @return the destination; NULL, with the destination untouched, if any argument is NULL, memory is exhausted, or the
 *         source contains itself, at whatever depth, or shares parts so often that it expands to more than 2^20
 *         entries and more than 16 times those in memory.
 */
ddwaf_object *ddwaf_object_clone(const ddwaf_object *source, ddwaf_object *destination, ddwaf_allocator alloc);

/**
 * @return the type tag of an object, unchecked; DDWAF_OBJ_INVALID for NULL.
 */
DDWAF_OBJ_TYPE ddwaf_object_get_type(const ddwaf_object *object);

/**
 * @return the number of elements of an array or entries of a map; 0 for anything else, and for NULL.
 */
size_t ddwaf_object_get_size(const ddwaf_object *object);

/**
 * @return the length in bytes of a string of any kind; 0 for anything else, and for NULL.
 */
size_t ddwaf_object_get_length(const ddwaf_object *object);

/**
 * The bytes of a string of any kind, without a terminator. A string of up to 14 bytes may be stored within the object,
 * so the pointer is only valid until the object is moved.
 *
 * @param length  Receives the length; may be NULL. Untouched if the object is not a string.
 * @return the bytes, which the object still owns; NULL if the object is not a string, and for NULL.
 */
const char *ddwaf_object_get_string(const ddwaf_object *object, size_t *length);

/**
 * @return the value of an unsigned integer; 0 for anything else (nothing is converted), and for NULL.
 */
uint64_t ddwaf_object_get_unsigned(const ddwaf_object *object);

/**
 * @return the value of a signed integer; 0 for anything else (nothing is converted), and for NULL.
 */
int64_t ddwaf_object_get_signed(const ddwaf_object *object);

/**
 * @return the value of a double; 0.0 for anything else (nothing is converted), and for NULL.
 */
double ddwaf_object_get_float(const ddwaf_object *object);

/**
 * @return the value of a boolean; false for anything else, and for NULL.
 */
bool ddwaf_object_get_bool(const ddwaf_object *object);

/**
 * @return the key of an entry of a map, which the map still owns; NULL if this is not a map, the index is out of
 *         range, and for NULL.
 */
const ddwaf_object *ddwaf_object_at_key(const ddwaf_object *object, size_t index);

/**
 * @return an element of an array or the value of an entry of a map, which the container still owns; NULL if this is
 *         not a container, the index is out of range, and for NULL.
 */
const ddwaf_object *ddwaf_object_at_value(const ddwaf_object *object, size_t index);

/**
 * @return the value of the first entry of a map with this key, which the map still owns; NULL if there is none, this
 *         is not a map, the key is NULL or empty, and for NULL.
 */
const ddwaf_object *ddwaf_object_find(const ddwaf_object *object, const char *key, size_t length);

/**
 * @return whether an object is invalid; false for NULL.
 */
bool ddwaf_object_is_invalid(const ddwaf_object *object);

/**
 * @return whether an object is null; false for NULL.
 */
bool ddwaf_object_is_null(const ddwaf_object *object);

/**
 * @return whether an object is a boolean; false for NULL.
 */
bool ddwaf_object_is_bool(const ddwaf_object *object);

/**
 * @return whether an object is a signed integer; false for NULL.
 */
bool ddwaf_object_is_signed(const ddwaf_object *object);

/**
 * @return whether an object is an unsigned integer; false for NULL.
 */
bool ddwaf_object_is_unsigned(const ddwaf_object *object);

/**
 * @return whether an object is a double; false for NULL.
 */
bool ddwaf_object_is_float(const ddwaf_object *object);

/**
 * @return whether an object is a string of any kind; false for NULL.
 */
bool ddwaf_object_is_string(const ddwaf_object *object);

/**
 * @return whether an object is an array of any size; false for NULL.
 */
bool ddwaf_object_is_array(const ddwaf_object *object);

/**
 * @return whether an object is a map of any size; false for NULL.
 */
bool ddwaf_object_is_map(const ddwaf_object *object);

/**
 * Reads a JSON document into an object. The previous content of the object is not freed; the text is not kept, and may
 * lie within the object. Nesting beyond 20 levels is cut off.
 *
 * @return true, with the object to be destroyed by the caller with the same allocator. false if a pointer is NULL or
 *         the length 0 (the object is untouched), or if the text is not JSON or memory is exhausted (the object is
 *         invalid, and nothing stays allocated).
 */
bool ddwaf_object_from_json(ddwaf_object *output, const char *json_str, uint32_t length, ddwaf_allocator alloc);

/**
 * Creates an empty builder.
 *
 * @return the builder, to be destroyed with ddwaf_builder_destroy.
 */
ddwaf_builder ddwaf_builder_init(void);

/**
 * Loads a configuration under a path, replacing the one there. Path and configuration are copied. If nothing of the
 * configuration can be loaded, the previous one is still removed; if it is not a map, the previous one is kept.
 *
 * @param path         Any bytes; they identify the configuration.
 * @param diagnostics  Overwritten with a map that says what was loaded, skipped and refused, and why; the caller
 *                     destroys it with the default allocator. May be NULL. It has a section `bartizan_ato` only if the
 *                     configuration has this key, which is for bartizan_takeover_apply and does not affect instances.
 * @return whether the configuration was accepted; false, with diagnostics untouched, if builder, path or config is
 *         NULL or the path is empty.
 */
bool ddwaf_builder_add_or_update_config(ddwaf_builder builder,
                                        const char *path,
                                        uint32_t path_len,
                                        const ddwaf_object *config,
                                        ddwaf_object *diagnostics);

/**
 * Removes the configuration of a path.
 *
 * @return whether there was one; false also for NULL and for an empty path.
 */
bool ddwaf_builder_remove_config(ddwaf_builder builder, const char *path, uint32_t path_len);

/**
 * Makes an instance of all present configurations. The builder can make further instances, and may be destroyed before
 * them.
 *
 * @return the instance, to be destroyed with ddwaf_destroy; NULL for NULL, and if there is nothing to evaluate.
 */
ddwaf_handle ddwaf_builder_build_instance(ddwaf_builder builder);

/**
 * Lists the paths of the present configurations, in no particular order.
 *
 * @param paths   Overwritten with an array of strings; the caller destroys it with the default allocator. May be NULL.
 * @param filter  A regular expression (RE2 syntax) that matches part of a path; NULL or empty selects all paths, an
 *                invalid one none.
 * @return the number of paths; 0, with paths untouched, if builder is NULL.
 */
uint32_t ddwaf_builder_get_config_paths(ddwaf_builder builder,
                                        ddwaf_object *paths,
                                        const char *filter,
                                        uint32_t filter_len);

/**
 * Destroys a builder; instances made with it live on. Does nothing for NULL.
 */
void ddwaf_builder_destroy(ddwaf_builder builder);

/**
 * Makes an instance of one ruleset.
 *
 * @param ruleset      Only read.
 * @param diagnostics  Overwritten with a map that says what was loaded, skipped and refused, and why, even if there is
 *                     no instance; the caller destroys it with the default allocator. May be NULL.
 * @return the instance, to be destroyed with ddwaf_destroy; NULL if there is nothing to evaluate. NULL with
 *         diagnostics untouched if ruleset is NULL.
 */
ddwaf_handle ddwaf_init(const ddwaf_object *ruleset, ddwaf_object *diagnostics);

/**
 * Releases an instance. Its contexts remain valid. Does nothing for NULL.
 */
void ddwaf_destroy(ddwaf_handle handle);

/**
 * The addresses that the rules of an instance use. Thread-safe.
 *
 * @param size  Receives the number of addresses.
 * @return NUL-terminated strings, which live as long as the instance and its contexts; the same pointer for every
 *         call. NULL, with a size of 0, if there are none and for NULL.
 */
const char *const *ddwaf_known_addresses(ddwaf_handle handle, uint32_t *size);

/**
 * The types of actions that the rules of an instance can trigger. Thread-safe.
 *
 * @param size  Receives the number of types.
 * @return NUL-terminated strings, which live as long as the instance and its contexts; the same pointer for every
 *         call. NULL, with a size of 0, if there are none and for NULL.
 */
const char *const *ddwaf_known_actions(ddwaf_handle handle, uint32_t *size);

/**
 * Creates a context, which holds the data of one request.
 *
 * @param output_alloc  The allocator of results; must outlive the context and its subcontexts.
 * @return the context, to be destroyed with ddwaf_context_destroy; NULL if an argument is NULL.
 */
ddwaf_context ddwaf_context_init(ddwaf_handle handle, ddwaf_allocator output_alloc);

/**
 * Evaluates new data, together with what the context already holds.
 *
 * @param data     A map from addresses to values. With `alloc` the library takes it over (for every code but
 *                 DDWAF_ERR_INVALID_ARGUMENT) and frees it after the context and its subcontexts. Without, the caller
 *                 still owns it, and keeps it valid and unchanged until then; on DDWAF_ERR_INVALID_OBJECT nothing of
 *                 it is kept. The caller always keeps data that contains itself, at whatever depth, or that shares
 *                 parts so often that it expands to more than 2^20 entries and more than 16 times those in memory.
 * @param alloc    The allocator of data, or NULL.
 * @param result   Overwritten, for DDWAF_OK and DDWAF_MATCH only, with a map of `events`, `actions`, `duration`
 *                 (nanoseconds), `timeout`, `attributes`, `keep` and `evaluated`; the caller destroys it with the
 *                 context's output allocator. May be NULL.
 * @param timeout  The budget in microseconds; 0 is exhausted from the start.
 * @return DDWAF_MATCH if there are events, actions or attributes; DDWAF_OK if not; DDWAF_ERR_INVALID_ARGUMENT if
 *         context or data is NULL; DDWAF_ERR_INVALID_OBJECT if data is not a map or contains itself;
 *         DDWAF_ERR_INTERNAL, after which the context can only be destroyed.
 */
enum DDWAF_RET_CODE ddwaf_context_eval(ddwaf_context context,
                                       ddwaf_object *data,
                                       ddwaf_allocator alloc,
                                       ddwaf_object *result,
                                       uint64_t timeout);

/**
 * Evaluates several maps in order, within one budget and into one result. Evaluation ends early when the budget is
 * exhausted or a rule blocks; `evaluated` in the result is the number of maps that were finished.
 *
 * @param data  An array of maps; otherwise as for ddwaf_context_eval.
 * @return as ddwaf_context_eval; DDWAF_ERR_INVALID_OBJECT, with nothing evaluated, if data is anything else.
 */
enum DDWAF_RET_CODE ddwaf_context_multieval(ddwaf_context context,
                                            ddwaf_object *data,
                                            ddwaf_allocator alloc,
                                            ddwaf_object *result,
                                            uint64_t timeout);

/**
 * Destroys a context. Data that its subcontexts use is freed with the last of them. Does nothing for NULL.
 */
void ddwaf_context_destroy(ddwaf_context context);

/**
 * Creates a subcontext, which starts with what the context holds and has found; after that the two are independent. It
 * may outlive the context.
 *
 * @return the subcontext, to be destroyed with ddwaf_subcontext_destroy; NULL for NULL.
 */
ddwaf_subcontext ddwaf_subcontext_init(ddwaf_context context);

/**
 * As ddwaf_context_eval; data taken over is freed when the subcontext is destroyed.
 */
enum DDWAF_RET_CODE ddwaf_subcontext_eval(ddwaf_subcontext subcontext,
                                          ddwaf_object *data,
                                          ddwaf_allocator alloc,
                                          ddwaf_object *result,
                                          uint64_t timeout);

/**
 * As ddwaf_context_multieval; data taken over is freed when the subcontext is destroyed.
 */
enum DDWAF_RET_CODE ddwaf_subcontext_multieval(ddwaf_subcontext subcontext,
                                               ddwaf_object *data,
                                               ddwaf_allocator alloc,
                                               ddwaf_object *result,
                                               uint64_t timeout);

/**
 * Destroys a subcontext. Does nothing for NULL.
 */
void ddwaf_subcontext_destroy(ddwaf_subcontext subcontext);

/**
 * Installs the receiver of log messages for the whole process, replacing the previous one; NULL removes it. Must not
 * run concurrently with any other call into the library.
 *
 * @param min_level  Messages below this level are not produced; DDWAF_LOG_OFF produces none.
 * @return true.
 */
bool ddwaf_set_log_cb(ddwaf_log_cb cb, DDWAF_LOG_LEVEL min_level);

/**
 * @return the version of libddwaf whose behaviour this library implements, "major.minor.patch"; the rules' min_version
 * and max_version are compared with it. Static, never NULL, not to be freed.
 */
const char *ddwaf_get_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes an object an array with room for exactly `capacity` elements, which grows when more are inserted. The previous
 * content is not freed. Above 65535 the array has the large form.
 *
 * @return the object; NULL, with the object untouched, if object or alloc is NULL, memory is exhausted, or for a
 *         capacity of 2^28 or more.
 */
ddwaf_object *ddwaf_object_set_array(ddwaf_object *object, uint16_t capacity, ddwaf_allocator alloc);

/**
 * Makes an object a map with room for exactly `capacity` entries, which grows when more are inserted. The previous
 * content is not freed. Above 65535 the map has the large form.
 *
 * @return the object; NULL, with the object untouched, if object or alloc is NULL, memory is exhausted, or for a
 *         capacity of 2^28 or more.
 */
ddwaf_object *ddwaf_object_set_map(ddwaf_object *object, uint16_t capacity, ddwaf_allocator alloc);

#ifdef __cplusplus
} // extern "C"
#endif

/* Capacities were 16 bits wide in libddwaf 2.0, and the symbols of these two names still take them so. Calls that are
 * compiled with this header go to the symbols that take any capacity below 2^28. */
#define ddwaf_object_set_array(object, capacity, alloc) ddwaf_object_set_array_large((object), (size_t)(capacity), (alloc))
#define ddwaf_object_set_map(object, capacity, alloc) ddwaf_object_set_map_large((object), (size_t)(capacity), (alloc))

#endif /* DDWAF_H */
