/* The extension: its settings, and when it does what. */

#include "php_bartizan.h"

#include "SAPI.h"
#include "ext/standard/info.h"
#include "php_ini.h"

ZEND_DECLARE_MODULE_GLOBALS(bartizan)

bartizan_engine bartizan_process_engine;

PHP_INI_BEGIN()
    STD_PHP_INI_BOOLEAN("bartizan.enabled", "1", PHP_INI_SYSTEM, OnUpdateBool, enabled, zend_bartizan_globals, bartizan_globals)
    STD_PHP_INI_ENTRY("bartizan.rules", "", PHP_INI_SYSTEM, OnUpdateString, rules, zend_bartizan_globals, bartizan_globals)
    STD_PHP_INI_ENTRY("bartizan.mode", "", PHP_INI_SYSTEM, OnUpdateString, mode, zend_bartizan_globals, bartizan_globals)
    STD_PHP_INI_ENTRY("bartizan.client_ip_header", "", PHP_INI_SYSTEM, OnUpdateString, client_ip_header, zend_bartizan_globals, bartizan_globals)
    STD_PHP_INI_ENTRY("bartizan.trusted_proxies", "", PHP_INI_SYSTEM, OnUpdateString, trusted_proxies, zend_bartizan_globals, bartizan_globals)
    STD_PHP_INI_ENTRY("bartizan.report_file", "", PHP_INI_SYSTEM, OnUpdateString, report_file, zend_bartizan_globals, bartizan_globals)
PHP_INI_END()

static void put_setting(ddwaf_object *settings, const char *name, const char *value)
{
    if (value != NULL && *value != '\0') {
        bartizan_put_text(settings, name, value, strlen(value));
    }
}

/* `bartizan.rules` is the path of a ruleset. False, with a message, if it cannot be read. */
static bool put_rules(ddwaf_object *settings, const char *path)
{
    if (path == NULL || *path == '\0') {
        return true;
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        php_error_docref(NULL, E_CORE_WARNING, "bartizan.rules: %s cannot be read", path);
        if (file != NULL) {
            fclose(file);
        }
        return false;
    }
    size_t length = (size_t)ftell(file);
    char *text = pemalloc(length + 1, true);
    rewind(file);
    length = fread(text, 1, length, file);
    fclose(file);
    ddwaf_object rules;
    bool is_json = ddwaf_object_from_json(&rules, text, (uint32_t)length, ddwaf_get_default_allocator());
    pefree(text, true);
    if (!is_json) {
        php_error_docref(NULL, E_CORE_WARNING, "bartizan.rules: %s is not JSON", path);
        return false;
    }
    *bartizan_entry(settings, "rules") = rules;
    return true;
}

static void put_proxies(ddwaf_object *settings, const char *list)
{
    if (list == NULL || *list == '\0') {
        return;
    }
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    ddwaf_object *proxies = bartizan_entry(settings, "trusted_proxies");
    ddwaf_object_set_array(proxies, 0, alloc);
    while (*(list += strspn(list, ", ")) != '\0') {
        size_t length = strcspn(list, ", ");
        ddwaf_object_set_string(ddwaf_object_insert(proxies, alloc), list, (uint32_t)length, alloc);
        list += length;
    }
}

/* A mistake in the settings turns protection off, with a message: PHP has no way to refuse to start. */
static void start_engine(void)
{
    ddwaf_object settings = bartizan_map(), report;
    ddwaf_object_set_invalid(&report);
    ddwaf_object_set_bool(bartizan_entry(&settings, "enabled"), true);
    if (put_rules(&settings, BARTIZAN(rules))) {
        put_setting(&settings, "mode", BARTIZAN(mode));
        put_setting(&settings, "client_ip_header", BARTIZAN(client_ip_header));
        put_proxies(&settings, BARTIZAN(trusted_proxies));
        bartizan_process_engine = bartizan_engine_init(&settings, &report);
        if (bartizan_process_engine == NULL) {
            zend_string *error = bartizan_text(bartizan_get(&report, "error"));
            php_error_docref(NULL, E_CORE_WARNING, "nothing is protected: %s", ZSTR_VAL(error));
            zend_string_release(error);
        }
    }
    bartizan_drop(&settings);
    bartizan_drop(&report);
}

static PHP_GINIT_FUNCTION(bartizan)
{
#if defined(COMPILE_DL_BARTIZAN) && defined(ZTS)
    ZEND_TSRMLS_CACHE_UPDATE();
#endif
    memset(bartizan_globals, 0, sizeof *bartizan_globals);
}

static PHP_MINIT_FUNCTION(bartizan)
{
    REGISTER_INI_ENTRIES();
    if (BARTIZAN(enabled)) {
        start_engine();
    }
    return SUCCESS;
}

static PHP_MSHUTDOWN_FUNCTION(bartizan)
{
    bartizan_engine_destroy(bartizan_process_engine);
    bartizan_process_engine = NULL;
    UNREGISTER_INI_ENTRIES();
    return SUCCESS;
}

static PHP_RINIT_FUNCTION(bartizan)
{
    bartizan_request_begins();
    return SUCCESS;
}

static PHP_RSHUTDOWN_FUNCTION(bartizan)
{
    bartizan_request_ends();
    return SUCCESS;
}

static PHP_MINFO_FUNCTION(bartizan)
{
    php_info_print_table_start();
    php_info_print_table_row(2, "bartizan", bartizan_version());
    php_info_print_table_row(2, "protection", bartizan_process_engine != NULL ? "on" : "off");
    php_info_print_table_end();
    DISPLAY_INI_ENTRIES();
}

static const zend_module_dep dependencies[] = {ZEND_MOD_REQUIRED("json") ZEND_MOD_END};

zend_module_entry bartizan_module_entry = {
    STANDARD_MODULE_HEADER_EX,
    NULL,
    dependencies,
    "bartizan",
    bartizan_functions,
    PHP_MINIT(bartizan),
    PHP_MSHUTDOWN(bartizan),
    PHP_RINIT(bartizan),
    PHP_RSHUTDOWN(bartizan),
    PHP_MINFO(bartizan),
    "0.1.0",
    PHP_MODULE_GLOBALS(bartizan),
    PHP_GINIT(bartizan),
    NULL,
    NULL,
    STANDARD_MODULE_PROPERTIES_EX,
};

#ifdef COMPILE_DL_BARTIZAN
#    ifdef ZTS
ZEND_TSRMLS_CACHE_DEFINE()
#    endif
ZEND_GET_MODULE(bartizan)
#endif
