/* A PHP extension that protects requests by the library: what its files share. */

#ifndef PHP_BARTIZAN_H
#define PHP_BARTIZAN_H

#ifdef HAVE_CONFIG_H
#    include "config.h"
#endif

#include "php.h"

#include "bartizan.h"

extern zend_module_entry bartizan_module_entry;
#define phpext_bartizan_ptr &bartizan_module_entry

ZEND_BEGIN_MODULE_GLOBALS(bartizan)
    /* The request that is being served; NULL outside of one, and without an engine. */
    bartizan_request request;
    /* The request is answered by the library, and no application code runs. */
    bool refused;
    /* Settings of php.ini. */
    bool enabled;
    char *rules;
    char *mode;
    char *client_ip_header;
    char *trusted_proxies;
    char *report_file;
ZEND_END_MODULE_GLOBALS(bartizan)

ZEND_EXTERN_MODULE_GLOBALS(bartizan)
#define BARTIZAN(member) ZEND_MODULE_GLOBALS_ACCESSOR(bartizan, member)

/* One engine for the process. Forked workers share what it had loaded, and each has a denylist of its own. */
extern bartizan_engine bartizan_process_engine;

/* values.c: PHP's values as the library's. */
ddwaf_object bartizan_map(void);
ddwaf_object *bartizan_entry(ddwaf_object *map, const char *key);
void bartizan_put_text(ddwaf_object *map, const char *key, const char *text, size_t length);
void bartizan_put_zval(ddwaf_object *map, const char *key, zval *value);
const ddwaf_object *bartizan_get(const ddwaf_object *map, const char *key);
zend_string *bartizan_text(const ddwaf_object *value);
void bartizan_drop(ddwaf_object *value);

/* request.c: a request from its first header to its report. */
void bartizan_request_begins(void);
void bartizan_request_ends(void);
/* Calls a function of the current request, frees the arguments, and refuses the request if the result says so. */
ddwaf_object bartizan_ask(const char *function, ddwaf_object arguments);

/* refusal.c: the library's answer in place of the application's. */
void bartizan_refuse(void);
/* Lets no script be compiled for a request that was refused before one ran. */
void bartizan_guard_scripts(void);

/* events.c */
extern const zend_function_entry bartizan_functions[];

#endif
