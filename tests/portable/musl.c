/* Loads the library at run time and evaluates 150 requests, every third an attack: musl LIBRARY. Built with musl-gcc. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ddwaf.h"

#define RULES                                                                                                              \
    "{\"rules\":[{\"id\":\"r\",\"name\":\"n\",\"tags\":{\"type\":\"t\",\"category\":\"c\"},\"conditions\":[{\"operator\":" \
    "\"match_regex\",\"parameters\":{\"inputs\":[{\"address\":\"a\"}],\"regex\":\"at+ack\"}}]}]}"

static void *library;

static void *named(const char *name)
{
    void *found = dlsym(library, name);
    if (found == NULL) {
        printf("%s: %s\n", name, dlerror());
        exit(1);
    }
    return found;
}

#define USE(name) __typeof__(&name) p_##name = (__typeof__(&name))named(#name)

int main(int count, char **names)
{
    if (count != 2 || (library = dlopen(names[1], RTLD_NOW)) == NULL) {
        printf("%s\n", count == 2 ? dlerror() : "musl LIBRARY");
        return 1;
    }
    USE(ddwaf_get_default_allocator);
    USE(ddwaf_object_from_json);
    USE(ddwaf_init);
    USE(ddwaf_context_init);
    USE(ddwaf_context_eval);
    USE(ddwaf_context_destroy);
    USE(ddwaf_object_destroy);
    USE(ddwaf_destroy);
    ddwaf_allocator allocator = p_ddwaf_get_default_allocator();
    ddwaf_object rules;
    if (!p_ddwaf_object_from_json(&rules, RULES, strlen(RULES), allocator)) {
        return 2;
    }
    ddwaf_handle handle = p_ddwaf_init(&rules, NULL);
    p_ddwaf_object_destroy(&rules, allocator);
    int found = 0;
    for (int nth = 0; nth < 150; nth++) {
        const char *data = nth % 3 == 0 ? "{\"a\":[\"an attack\"]}" : "{\"a\":[\"nothing\"]}";
        ddwaf_object input, result;
        p_ddwaf_object_from_json(&input, data, strlen(data), allocator);
        ddwaf_context context = p_ddwaf_context_init(handle, allocator);
        found += p_ddwaf_context_eval(context, &input, allocator, &result, 1000000) == DDWAF_MATCH;
        p_ddwaf_object_destroy(&result, allocator);
        p_ddwaf_context_destroy(context);
    }
    p_ddwaf_destroy(handle);
    printf("%d of 150\n", found);
    return found != 50;
}
