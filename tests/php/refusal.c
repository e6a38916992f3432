/* The library's answer in place of the application's. */

#include "php_bartizan.h"

#include "SAPI.h"
#include "ext/standard/head.h"
#include "main/php_output.h"
#include "zend_compile.h"
#include "zend_exceptions.h"

static void add_header(const ddwaf_object *name, const ddwaf_object *value)
{
    zend_string *field = bartizan_text(name), *content = bartizan_text(value);
    sapi_header_line line = {0};
    line.line_len = spprintf((char **)&line.line, 0, "%s: %s", ZSTR_VAL(field), ZSTR_VAL(content));
    sapi_header_op(SAPI_HEADER_REPLACE, &line);
    efree((char *)line.line);
    zend_string_release(field);
    zend_string_release(content);
}

/* Discards what the application has written, unless it is on its way already. */
static void write_answer(const ddwaf_object *answer)
{
    php_output_discard_all();
    sapi_header_op(SAPI_HEADER_DELETE_ALL, NULL);
    SG(sapi_headers).http_response_code = (int)ddwaf_object_get_unsigned(bartizan_get(answer, "status"));
    const ddwaf_object *headers = bartizan_get(answer, "headers");
    for (size_t nth = 0; nth < ddwaf_object_get_size(headers); nth++) {
        add_header(ddwaf_object_at_key(headers, nth), ddwaf_object_at_value(headers, nth));
    }
    size_t length = 0;
    const char *body = ddwaf_object_get_string(bartizan_get(answer, "body"), &length);
    php_output_write(body, length);
    php_output_end_all();
    php_header();
}

/* Answers a refused request, and ends the script that is running, if one is. */
void bartizan_refuse(void)
{
    if (BARTIZAN(refused)) {
        return;
    }
    BARTIZAN(refused) = true;
    ddwaf_object arguments = bartizan_map(), answer;
    ddwaf_object_set_bool(bartizan_entry(&arguments, "headers_sent"), SG(headers_sent));
    ddwaf_object_set_invalid(&answer);
    bartizan_request_call(BARTIZAN(request), ZEND_STRL("block_response"), &arguments, &answer);
    bartizan_drop(&arguments);
    if (bartizan_get(&answer, "status") != NULL) {
        write_answer(&answer);
    }
    bartizan_drop(&answer);
    if (EG(current_execute_data) != NULL) {
        zend_throw_unwind_exit();
    }
}

static zend_op_array *(*compile)(zend_file_handle *file, int type);

/* An empty script in place of the application's: ending the request at its start would take a worker with it. */
static zend_op_array *compile_unless_refused(zend_file_handle *file, int type)
{
    if (!BARTIZAN(refused)) {
        return compile(file, type);
    }
    zend_string *nothing = ZSTR_EMPTY_ALLOC();
    return zend_compile_string(nothing, "refused", ZEND_COMPILE_POSITION_AFTER_OPEN_TAG);
}

/* Installed at the first request, when all extensions have started: a cache of compiled scripts must not come before. */
void bartizan_guard_scripts(void)
{
    if (zend_compile_file != compile_unless_refused) {
        compile = zend_compile_file;
        zend_compile_file = compile_unless_refused;
    }
}
