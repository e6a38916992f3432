/* A small HTTP server that the library protects: requests are judged as they come in, before the application sees them.
 *
 *   cc ffi-c/examples/server.c -Iinclude -Ltarget/release -lbartizan -o server
 *   LD_LIBRARY_PATH=target/release ./server 8080
 *
 *   curl 'http://127.0.0.1:8080/search?q=boats'
 *   curl 'http://127.0.0.1:8080/search?q=<script>alert(1)</script>'
 *   curl -d 'username=bob&password=guess' http://127.0.0.1:8080/login
 *
 * It serves one connection at a time, and one request per connection, so that everything in it is about the library. A
 * server with threads shares the engine between them; a request belongs to one thread. */

#define _POSIX_C_SOURCE 200809L

#include "bartizan.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { LARGEST_HEAD = 16 * 1024, LARGEST_BODY = 64 * 1024, MOST_HEADERS = 64 };

/* ---- Values: the maps that functions of the library take and return. ---- */

static void put(ddwaf_object *map, const char *key, const char *text, size_t length)
{
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    ddwaf_object *value = ddwaf_object_insert_key(map, key, (uint32_t)strlen(key), alloc);
    ddwaf_object_set_string(value, text, (uint32_t)length, alloc);
}

static ddwaf_object new_map(void)
{
    ddwaf_object map;
    ddwaf_object_set_map(&map, 8, ddwaf_get_default_allocator());
    return map;
}

static void drop(ddwaf_object *value)
{
    ddwaf_object_destroy(value, ddwaf_get_default_allocator());
}

static const ddwaf_object *get(const ddwaf_object *map, const char *key)
{
    return ddwaf_object_find(map, key, strlen(key));
}

/* Prints a text of the library's on one line: it may hold what a client sent. */
static void print_text(const ddwaf_object *value)
{
    size_t length = 0;
    const char *text = ddwaf_object_get_string(value, &length);
    for (size_t nth = 0; nth < length; nth++) {
        putchar((unsigned char)text[nth] < ' ' ? '?' : text[nth]);
    }
}

/* Calls a function of a request. The result is a map, and the arguments are freed. */
static ddwaf_object call(bartizan_request request, const char *function, ddwaf_object arguments)
{
    ddwaf_object result;
    ddwaf_object_set_invalid(&result);
    bartizan_request_call(request, function, strlen(function), &arguments, &result);
    if (get(&result, "error") != NULL) {
        fprintf(stderr, "%s: ", function);
        print_text(get(&result, "error"));
        fputc('\n', stderr);
    }
    drop(&arguments);
    return result;
}

/* Calls a function whose result says whether the request is blocked. */
static bool is_blocked_by(bartizan_request request, const char *function, ddwaf_object arguments)
{
    ddwaf_object result = call(request, function, arguments);
    bool blocked = ddwaf_object_get_bool(get(&result, "blocked"));
    drop(&result);
    return blocked;
}

/* ---- The request as it comes over the connection. ---- */

struct text {
    const char *start;
    size_t length;
};

struct http {
    char head[LARGEST_HEAD + 1];
    char body[LARGEST_BODY + 1];
    size_t head_length, body_length;
    struct text method, target;
    struct {
        struct text name, value;
    } headers[MOST_HEADERS];
    size_t header_count;
};

static bool is_named(struct text name, const char *wanted)
{
    return name.length == strlen(wanted) && strncasecmp(name.start, wanted, name.length) == 0;
}

/* Reads until the empty line. What follows it belongs to the body. False if there is none within the limit. */
static bool read_head(int connection, struct http *http)
{
    size_t length = 0;
    while (length < LARGEST_HEAD) {
        ssize_t got = read(connection, http->head + length, LARGEST_HEAD - length);
        if (got <= 0) {
            return false;
        }
        length += (size_t)got;
        http->head[length] = '\0';
        char *end = strstr(http->head, "\r\n\r\n");
        if (end != NULL) {
            http->head_length = (size_t)(end - http->head) + 2;
            http->body_length = length - http->head_length - 2;
            memcpy(http->body, end + 4, http->body_length);
            return true;
        }
    }
    return false;
}

static struct text trimmed(const char *start, const char *end)
{
    while (start < end && (*start == ' ' || *start == '\t')) {
        start++;
    }
    while (end > start && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    return (struct text){start, (size_t)(end - start)};
}

static bool parse_head(struct http *http)
{
    const char *line = http->head, *end = strstr(line, "\r\n");
    const char *target = memchr(line, ' ', (size_t)(end - line));
    const char *version = target != NULL ? memchr(target + 1, ' ', (size_t)(end - target - 1)) : NULL;
    if (version == NULL) {
        return false;
    }
    http->method = (struct text){line, (size_t)(target - line)};
    http->target = (struct text){target + 1, (size_t)(version - target - 1)};
    for (line = end + 2; line < http->head + http->head_length; line = end + 2) {
        end = strstr(line, "\r\n");
        const char *colon = memchr(line, ':', (size_t)(end - line));
        if (colon == NULL || http->header_count == MOST_HEADERS) {
            return false;
        }
        http->headers[http->header_count].name = trimmed(line, colon);
        http->headers[http->header_count++].value = trimmed(colon + 1, end);
    }
    return true;
}

/* Reads the body, and hands each piece to the library as it comes. False if it is too long, or ends early. */
static bool read_body(int connection, struct http *http, bartizan_request request)
{
    size_t wanted = 0;
    for (size_t nth = 0; nth < http->header_count; nth++) {
        if (is_named(http->headers[nth].name, "content-length")) {
            wanted = strtoul(http->headers[nth].value.start, NULL, 10);
        }
        if (is_named(http->headers[nth].name, "transfer-encoding")) {
            return false;
        }
    }
    if (wanted > LARGEST_BODY || http->body_length > wanted) {
        return false;
    }
    bartizan_request_body(request, http->body, http->body_length);
    while (http->body_length < wanted) {
        char *piece = http->body + http->body_length;
        ssize_t got = read(connection, piece, wanted - http->body_length);
        if (got <= 0) {
            return false;
        }
        bartizan_request_body(request, piece, (size_t)got);
        http->body_length += (size_t)got;
    }
    http->body[wanted] = '\0';
    return true;
}

/* What the library is told before the body comes: method, target, headers and where the connection comes from. */
static ddwaf_object head_arguments(const struct http *http, const char *peer)
{
    ddwaf_allocator alloc = ddwaf_get_default_allocator();
    ddwaf_object arguments = new_map();
    put(&arguments, "method", http->method.start, http->method.length);
    put(&arguments, "target", http->target.start, http->target.length);
    put(&arguments, "peer", peer, strlen(peer));
    ddwaf_object *headers = ddwaf_object_insert_key(&arguments, "headers", 7, alloc);
    ddwaf_object_set_array(headers, http->header_count, alloc);
    for (size_t nth = 0; nth < http->header_count; nth++) {
        struct text parts[2] = {http->headers[nth].name, http->headers[nth].value};
        ddwaf_object *pair = ddwaf_object_insert(headers, alloc);
        ddwaf_object_set_array(pair, 2, alloc);
        for (size_t part = 0; part < 2; part++) {
            ddwaf_object *text = ddwaf_object_insert(pair, alloc);
            ddwaf_object_set_string(text, parts[part].start, (uint32_t)parts[part].length, alloc);
        }
    }
    return arguments;
}

/* ---- The application. ---- */

struct answer {
    int status;
    const char *type;
    char body[512];
};

/* Copies the field of a form, undecoded. */
static bool read_field(const char *form, const char *name, char *value, size_t room)
{
    size_t length = strlen(name);
    for (const char *at = form; at != NULL; at = strchr(at, '&') != NULL ? strchr(at, '&') + 1 : NULL) {
        if (strncmp(at, name, length) == 0 && at[length] == '=') {
            snprintf(value, room, "%.*s", (int)strcspn(at + length + 1, "&"), at + length + 1);
            return true;
        }
    }
    return false;
}

/* The only password is "correct". Each attempt is reported to the library, which may block the user. */
static bool log_in(const struct http *http, bartizan_request request, struct answer *answer)
{
    char username[128] = "", password[128] = "";
    read_field(http->body, "username", username, sizeof username);
    read_field(http->body, "password", password, sizeof password);
    bool correct = strcmp(password, "correct") == 0;
    ddwaf_object arguments = new_map();
    put(&arguments, "login", username, strlen(username));
    if (correct) {
        put(&arguments, "user", username, strlen(username));
    }
    bool blocked = is_blocked_by(request, correct ? "track_user_login_success" : "track_user_login_failure", arguments);
    *answer = (struct answer){correct ? 200 : 401, "text/plain", ""};
    snprintf(answer->body, sizeof answer->body, correct ? "welcome\n" : "wrong username or password\n");
    return !blocked;
}

/* False if the library wants another answer than the application's. */
static bool respond(const struct http *http, bartizan_request request, struct answer *answer)
{
    if (strncmp(http->target.start, "/login", 6) == 0 && http->method.length == 4) {
        return log_in(http, request, answer);
    }
    *answer = (struct answer){200, "text/plain", "hello\n"};
    return true;
}

/* ---- One request, from its first byte to its report. ---- */

static void send_answer(int connection, int status, const char *headers, const char *body, size_t length)
{
    char head[4096];
    int size = snprintf(head, sizeof head, "HTTP/1.1 %d -\r\n%sConnection: close\r\n\r\n", status, headers);
    if (size > 0 && (size_t)size < sizeof head && write(connection, head, (size_t)size) == size) {
        if (write(connection, body, length) < 0) {
            perror("the client left");
        }
    }
}

/* Sends the library's answer in place of the application's. */
static void refuse(int connection, bartizan_request request)
{
    ddwaf_object block = call(request, "block_response", new_map());
    const ddwaf_object *names = get(&block, "headers");
    char headers[2048] = "";
    size_t used = 0;
    for (size_t nth = 0; nth < ddwaf_object_get_size(names) && used < sizeof headers; nth++) {
        size_t name_length = 0, value_length = 0;
        const char *name = ddwaf_object_get_string(ddwaf_object_at_key(names, nth), &name_length);
        const char *value = ddwaf_object_get_string(ddwaf_object_at_value(names, nth), &value_length);
        used += (size_t)snprintf(headers + used, sizeof headers - used, "%.*s: %.*s\r\n", (int)name_length, name,
                                 (int)value_length, value);
    }
    size_t length = 0;
    const char *body = ddwaf_object_get_string(get(&block, "body"), &length);
    send_answer(connection, (int)ddwaf_object_get_unsigned(get(&block, "status")), headers, body, length);
    drop(&block);
}

/* Tells the library the status, as rules look at it too. */
static bool is_status_blocked(bartizan_request request, int status)
{
    ddwaf_object arguments = new_map();
    ddwaf_object *value = ddwaf_object_insert_key(&arguments, "status", 6, ddwaf_get_default_allocator());
    ddwaf_object_set_unsigned(value, (uint64_t)status);
    return is_blocked_by(request, "response", arguments);
}

/* Prints the tags for the span of the request. A tracer would set them. */
static void report(bartizan_request request)
{
    ddwaf_object result = call(request, "finish", new_map());
    const ddwaf_object *tags = get(&result, "meta");
    for (size_t nth = 0; nth < ddwaf_object_get_size(tags); nth++) {
        print_text(ddwaf_object_at_key(tags, nth));
        fputs(" = ", stdout);
        print_text(ddwaf_object_at_value(tags, nth));
        putchar('\n');
    }
    putchar('\n');
    fflush(stdout);
    drop(&result);
}

static void serve(int connection, const char *peer, bartizan_engine engine)
{
    static struct http http;
    static struct answer answer;
    memset(&http, 0, sizeof http);
    if (!read_head(connection, &http) || !parse_head(&http)) {
        send_answer(connection, 400, "Content-Length: 0\r\n", "", 0);
        return;
    }
    bartizan_request request = bartizan_request_init(engine);
    if (is_blocked_by(request, "head", head_arguments(&http, peer))) {
        refuse(connection, request);
    } else if (!read_body(connection, &http, request)) {
        send_answer(connection, 400, "Content-Length: 0\r\n", "", 0);
    } else if (is_blocked_by(request, "body_end", new_map()) || !respond(&http, request, &answer) ||
               is_status_blocked(request, answer.status)) {
        refuse(connection, request);
    } else {
        char headers[128];
        snprintf(headers, sizeof headers, "Content-Type: %s\r\nContent-Length: %zu\r\n", answer.type, strlen(answer.body));
        send_answer(connection, answer.status, headers, answer.body, strlen(answer.body));
    }
    report(request);
    bartizan_request_destroy(request);
}

/* An engine with the built-in rules that blocks what they find. */
static bartizan_engine new_engine(void)
{
    ddwaf_object settings = new_map(), outcome;
    ddwaf_object_set_bool(ddwaf_object_insert_key(&settings, "enabled", 7, ddwaf_get_default_allocator()), true);
    put(&settings, "mode", "block", 5);
    bartizan_engine engine = bartizan_engine_init(&settings, &outcome);
    if (engine == NULL) {
        print_text(get(&outcome, "error"));
        putchar('\n');
    }
    drop(&settings);
    drop(&outcome);
    return engine;
}

static int listen_on(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        perror("cannot listen");
        exit(1);
    }
    printf("listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

int main(int count, char **arguments)
{
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    bartizan_engine engine = new_engine();
    if (engine == NULL) {
        return 1;
    }
    int listener = listen_on(count > 1 ? arguments[1] : "8080");
    while (!stopped) {
        struct sockaddr_in address;
        socklen_t length = sizeof address;
        int connection = accept(listener, (struct sockaddr *)&address, &length);
        if (connection < 0) {
            continue;
        }
        struct timeval patience = {.tv_sec = 5};
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        char peer[INET_ADDRSTRLEN] = "";
        inet_ntop(AF_INET, &address.sin_addr, peer, sizeof peer);
        serve(connection, peer, engine);
        close(connection);
    }
    close(listener);
    bartizan_engine_destroy(engine);
    return 0;
}
