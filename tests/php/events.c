/* Functions for applications: events about users, by the names of the Datadog tracer for PHP, and blocks. */

#include "php_bartizan.h"

/* Adds an optional text. */
static void put(ddwaf_object *map, const char *key, zend_string *text)
{
    if (text != NULL) {
        bartizan_put_text(map, key, ZSTR_VAL(text), ZSTR_LEN(text));
    }
}

static void put_array(ddwaf_object *map, const char *key, HashTable *array)
{
    if (array != NULL) {
        zval value;
        ZVAL_ARR(&value, array);
        bartizan_put_zval(map, key, &value);
    }
}

/* Outside of a request nothing is reported, as there is nothing to report it for. */
static void tell(const char *function, ddwaf_object arguments)
{
    if (BARTIZAN(request) == NULL) {
        bartizan_drop(&arguments);
        return;
    }
    ddwaf_object result = bartizan_ask(function, arguments);
    bartizan_drop(&result);
}

/* A user: an id with fields beside it. */
static void put_user(ddwaf_object *map, zend_string *id, HashTable *fields)
{
    zval user, *value;
    zend_string *key;
    array_init(&user);
    if (fields != NULL) {
        ZEND_HASH_FOREACH_STR_KEY_VAL(fields, key, value) {
            if (key != NULL) {
                Z_TRY_ADDREF_P(value);
                zend_hash_update(Z_ARRVAL(user), key, value);
            }
        } ZEND_HASH_FOREACH_END();
    }
    add_assoc_str(&user, "id", zend_string_copy(id));
    bartizan_put_zval(map, "user", &user);
    zval_ptr_dtor(&user);
}

/* DDTrace\set_user(string $userId, array $metadata = [], ?bool $propagate = null): void */
ZEND_BEGIN_ARG_INFO_EX(set_user_arguments, 0, 0, 1)
    ZEND_ARG_TYPE_INFO(0, userId, IS_STRING, 0)
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, metadata, IS_ARRAY, 0, "[]")
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, propagate, _IS_BOOL, 1, "null")
ZEND_END_ARG_INFO()

static PHP_FUNCTION(set_user)
{
    zend_string *id;
    HashTable *metadata = NULL;
    bool propagate = false, propagates_by_default = true;
    ZEND_PARSE_PARAMETERS_START(1, 3)
        Z_PARAM_STR(id)
        Z_PARAM_OPTIONAL
        Z_PARAM_ARRAY_HT(metadata)
        Z_PARAM_BOOL_OR_NULL(propagate, propagates_by_default)
    ZEND_PARSE_PARAMETERS_END();
    ddwaf_object arguments = bartizan_map();
    put_user(&arguments, id, metadata);
    if (!propagates_by_default) {
        ddwaf_object_set_bool(bartizan_entry(&arguments, "propagate"), propagate);
    }
    tell("set_user", arguments);
}

ZEND_BEGIN_ARG_INFO_EX(user_event_arguments, 0, 0, 1)
    ZEND_ARG_TYPE_INFO(0, userId, IS_STRING, 0)
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, metadata, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()

static void tell_user_event(INTERNAL_FUNCTION_PARAMETERS, const char *function)
{
    zend_string *id;
    HashTable *metadata = NULL;
    ZEND_PARSE_PARAMETERS_START(1, 2)
        Z_PARAM_STR(id)
        Z_PARAM_OPTIONAL
        Z_PARAM_ARRAY_HT(metadata)
    ZEND_PARSE_PARAMETERS_END();
    ddwaf_object arguments = bartizan_map();
    put(&arguments, "user", id);
    put_array(&arguments, "metadata", metadata);
    tell(function, arguments);
}

/* datadog\appsec\track_user_login_success_event(string $userId, array $metadata = []): void */
static PHP_FUNCTION(track_user_login_success_event)
{
    tell_user_event(INTERNAL_FUNCTION_PARAM_PASSTHRU, "track_user_login_success_event");
}

/* datadog\appsec\track_user_signup_event(string $userId, array $metadata = []): void */
static PHP_FUNCTION(track_user_signup_event)
{
    tell_user_event(INTERNAL_FUNCTION_PARAM_PASSTHRU, "track_user_signup_event");
}

/* datadog\appsec\track_user_login_failure_event(?string $userId, bool $exists, array $metadata = []): void */
ZEND_BEGIN_ARG_INFO_EX(login_failure_event_arguments, 0, 0, 2)
    ZEND_ARG_TYPE_INFO(0, userId, IS_STRING, 1)
    ZEND_ARG_TYPE_INFO(0, exists, _IS_BOOL, 0)
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, metadata, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()

/* In the older form the account is an id, which may be unknown; in the newer one it is a login. */
static void tell_failure(INTERNAL_FUNCTION_PARAMETERS, const char *function, const char *key, bool may_be_null)
{
    zend_string *account = NULL;
    bool exists;
    HashTable *metadata = NULL;
    ZEND_PARSE_PARAMETERS_START(2, 3)
        Z_PARAM_STR_EX(account, may_be_null, 0)
        Z_PARAM_BOOL(exists)
        Z_PARAM_OPTIONAL
        Z_PARAM_ARRAY_HT(metadata)
    ZEND_PARSE_PARAMETERS_END();
    ddwaf_object arguments = bartizan_map();
    put(&arguments, key, account);
    ddwaf_object_set_bool(bartizan_entry(&arguments, "exists"), exists);
    put_array(&arguments, "metadata", metadata);
    tell(function, arguments);
}

static PHP_FUNCTION(track_user_login_failure_event)
{
    tell_failure(INTERNAL_FUNCTION_PARAM_PASSTHRU, "track_user_login_failure_event", "user", true);
}

ZEND_BEGIN_ARG_INFO_EX(custom_event_arguments, 0, 0, 1)
    ZEND_ARG_TYPE_INFO(0, eventName, IS_STRING, 0)
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, metadata, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()

static void tell_custom_event(INTERNAL_FUNCTION_PARAMETERS, const char *version)
{
    zend_string *name;
    HashTable *metadata = NULL;
    ZEND_PARSE_PARAMETERS_START(1, 2)
        Z_PARAM_STR(name)
        Z_PARAM_OPTIONAL
        Z_PARAM_ARRAY_HT(metadata)
    ZEND_PARSE_PARAMETERS_END();
    ddwaf_object arguments = bartizan_map();
    put(&arguments, "name", name);
    put_array(&arguments, "metadata", metadata);
    bartizan_put_text(&arguments, "sdk_version", version, strlen(version));
    tell("track_custom_event", arguments);
}

/* datadog\appsec\track_custom_event(string $eventName, array $metadata = []): void */
static PHP_FUNCTION(track_custom_event)
{
    tell_custom_event(INTERNAL_FUNCTION_PARAM_PASSTHRU, "v1");
}

/* datadog\appsec\v2\track_custom_event(string $eventName, array $metadata = []): void */
static PHP_FUNCTION(track_custom_event_v2)
{
    tell_custom_event(INTERNAL_FUNCTION_PARAM_PASSTHRU, "v2");
}

/* A login, and the user that it belongs to: an id, or an array with `id`. */
ZEND_BEGIN_ARG_INFO_EX(login_arguments, 0, 0, 1)
    ZEND_ARG_TYPE_INFO(0, login, IS_STRING, 0)
    ZEND_ARG_TYPE_MASK(0, user, MAY_BE_STRING | MAY_BE_ARRAY | MAY_BE_NULL, "null")
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, metadata, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()

static void tell_login(INTERNAL_FUNCTION_PARAMETERS, const char *function)
{
    zend_string *login, *id = NULL;
    HashTable *user = NULL, *metadata = NULL;
    ZEND_PARSE_PARAMETERS_START(1, 3)
        Z_PARAM_STR(login)
        Z_PARAM_OPTIONAL
        Z_PARAM_ARRAY_HT_OR_STR_OR_NULL(user, id)
        Z_PARAM_ARRAY_HT(metadata)
    ZEND_PARSE_PARAMETERS_END();
    ddwaf_object arguments = bartizan_map();
    put(&arguments, "login", login);
    put(&arguments, "user", id);
    put_array(&arguments, "user", user);
    put_array(&arguments, "metadata", metadata);
    tell(function, arguments);
}

/* datadog\appsec\v2\track_user_login_success(string $login, string|array|null $user = null, array $metadata = []): void */
static PHP_FUNCTION(track_user_login_success)
{
    tell_login(INTERNAL_FUNCTION_PARAM_PASSTHRU, "track_user_login_success");
}

/* datadog\appsec\v2\track_user_signup(string $login, string|array|null $user = null, array $metadata = []): void */
static PHP_FUNCTION(track_user_signup)
{
    tell_login(INTERNAL_FUNCTION_PARAM_PASSTHRU, "track_signup");
}

/* datadog\appsec\v2\track_user_login_failure(string $login, bool $exists, array $metadata = []): void */
ZEND_BEGIN_ARG_INFO_EX(login_failure_arguments, 0, 0, 2)
    ZEND_ARG_TYPE_INFO(0, login, IS_STRING, 0)
    ZEND_ARG_TYPE_INFO(0, exists, _IS_BOOL, 0)
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, metadata, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()

static PHP_FUNCTION(track_user_login_failure)
{
    tell_failure(INTERNAL_FUNCTION_PARAM_PASSTHRU, "track_user_login_failure", "login", false);
}

/* bartizan\block(?string $ip = null, ?string $user = null, ?int $seconds = null): bool */
ZEND_BEGIN_ARG_INFO_EX(block_arguments, 0, 0, 0)
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, ip, IS_STRING, 1, "null")
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, user, IS_STRING, 1, "null")
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, seconds, IS_LONG, 1, "null")
ZEND_END_ARG_INFO()

/* bartizan\unblock(?string $ip = null, ?string $user = null): bool */
ZEND_BEGIN_ARG_INFO_EX(unblock_arguments, 0, 0, 0)
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, ip, IS_STRING, 1, "null")
    ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, user, IS_STRING, 1, "null")
ZEND_END_ARG_INFO()

static void change_blocks(INTERNAL_FUNCTION_PARAMETERS, const char *function, uint32_t most)
{
    zend_string *ip = NULL, *user = NULL;
    zend_long seconds = 0;
    bool forever = true;
    ZEND_PARSE_PARAMETERS_START(0, most)
        Z_PARAM_OPTIONAL
        Z_PARAM_STR_OR_NULL(ip)
        Z_PARAM_STR_OR_NULL(user)
        Z_PARAM_LONG_OR_NULL(seconds, forever)
    ZEND_PARSE_PARAMETERS_END();
    ddwaf_object arguments = bartizan_map(), result;
    put(&arguments, "ip", ip);
    put(&arguments, "user", user);
    if (!forever) {
        ddwaf_object_set_signed(bartizan_entry(&arguments, "seconds"), seconds);
    }
    ddwaf_object_set_invalid(&result);
    bool known = bartizan_engine_call(bartizan_process_engine, function, strlen(function), &arguments, &result);
    if (!known) {
        zend_string *error = bartizan_text(bartizan_get(&result, "error"));
        php_error_docref(NULL, E_WARNING, "%s", ZSTR_LEN(error) > 0 ? ZSTR_VAL(error) : "there is no engine");
        zend_string_release(error);
    }
    RETVAL_BOOL(ddwaf_object_get_bool(bartizan_get(&result, "done")));
    bartizan_drop(&arguments);
    bartizan_drop(&result);
}

/* Refuses an address or a user from now on, in this process. */
static PHP_FUNCTION(block)
{
    change_blocks(INTERNAL_FUNCTION_PARAM_PASSTHRU, "block", 3);
}

static PHP_FUNCTION(unblock)
{
    change_blocks(INTERNAL_FUNCTION_PARAM_PASSTHRU, "unblock", 2);
}

const zend_function_entry bartizan_functions[] = {
    ZEND_NS_NAMED_FE("DDTrace", set_user, ZEND_FN(set_user), set_user_arguments)
    ZEND_NS_NAMED_FE("datadog\\appsec", track_user_login_success_event, ZEND_FN(track_user_login_success_event), user_event_arguments)
    ZEND_NS_NAMED_FE("datadog\\appsec", track_user_login_failure_event, ZEND_FN(track_user_login_failure_event), login_failure_event_arguments)
    ZEND_NS_NAMED_FE("datadog\\appsec", track_user_signup_event, ZEND_FN(track_user_signup_event), user_event_arguments)
    ZEND_NS_NAMED_FE("datadog\\appsec", track_custom_event, ZEND_FN(track_custom_event), custom_event_arguments)
    ZEND_NS_NAMED_FE("datadog\\appsec\\v2", track_user_login_success, ZEND_FN(track_user_login_success), login_arguments)
    ZEND_NS_NAMED_FE("datadog\\appsec\\v2", track_user_login_failure, ZEND_FN(track_user_login_failure), login_failure_arguments)
    ZEND_NS_NAMED_FE("datadog\\appsec\\v2", track_user_signup, ZEND_FN(track_user_signup), login_arguments)
    ZEND_NS_NAMED_FE("datadog\\appsec\\v2", track_custom_event, ZEND_FN(track_custom_event_v2), custom_event_arguments)
    ZEND_NS_NAMED_FE("bartizan", block, ZEND_FN(block), block_arguments)
    ZEND_NS_NAMED_FE("bartizan", unblock, ZEND_FN(unblock), unblock_arguments)
    PHP_FE_END
};
