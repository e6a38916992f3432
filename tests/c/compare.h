/* Comparing and printing values, for programs that run vectors. */

#ifndef COMPARE_H
#define COMPARE_H

#include "ddwaf.h"

#include <stdio.h>
#include <string.h>

enum { UUID_LENGTH = 36 };

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

/* The depth of a vector is bounded, as it comes from a JSON document. */
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

#endif
