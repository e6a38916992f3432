/* Adds recorded configurations to a builder and compares the warnings about them.
 *
 *   warnings warnings.jsonl
 *
 * A line is {"name", "ruleset", "configs": [[path, document]...], "accepted": [bool...], "added", "warnings"}; a warning
 * is [kind, path, section, id, message]. Lines with "ruleset" are about an instance made of one document, and skipped. */

#define _POSIX_C_SOURCE 200809L

#include "bartizan.h"
#include "check.h"
#include "compare.h"

static bool same(const ddwaf_object *expected, const ddwaf_object *warnings)
{
    static const char *const NAMES[] = {"kind", "path", "section", "id", "message"};
    if (ddwaf_object_get_size(expected) != ddwaf_object_get_size(warnings)) {
        return false;
    }
    for (size_t i = 0; i < ddwaf_object_get_size(warnings); i++) {
        const ddwaf_object *wanted = ddwaf_object_at_value(expected, i), *got = ddwaf_object_at_value(warnings, i);
        for (size_t name = 0; name < 5; name++) {
            if (!equal(ddwaf_object_at_value(wanted, name), get(got, NAMES[name]))) {
                return false;
            }
        }
    }
    return true;
}

static bool run_line(const ddwaf_object *line)
{
    ddwaf_builder builder = ddwaf_builder_init();
    const ddwaf_object *configs = get(line, "configs"), *accepted = get(line, "accepted");
    bool passed = true;
    for (size_t i = 0; i < ddwaf_object_get_size(configs); i++) {
        const ddwaf_object *config = ddwaf_object_at_value(configs, i);
        size_t length = 0;
        const char *path = ddwaf_object_get_string(ddwaf_object_at_value(config, 0), &length);
        bool added = ddwaf_builder_add_or_update_config(builder, path, (uint32_t)length, ddwaf_object_at_value(config, 1), NULL);
        passed = passed && added == ddwaf_object_get_bool(ddwaf_object_at_value(accepted, i));
    }
    ddwaf_object warnings;
    size_t count = bartizan_builder_warnings(builder, &warnings);
    passed = passed && count == ddwaf_object_get_size(&warnings) && same(get(line, "warnings"), &warnings);
    if (!passed) {
        print(get(line, "name"));
        fputs(" gives ", stderr);
        print(&warnings);
        fputs("\n", stderr);
    }
    ddwaf_object_destroy(&warnings, ddwaf_get_default_allocator());
    CHECK(bartizan_builder_warnings(builder, NULL) == count && bartizan_builder_warnings(NULL, NULL) == 0);
    ddwaf_builder_destroy(builder);
    return passed;
}

int main(int argc, char **argv)
{
    unsigned passed = 0, failed = 0, skipped = 0;
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "r");
        CHECK(file != NULL);
        char *text = NULL;
        size_t capacity = 0;
        ssize_t length;
        while ((length = getline(&text, &capacity, file)) > 0) {
            ddwaf_object line;
            CHECK(ddwaf_object_from_json(&line, text, (uint32_t)length, ddwaf_get_default_allocator()));
            if (ddwaf_object_get_bool(get(&line, "ruleset"))) {
                skipped++;
            } else if (run_line(&line)) {
                passed++;
            } else {
                failed++;
            }
            ddwaf_object_destroy(&line, ddwaf_get_default_allocator());
        }
        free(text);
        fclose(file);
    }
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed > 0;
}
