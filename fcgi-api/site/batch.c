/* POST batch/: several requests in one, each served as if it had been sent alone: by the same
 * router, from variables such as a web server passes, with the same API key. So each has its own
 * status and errors, scope and rate. What a browser adds (cookies, Origin) is not passed on. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "handlers/handlers.h"
#include "rest/field.h"

#define REQUESTS_MOST 50

/* Once the answers are longer than this, further requests are refused, and not run. */
#define ANSWERS_MOST ((size_t)8 * 1024 * 1024)

/* Variables of a request that those in its batch have too. */
static const struct {
    enum variable variable;
    const char *name;
} SHARED[] = {
    {VARIABLE_HTTPS, "HTTPS"},
    {VARIABLE_HTTP_HOST, "HTTP_HOST"},
    {VARIABLE_REMOTE_ADDR, "REMOTE_ADDR"},
    {VARIABLE_SERVER_NAME, "SERVER_NAME"},
    {VARIABLE_SERVER_PORT, "SERVER_PORT"},
    {VARIABLE_REQUEST_SCHEME, "REQUEST_SCHEME"},
    {VARIABLE_HTTP_AUTHORIZATION, "HTTP_AUTHORIZATION"},
    {VARIABLE_REDIRECT_HTTP_AUTHORIZATION, "REDIRECT_HTTP_AUTHORIZATION"},
    {VARIABLE_HTTP_X_CONFAB_TOKEN, "HTTP_X_CONFAB_TOKEN"},
    {VARIABLE_HTTP_X_FORWARDED_FOR, "HTTP_X_FORWARDED_FOR"},
    {VARIABLE_HTTP_X_FORWARDED_PROTO, "HTTP_X_FORWARDED_PROTO"},
};

#define SHARED_COUNT (sizeof(SHARED) / sizeof(SHARED[0]))

/* The shared ones; method, path, content type, length and user; and the NULL at the end. */
#define VARIABLES_MOST (SHARED_COUNT + 6)

/* One request of the batch; the texts point into the body of the batch. */
struct item {
    struct text method;
    struct text path;
    struct text user; /* .at NULL: that of the batch */
    struct json_object *body;
};

/* ---- reading ---- */

/* Whether the path is that of a batch, below any prefix that the router may try. A path such as
 * /api/x/api/site/batch/ is found as well. */
static bool is_batch(struct request *request) {
    do {
        if (request->segment_count == 3 && text_equals(request->segments[0], text_of("api")) &&
            text_equals(request->segments[1], text_of("site")) &&
            text_equals(request->segments[2], text_of("batch")))
            return true;
    } while (request_next_prefix(request));
    return false;
}

/* True for blanks, too: the path becomes a variable of the request, which has none. */
static bool has_control(struct text text) {
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f)
            return true;
    return false;
}

/* Texts of the item stay valid as long as the body of the batch. */
static void read_item(struct exchange *x, struct item *item) {
    static const char PREFIX[] = "/api/";
    *item = (struct item){.body = NULL};
    struct text rest;
    /* A method that does not exist is not an error here: the router answers it with 405. */
    field_text(x, "method", &item->method);
    if (field_text(x, "path", &item->path)) {
        rest = item->path;
        if (!text_skip(&rest, PREFIX) || has_control(item->path))
            field_errors_add(&x->field_errors, "path", CODE_INVALID,
                             "Must begin with /api/, and be encoded.");
    }
    field_text(x, "user", &item->user);
    json_object_object_get_ex(x->fields, "body", &item->body);
}

/* ---- serving ---- */

/* A request while it is served. */
struct run {
    struct exchange x;
    struct request request;
    char *variables[VARIABLES_MOST];
    size_t count;
    struct buffer body;
};

/* Adds "NAME=value", as request_init reads it; end_run frees it. */
static void add_variable(struct run *run, const char *name, struct text value) {
    struct buffer line = BUFFER_EMPTY;
    buffer_append_str(&line, name);
    buffer_append_char(&line, '=');
    buffer_append(&line, value.at, value.len);
    run->variables[run->count++] = xstrdup(buffer_str(&line));
    buffer_free(&line);
}

/* Builds the variables of CGI (RFC 3875) that a web server would pass for this request. */
static void set_variables(struct run *run, const struct exchange *outer, const struct item *item) {
    const struct request *request = outer->request;
    const char *user = request_header(request, VARIABLE_HTTP_X_CONFAB_USER);
    struct buffer uri = BUFFER_EMPTY;
    for (size_t i = 0; i < SHARED_COUNT; i++) {
        const char *value = request_header(request, SHARED[i].variable);
        if (value)
            add_variable(run, SHARED[i].name, text_of(value));
    }
    /* Below the path where the chat lives; both have the slash between them. */
    buffer_append(&uri, request->prefix.at, request->prefix.len);
    buffer_append(&uri, item->path.at + 1, item->path.len - 1);
    add_variable(run, "REQUEST_METHOD", item->method);
    add_variable(run, "REQUEST_URI", (struct text){uri.data, uri.len});
    buffer_free(&uri);
    /* An item may act for another user, if the API key may; else it does as the batch does. */
    if (item->user.at)
        add_variable(run, "HTTP_X_CONFAB_USER", item->user);
    else if (user)
        add_variable(run, "HTTP_X_CONFAB_USER", text_of(user));
    if (item->body)
        add_variable(run, "CONTENT_TYPE", text_of("application/json"));
}

/* Prepares an exchange of its own; what the request shares with the batch is the service. */
static void begin_run(struct run *run, const struct exchange *outer, const struct item *item) {
    memset(run, 0, sizeof(*run));
    set_variables(run, outer, item);
    run->x.service = outer->service;
    run->x.request = &run->request;
    run->x.in_batch = true;
    /* The same id: all requests of a batch are found in the log together. */
    memcpy(run->x.id, outer->id, sizeof(run->x.id));
    response_reset(&run->x.response);
    request_init(&run->request, run->variables, outer->service->config);
    if (!item->body)
        return;
    /* As it was, but for white space and escapes. */
    buffer_append_str(&run->body,
                      json_object_to_json_string_ext(
                          item->body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    run->request.body = (struct text){buffer_str(&run->body), run->body.len};
    /* Each body has the limit of a request that comes alone. */
    if (run->body.len > (size_t)outer->service->config->body_limit * 1024)
        run->request.body_error = ERROR_TOO_LARGE;
}

static void end_run(struct run *run) {
    exchange_free(&run->x);
    request_free(&run->request);
    buffer_free(&run->body);
    for (size_t i = 0; i < run->count; i++)
        free(run->variables[i]);
}

/* Serves a request and writes its status and body. */
static void serve_item(const struct exchange *outer, const struct item *item,
                       struct json_writer *w) {
    const int64_t started = clock_monotonic_us();
    struct run *run = xcalloc(1, sizeof(*run));
    begin_run(run, outer, item);
    const struct response *response = &run->x.response;
    /* Earlier items have been run already, so that only this one is refused, with a status that
     * tells the client to send it again. */
    if (w->out->len > ANSWERS_MOST)
        response_error(&run->x.response, ERROR_TOO_LARGE, CODE_TOO_LARGE,
                       "The answers of the batch are too long: send this request again.");
    else
        outer->service->serve(&run->x);
    /* Each request has a line in the log, as if it had come alone. */
    exchange_log(&run->x, started);
    /* A page is not JSON, and a file has no body in memory. */
    const bool has_body = response->body.len > 0 && !response->is_html && response->status != 204 &&
                          response->status != 304 && run->request.method != METHOD_HEAD;
    json_write_object(w);
    json_write_member_u64(w, "status", (uint64_t)response->status);
    json_write_key(w, "body");
    if (has_body)
        json_write_raw(w, response->body.data, response->body.len);
    else
        json_write_null(w);
    json_write_object_end(w);
    end_run(run);
    free(run);
}

/* ---- the batch ---- */

/* Reads all requests before the first one is served; a field error if one is malformed. */
static enum error read_items(struct exchange *x, struct json_object *list, struct item *items) {
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        const struct field_place outer = field_enter(x, "requests", list, i);
        read_item(x, &items[i]);
        const bool valid = field_errors_none(&x->field_errors);
        bool nested = false;
        /* Parsed as a request only to see its path; it is built again when its turn comes. */
        if (valid) {
            field_leave(x, &outer);
            struct run *run = xcalloc(1, sizeof(*run));
            begin_run(run, x, &items[i]);
            nested = is_batch(&run->request);
            end_run(run);
            free(run);
        } else {
            field_leave_wrong(x, &outer, "requests", i);
        }
        if (nested)
            field_errors_add(&x->field_errors, "requests", CODE_INVALID,
                             "Item %zu is a batch in a batch.", i + 1);
        if (!field_errors_none(&x->field_errors))
            return ERROR_BAD_INPUT;
    }
    return ERROR_NONE;
}

enum error batch_run(struct exchange *x) {
    struct json_object *list;
    /* A second check, for paths that the first one does not recognize as a batch. */
    if (x->in_batch)
        return exchange_fail(x, ERROR_BAD_INPUT, CODE_INVALID, "A batch cannot have a batch.");
    if (!field_list(x, "requests", &list))
        return ERROR_BAD_INPUT;
    /* At most REQUESTS_MOST: the rules of the body have checked that. */
    const size_t count = json_object_array_length(list);
    /* Not on the stack, and one more than needed, so that no list is 0 bytes. */
    struct item *items = xcalloc(count + 1, sizeof(*items));
    const enum error error = read_items(x, list, items);
    struct json_writer w = json_writer_start(&x->response.body);
    /* Nothing is run if any item is malformed. From here on the batch is 200, whatever its
     * items are answered. */
    if (!error) {
        json_write_array(&w);
        for (size_t i = 0; i < count; i++)
            serve_item(x, &items[i], &w);
        json_write_array_end(&w);
    }
    free(items);
    return error;
}
