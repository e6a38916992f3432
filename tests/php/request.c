/* A request from its first header to its report. */

#include "php_bartizan.h"

#include "SAPI.h"
#include "ext/json/php_json.h"
#include "main/php_variables.h"
#include "zend_smart_str.h"

#include <fcntl.h>

ddwaf_object bartizan_ask(const char *function, ddwaf_object arguments)
{
    ddwaf_object result;
    ddwaf_object_set_invalid(&result);
    bool known = bartizan_request_call(BARTIZAN(request), function, strlen(function), &arguments, &result);
    bartizan_drop(&arguments);
    if (!known && bartizan_get(&result, "error") != NULL) {
        zend_string *error = bartizan_text(bartizan_get(&result, "error"));
        php_error_docref(NULL, E_WARNING, "%s: %s", function, ZSTR_VAL(error));
        zend_string_release(error);
    }
    if (ddwaf_object_get_bool(bartizan_get(&result, "blocked"))) {
        bartizan_refuse();
    }
    return result;
}

static void ask_and_forget(const char *function, ddwaf_object arguments)
{
    ddwaf_object result = bartizan_ask(function, arguments);
    bartizan_drop(&result);
}

static zval *server_variables(void)
{
    zend_is_auto_global_str(ZEND_STRL("_SERVER"));
    return &PG(http_globals)[TRACK_VARS_SERVER];
}

static zval *variable(const char *name)
{
    zval *all = server_variables();
    return Z_TYPE_P(all) == IS_ARRAY ? zend_hash_str_find(Z_ARRVAL_P(all), name, strlen(name)) : NULL;
}

static void put_variable(ddwaf_object *map, const char *key, const char *name)
{
    zval *value = variable(name);
    if (value != NULL && Z_TYPE_P(value) == IS_STRING) {
        bartizan_put_text(map, key, Z_STRVAL_P(value), Z_STRLEN_P(value));
    }
}

/* Adds a text to an array. */
static void add_text(ddwaf_object *array, const char *text, size_t length)
{
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    ddwaf_object_set_string(ddwaf_object_insert(array, alloc), text, (uint32_t)length, alloc);
}

/* Adds a header to an array of names and values. */
static void add_pair(ddwaf_object *headers, const char *name, size_t name_length, const char *value, size_t value_length)
{
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    ddwaf_object *pair = ddwaf_object_insert(headers, alloc);
    ddwaf_object_set_array(pair, 2, alloc);
    add_text(pair, name, name_length);
    add_text(pair, value, value_length);
}

/* `HTTP_USER_AGENT` is the header `user-agent`. The two about the body come without the prefix. */
static void put_header(ddwaf_object *headers, const char *variable, size_t length, zval *value)
{
    static const char prefix[] = "HTTP_";
    bool is_prefixed = length > 5 && strncmp(variable, prefix, 5) == 0;
    bool is_of_body = strcmp(variable, "CONTENT_TYPE") == 0 || strcmp(variable, "CONTENT_LENGTH") == 0;
    if (Z_TYPE_P(value) != IS_STRING || !(is_prefixed || is_of_body)) {
        return;
    }
    const char *rest = is_prefixed ? variable + 5 : variable;
    zend_string *name = zend_string_init(rest, strlen(rest), 0);
    zend_str_tolower(ZSTR_VAL(name), ZSTR_LEN(name));
    for (char *at = ZSTR_VAL(name); *at != '\0'; at++) {
        *at = *at == '_' ? '-' : *at;
    }
    add_pair(headers, ZSTR_VAL(name), ZSTR_LEN(name), Z_STRVAL_P(value), Z_STRLEN_P(value));
    zend_string_release(name);
}

static ddwaf_object head(void)
{
    ddwaf_object arguments = bartizan_map();
    put_variable(&arguments, "method", "REQUEST_METHOD");
    put_variable(&arguments, "target", "REQUEST_URI");
    put_variable(&arguments, "peer", "REMOTE_ADDR");
    ddwaf_object *headers = bartizan_entry(&arguments, "headers");
    ddwaf_object_set_array(headers, 0, ddwaf_get_default_allocator());
    zval *all = server_variables(), *value;
    zend_string *name;
    if (Z_TYPE_P(all) == IS_ARRAY) {
        ZEND_HASH_FOREACH_STR_KEY_VAL(Z_ARRVAL_P(all), name, value) {
            if (name != NULL) {
                put_header(headers, ZSTR_VAL(name), ZSTR_LEN(name), value);
            }
        } ZEND_HASH_FOREACH_END();
    }
    return arguments;
}

/* The body as it came. PHP has consumed that of a form with files, see `put_files`. */
static void ask_about_raw_body(void)
{
    if (SG(request_info).request_body == NULL && sapi_module.read_post == NULL) {
        return;
    }
    php_stream *input = php_stream_open_wrapper("php://input", "rb", 0, NULL);
    if (input == NULL) {
        return;
    }
    char piece[16 * 1024];
    ssize_t length;
    bool goes_on = true;
    while (goes_on && (length = php_stream_read(input, piece, sizeof piece)) > 0) {
        goes_on = bartizan_request_body(BARTIZAN(request), piece, (size_t)length);
    }
    php_stream_close(input);
    ask_and_forget("body_end", bartizan_map());
}

/* The names that the client gave to its files. */
static void put_files(ddwaf_object *addresses, HashTable *files)
{
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    ddwaf_object *names = bartizan_entry(addresses, "server.request.body.filenames");
    ddwaf_object_set_array(names, 0, alloc);
    zval *file;
    ZEND_HASH_FOREACH_VAL(files, file) {
        zval *name = Z_TYPE_P(file) == IS_ARRAY ? zend_hash_str_find(Z_ARRVAL_P(file), ZEND_STRL("name")) : NULL;
        if (name == NULL) {
            continue;
        }
        zval *each;
        if (Z_TYPE_P(name) == IS_STRING) {
            add_text(names, Z_STRVAL_P(name), Z_STRLEN_P(name));
        } else if (Z_TYPE_P(name) == IS_ARRAY) {
            /* `<input name="files[]">` */
            ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(name), each) {
                if (Z_TYPE_P(each) == IS_STRING) {
                    add_text(names, Z_STRVAL_P(each), Z_STRLEN_P(each));
                }
            } ZEND_HASH_FOREACH_END();
        }
    } ZEND_HASH_FOREACH_END();
}

static void ask_about_form(void)
{
    ddwaf_object arguments = bartizan_map();
    ddwaf_object *addresses = bartizan_entry(&arguments, "addresses");
    ddwaf_object_set_map(addresses, 2, ddwaf_get_default_allocator());
    bartizan_put_zval(addresses, "server.request.body", &PG(http_globals)[TRACK_VARS_POST]);
    zval *files = &PG(http_globals)[TRACK_VARS_FILES];
    if (Z_TYPE_P(files) == IS_ARRAY && zend_hash_num_elements(Z_ARRVAL_P(files)) > 0) {
        put_files(addresses, Z_ARRVAL_P(files));
    }
    ask_and_forget("run", arguments);
}

static bool is_form_with_files(void)
{
    const char *type = SG(request_info).content_type;
    return type != NULL && strncasecmp(type, ZEND_STRL("multipart/form-data")) == 0;
}

void bartizan_request_begins(void)
{
    BARTIZAN(request) = NULL;
    BARTIZAN(refused) = false;
    if (bartizan_process_engine == NULL || SG(request_info).request_method == NULL) {
        return;
    }
    bartizan_guard_scripts();
    BARTIZAN(request) = bartizan_request_init(bartizan_process_engine);
    ask_and_forget("head", head());
    if (!BARTIZAN(refused)) {
        if (is_form_with_files()) {
            ask_about_form();
        } else {
            ask_about_raw_body();
        }
    }
}

static void tell_response(void)
{
    ddwaf_object arguments = bartizan_map();
    int status = SG(sapi_headers).http_response_code;
    ddwaf_object_set_unsigned(bartizan_entry(&arguments, "status"), (uint64_t)(status > 0 ? status : 200));
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    ddwaf_object *headers = bartizan_entry(&arguments, "headers");
    ddwaf_object_set_array(headers, 0, alloc);
    zend_llist_position position;
    sapi_header_struct *header = zend_llist_get_first_ex(&SG(sapi_headers).headers, &position);
    for (; header != NULL; header = zend_llist_get_next_ex(&SG(sapi_headers).headers, &position)) {
        const char *colon = memchr(header->header, ':', header->header_len);
        if (colon == NULL) {
            continue;
        }
        const char *value = colon + 1 + strspn(colon + 1, " ");
        size_t before = (size_t)(colon - header->header), after = header->header_len - (size_t)(value - header->header);
        add_pair(headers, header->header, before, value, after);
    }
    /* It is too late to answer otherwise: a rule about the response is reported. */
    ddwaf_object result;
    ddwaf_object_set_invalid(&result);
    bartizan_request_call(BARTIZAN(request), ZEND_STRL("response"), &arguments, &result);
    bartizan_drop(&arguments);
    bartizan_drop(&result);
}

/* Appends the tags of the request, which a tracer would set, to a file: one line of JSON. */
static void write_report(const ddwaf_object *report)
{
    const char *path = BARTIZAN(report_file);
    if (path == NULL || *path == '\0') {
        return;
    }
    const ddwaf_object *tags = bartizan_get(report, "meta");
    zval all;
    array_init(&all);
    for (size_t nth = 0; nth < ddwaf_object_get_size(tags); nth++) {
        zend_string *key = bartizan_text(ddwaf_object_at_key(tags, nth));
        add_assoc_str_ex(&all, ZSTR_VAL(key), ZSTR_LEN(key), bartizan_text(ddwaf_object_at_value(tags, nth)));
        zend_string_release(key);
    }
    smart_str line = {0};
    php_json_encode_ex(&line, &all, PHP_JSON_INVALID_UTF8_SUBSTITUTE | PHP_JSON_FORCE_OBJECT, 8);
    zval_ptr_dtor(&all);
    smart_str_appendc(&line, '\n');
    smart_str_0(&line);
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || write(file, ZSTR_VAL(line.s), ZSTR_LEN(line.s)) < 0) {
        php_log_err("bartizan.report_file cannot be written");
    }
    if (file >= 0) {
        close(file);
    }
    smart_str_free(&line);
}

void bartizan_request_ends(void)
{
    if (BARTIZAN(request) == NULL) {
        return;
    }
    tell_response();
    ddwaf_object arguments = bartizan_map(), report;
    ddwaf_object_set_invalid(&report);
    bartizan_request_call(BARTIZAN(request), ZEND_STRL("finish"), &arguments, &report);
    bartizan_drop(&arguments);
    write_report(&report);
    const ddwaf_object *lines = bartizan_get(&report, "log");
    for (size_t nth = 0; nth < ddwaf_object_get_size(lines); nth++) {
        zend_string *line = bartizan_text(ddwaf_object_at_value(lines, nth));
        php_log_err(ZSTR_VAL(line));
        zend_string_release(line);
    }
    bartizan_drop(&report);
    bartizan_request_destroy(BARTIZAN(request));
    BARTIZAN(request) = NULL;
}
