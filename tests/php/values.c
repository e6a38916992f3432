/* PHP's values as the library's. */

#include "php_bartizan.h"

/* The library reads no deeper, and arrays may contain themselves. */
enum { DEEPEST = 20, MOST_ENTRIES = 100000 };

static ddwaf_allocator heap(void)
{
    return ddwaf_get_default_allocator();
}

ddwaf_object bartizan_map(void)
{
    ddwaf_object map;
    ddwaf_object_set_map(&map, 8, heap());
    return map;
}

ddwaf_object *bartizan_entry(ddwaf_object *map, const char *key)
{
    return ddwaf_object_insert_key(map, key, (uint32_t)strlen(key), heap());
}

void bartizan_put_text(ddwaf_object *map, const char *key, const char *text, size_t length)
{
    ddwaf_object_set_string(bartizan_entry(map, key), text, (uint32_t)MIN(length, UINT32_MAX), heap());
}

static void set(ddwaf_object *place, zval *value, int depth, size_t *left);

static void set_array(ddwaf_object *place, HashTable *array, int depth, size_t *left)
{
    bool is_list = zend_array_is_list(array);
    if (is_list) {
        ddwaf_object_set_array(place, 0, heap());
    } else {
        ddwaf_object_set_map(place, 0, heap());
    }
    if (depth >= DEEPEST || GC_IS_RECURSIVE(array)) {
        return;
    }
    GC_TRY_PROTECT_RECURSION(array);
    zend_ulong number;
    zend_string *key;
    zval *value;
    ZEND_HASH_FOREACH_KEY_VAL(array, number, key, value) {
        if (*left == 0) {
            break;
        }
        --*left;
        char digits[MAX_LENGTH_OF_LONG];
        ddwaf_object *slot;
        if (is_list) {
            slot = ddwaf_object_insert(place, heap());
        } else if (key != NULL) {
            slot = ddwaf_object_insert_key(place, ZSTR_VAL(key), (uint32_t)ZSTR_LEN(key), heap());
        } else {
            int length = snprintf(digits, sizeof digits, ZEND_LONG_FMT, (zend_long)number);
            slot = ddwaf_object_insert_key(place, digits, (uint32_t)length, heap());
        }
        set(slot, value, depth + 1, left);
    } ZEND_HASH_FOREACH_END();
    GC_TRY_UNPROTECT_RECURSION(array);
}

static void set(ddwaf_object *place, zval *value, int depth, size_t *left)
{
    ZVAL_DEREF(value);
    switch (Z_TYPE_P(value)) {
        case IS_TRUE:
        case IS_FALSE: ddwaf_object_set_bool(place, Z_TYPE_P(value) == IS_TRUE); break;
        case IS_LONG: ddwaf_object_set_signed(place, Z_LVAL_P(value)); break;
        case IS_DOUBLE: ddwaf_object_set_float(place, Z_DVAL_P(value)); break;
        case IS_STRING:
            ddwaf_object_set_string(place, Z_STRVAL_P(value), (uint32_t)MIN(Z_STRLEN_P(value), UINT32_MAX), heap());
            break;
        case IS_ARRAY: set_array(place, Z_ARRVAL_P(value), depth, left); break;
        /* What objects look like to the application is not known. */
        default: ddwaf_object_set_null(place);
    }
}

void bartizan_put_zval(ddwaf_object *map, const char *key, zval *value)
{
    size_t left = MOST_ENTRIES;
    set(bartizan_entry(map, key), value, 0, &left);
}

const ddwaf_object *bartizan_get(const ddwaf_object *map, const char *key)
{
    return ddwaf_object_find(map, key, strlen(key));
}

zend_string *bartizan_text(const ddwaf_object *value)
{
    size_t length = 0;
    const char *text = ddwaf_object_get_string(value, &length);
    return zend_string_init(text != NULL ? text : "", length, 0);
}

void bartizan_drop(ddwaf_object *value)
{
    ddwaf_object_destroy(value, heap());
}
