/* Reads JSON, and runs the lines of tables. */

#ifndef LINES_H
#define LINES_H

#include "check.h"
#include "compare.h"
#include "ddwaf.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ddwaf_object parse(const char *text)
{
    ddwaf_object object;
    CHECK(ddwaf_object_from_json(&object, text, (uint32_t)strlen(text), ddwaf_get_default_allocator()));
    return object;
}

/* Runs every line of these files, prints the names of those that failed and how many there were, and returns whether all
   passed. */
static bool run_files(int count, char **names, bool (*run_line)(const ddwaf_object *line))
{
    unsigned passed = 0, failed = 0;
    for (int i = 0; i < count; i++) {
        FILE *file = fopen(names[i], "r");
        CHECK(file != NULL);
        char *text = NULL;
        size_t capacity = 0;
        while (getline(&text, &capacity, file) > 0) {
            ddwaf_object line = parse(text);
            if (run_line(&line)) {
                passed++;
            } else {
                failed++;
                fputs("failed: ", stderr);
                print(get(&line, "name"));
                fputc('\n', stderr);
            }
            ddwaf_object_destroy(&line, ddwaf_get_default_allocator());
        }
        free(text);
        fclose(file);
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0;
}

#endif
