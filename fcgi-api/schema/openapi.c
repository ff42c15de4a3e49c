/* The OpenAPI 3.1 document: paths, each with its operations; then what they refer to. Made of
 * routes.def, operations.def and objects.def, in the build only, by write_schemas.c. */
#include "schema/openapi.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "routes.h"
#include "schema/json_schema.h"

/* A route, with what its handler takes and answers. */
struct row {
    const char *method;
    const char *pattern;
    unsigned flags;
    const struct schema_operation *operation;
};

/* In the order of routes.def, which is the order of the document. */
static const struct row ROWS[] = {
#define ROUTE(method, pattern, handler, flags) \
    {#method, pattern, flags, &SCHEMA_OPERATIONS[OPERATION_##handler]},
#include "routes.def"
#undef ROUTE
};

#define ROW_COUNT (sizeof(ROWS) / sizeof(ROWS[0]))

/* The answers to errors, each a component. */
static const struct refusal {
    const char *name;
    const char *status;
    const char *meaning;
} REFUSALS[] = {
    {"Invalid", "400", "The request or one of its fields is not valid."},
    {"Unauthorized", "401", "No credentials, or invalid ones."},
    {"Forbidden", "403", "The user may not do this."},
    {"NotFound", "404", "There is no such thing, or the user must not know of it."},
    {"Gone", "410", "The events after this number are not kept: load everything again."},
    {"TooLarge", "413", "The body is too large."},
    {"MediaType", "415", "The path does not take this type of body."},
    {"Throttled", "429", "A rate limit is exceeded; see `Retry-After`."},
    {"Unavailable", "503", "The service is unavailable; see `Retry-After`."},
    {"Failure", "default", "Any other error."},
};

#define REFUSAL_COUNT (sizeof(REFUSALS) / sizeof(REFUSALS[0]))

/* ---- paths ---- */

/* What stands for a part of a path in patterns: an id, one with a letter, any text. */
static const struct variable {
    char sign;
    const char *schema;
    const char *example;
} VARIABLES[] = {
    {'#', "{\"type\":\"integer\",\"minimum\":1}", "1"},
    {'$', "{\"type\":\"string\"}", "\"t12\""},
    {'*', "{\"type\":\"string\"}", "\"5a2b\""},
};

#define SIGNS "#$*"

/* Writes the name of a variable after this segment of a path, a plural without its last letter:
 * room_id after "rooms". */
static void write_name(char out[40], char sign, const char *segment, size_t len) {
    static const char MEMBERS[] = "members";
    /* An invite link; the name of a file, after its number; else the secret of a hook. Signs
     * tell more than names: a text is a link, a file's name or a secret, by what comes before. */
    if (sign == '*' && segment[0] == 'l')
        snprintf(out, 40, "link");
    else if (sign == '*')
        snprintf(out, 40, "%s", segment[0] == '#' ? "name" : "secret");
    /* A member is named by its user. */
    else if (len == strlen(MEMBERS) && memcmp(segment, MEMBERS, len) == 0)
        snprintf(out, 40, "user_id");
    else
        snprintf(out, 40, "%.*s_id", (int)(len - 1), segment);
}

/* A parameter in the path. Each sign of SIGNS has a row in the table above. */
static void write_variable(struct json_writer *w, const char *name, char sign) {
    /* Ends: walk_pattern passes signs of the table only. */
    const struct variable *variable = VARIABLES;
    while (variable->sign != sign)
        variable++;
    json_write_object(w);
    json_write_member_str(w, "name", name);
    json_write_member_str(w, "in", "path");
    json_write_member_bool(w, "required", true);
    json_write_key(w, "schema");
    json_schema_raw(w, variable->schema);
    json_write_key(w, "example");
    json_schema_raw(w, variable->example);
    json_write_object_end(w);
}

/* Appends the path of a pattern to `out`, or writes the parameters in it to `parameters`. A
 * pattern has no slash at its beginning, the path of the document has. */
static void walk_pattern(const char *pattern, struct buffer *out, struct json_writer *parameters) {
    const char *segment = "", *at = pattern;
    size_t len = 0;
    while (*at) {
        char name[40];
        const size_t next_len = strcspn(at, "/");
        const bool is_variable = strchr(SIGNS, *at) != NULL;
        /* The name of a variable depends on the segment before it. */
        if (is_variable)
            write_name(name, *at, segment, len);
        if (is_variable && parameters)
            write_variable(parameters, name, *at);
        if (is_variable && out)
            buffer_printf(out, "/{%s}", name);
        else if (out)
            buffer_printf(out, "/%.*s", (int)next_len, at);
        segment = at;
        len = next_len;
        at += next_len + (at[next_len] == '/');
    }
}

/* Those of the path, then those of the query. */
static void write_parameters(struct json_writer *w, const struct row *row) {
    const struct schema_object *query = row->operation->query;
    if (!strpbrk(row->pattern, SIGNS) && query->count == 0)
        return;
    json_write_key(w, "parameters");
    json_write_array(w);
    walk_pattern(row->pattern, NULL, w);
    /* The fields of the query object are its parameters. */
    for (size_t i = 0; i < query->count; i++) {
        const struct schema_field *field = &query->fields[i];
        json_write_object(w);
        json_write_member_str(w, "name", field->name);
        json_write_member_str(w, "in", "query");
        json_write_member_bool(w, "required", !(field->flags & SCHEMA_OPTIONAL));
        json_write_member_str(w, "description", field->meaning);
        json_write_key(w, "schema");
        json_schema_field(w, field);
        json_write_key(w, "example");
        json_schema_field_example(w, field);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

/* ---- bodies and answers ---- */

/* One type of a body or answer, with schema and example. */
static void write_content(struct json_writer *w, const char *type,
                          const struct schema_object *object) {
    json_write_key(w, type);
    json_write_object(w);
    json_write_key(w, "schema");
    json_schema_ref(w, object->name);
    json_write_key(w, "example");
    json_schema_example(w, object);
    json_write_object_end(w);
}

/* The type of a body or an answer; that of a file may be any. */
static const char *type_of(const struct schema_object *object) {
    if (object == &SCHEMA_HTML)
        return "text/html";
    return object == &SCHEMA_BYTES ? "*/*" : "application/json";
}

/* What the operation reads, in the media types that it accepts. */
static void write_body(struct json_writer *w, const struct row *row) {
    const struct schema_object *body = row->operation->body;
    bool required = false;
    if (!body->name)
        return;
    /* It may be missing if all its fields may. */
    for (size_t i = 0; i < body->count; i++)
        required = required || body->is_union || !(body->fields[i].flags & SCHEMA_OPTIONAL);
    /* A login may have a token in place of a body. */
    required = required && !(row->flags & ROUTE_COOKIE);
    json_write_key(w, "requestBody");
    json_write_object(w);
    json_write_member_bool(w, "required", required);
    json_write_key(w, "content");
    json_write_object(w);
    write_content(w, type_of(body), body);
    /* The forms of pages without scripts have the same fields. */
    if (row->flags & ROUTE_FORM)
        write_content(w, "application/x-www-form-urlencoded", body);
    json_write_object_end(w);
    json_write_object_end(w);
}

/* A status as a number; 0 for "default". */
static int number_of(const char *status) {
    uint64_t number = 0;
    text_to_u64(text_of(status), &number);
    return (int)number;
}

/* Whether an operation has this answer. */
static bool may_refuse(const struct row *row, const char *status) {
    const bool has_body = row->operation->body->name != NULL;
    const bool is_public = (row->flags & ROUTE_PUBLIC) != 0;
    const bool has_query = row->operation->query->count > 0;
    switch (number_of(status)) {
    /* Both have fields that can be wrong. */
    case 400:
        return has_body || has_query;
    /* A body can be too large, or of another type; without one neither can happen. */
    case 413:
    case 415:
        return has_body;
    case 401:
        return !is_public;
    /* Rights of the user, or the origin of a page whose request sets a cookie. */
    case 403:
        return !is_public || has_body;
    /* Only an id in the path can name what does not exist. */
    case 404:
        return strpbrk(row->pattern, SIGNS) != NULL;
    /* Only events expire. */
    case 410:
        return row->operation->query == &SCHEMA_EVENTS_QUERY;
    case 503:
        /* That of /healthz is an ordinary answer. */
        return !strstr(row->operation->statuses, status);
    /* 429 and the default: anything may be limited, or fail. */
    default:
        return true;
    }
}

/* The statuses of an operation: those of success with their schema, and the refusals by
 * reference. */
static void write_answers(struct json_writer *w, const struct row *row) {
    const struct schema_operation *operation = row->operation;
    const struct schema_object *answer = operation->answer;
    json_write_key(w, "responses");
    json_write_object(w);
    /* Three digits each, separated by blanks. */
    for (const char *at = operation->statuses; *at; at += strspn(at, " ")) {
        char status[4];
        snprintf(status, sizeof(status), "%.3s", at);
        at += strlen(status);
        json_write_key(w, status);
        json_write_object(w);
        /* The reason phrase of HTTP; the schema describes the answer. */
        json_write_member_str(w, "description", error_reason(number_of(status)));
        /* These two have no content (RFC 9110, sections 15.3.5 and 15.4.5). */
        if (answer->name && strcmp(status, "204") != 0 && strcmp(status, "304") != 0) {
            json_write_key(w, "content");
            json_write_object(w);
            write_content(w, type_of(answer), answer);
            json_write_object_end(w);
        }
        json_write_object_end(w);
    }
    /* References: the same few components for all operations. */
    for (size_t i = 0; i < REFUSAL_COUNT; i++) {
        char ref[64];
        if (!may_refuse(row, REFUSALS[i].status))
            continue;
        snprintf(ref, sizeof(ref), "#/components/responses/%s", REFUSALS[i].name);
        json_write_key(w, REFUSALS[i].status);
        json_write_object(w);
        json_write_member_str(w, "$ref", ref);
        json_write_object_end(w);
    }
    json_write_object_end(w);
}

/* ---- operations ---- */

/* The credentials that an operation accepts; the buffer may be used for the text. */
#define ACCESS_SIZE 80
/* By the first flag that holds, as a route may have several. */
static const char *access_of(const struct row *row, char buffer[ACCESS_SIZE]) {
    /* The bits above the flags of a route are the scope that an API key needs. */
    const unsigned scope = (row->flags >> ROUTE_SCOPE_SHIFT) & API_KEY_ALL;
    if (scope == API_KEY_MODERATE)
        return "For API keys with the scope `moderate`, and for site moderators.";
    if (scope)
        snprintf(buffer, ACCESS_SIZE, "For API keys with the scope `%s`.",
                 api_key_scope_name(scope));
    if (scope)
        return buffer;
    if (row->flags & ROUTE_KEY)
        return "For API keys.";
    if (row->flags & ROUTE_PUBLIC)
        return "Needs no credentials.";
    if (row->flags & ROUTE_SIGNED)
        return "For members of the room, and by the address of `link/`.";
    if (row->flags & ROUTE_ADMIN)
        return "For admins of the room.";
    if (row->flags & ROUTE_MODERATOR)
        return "For moderators and admins of the room, and for site moderators.";
    if (row->flags & ROUTE_READER)
        return "For members of the room; for anyone if it is public and live.";
    if (row->flags & ROUTE_MEMBER)
        return "For members of the room.";
    if (row->flags & ROUTE_ROOM)
        return "For members of the room; for anyone if it is public.";
    return "For any user.";
}

/* One operation: how it is called, what it needs, reads and answers. */
static void write_operation(struct json_writer *w, const struct row *row) {
    const struct schema_operation *operation = row->operation;
    char method[8] = "", access[ACCESS_SIZE], *end = method;
    /* OpenAPI has the methods in lower case. */
    for (const char *c = row->method; *c; c++)
        *end++ = (char)(*c - 'A' + 'a');
    json_write_key(w, method);
    json_write_object(w);
    /* The name of the handler: it is unique, and the function that a reader looks for. */
    json_write_member_str(w, "operationId", operation->name);
    /* The group of a handler is the file that it is in. */
    json_write_key(w, "tags");
    json_write_array(w);
    json_write_text(w, (struct text){operation->name, strcspn(operation->name, "_")});
    json_write_array_end(w);
    json_write_member_str(w, "summary", operation->summary);
    json_write_member_str(w, "description", access_of(row, access));
    if (row->flags & ROUTE_PUBLIC) {
        /* An empty list replaces the default, which asks for credentials. */
        json_write_key(w, "security");
        json_schema_raw(w, "[]");
    } else if (row->flags & ROUTE_SIGNED) {
        /* The last, {}, means without credentials: the address is signed. */
        json_write_key(w, "security");
        json_schema_raw(w, "[{\"token\":[]},{\"token_header\":[]},{\"session\":[]},{}]");
    } else if (row->flags & ROUTE_KEY) {
        /* A login session never opens the paths of the site. */
        json_write_key(w, "security");
        json_schema_raw(w, "[{\"token\":[]},{\"token_header\":[]}]");
    }
    write_parameters(w, row);
    write_body(w, row);
    write_answers(w, row);
    json_write_object_end(w);
}

/* The table of routes, grouped by path, as OpenAPI wants them. */
static void write_paths(struct json_writer *w) {
    json_write_key(w, "paths");
    json_write_object(w);
    /* All methods of a path are in one object, wherever their rows are. Each row is compared
     * with all before it; this is the build, and speed does not matter. */
    for (size_t i = 0; i < ROW_COUNT; i++) {
        struct buffer path = BUFFER_EMPTY;
        bool seen = false;
        for (size_t j = 0; j < i; j++)
            seen = seen || strcmp(ROWS[i].pattern, ROWS[j].pattern) == 0;
        /* With the operations of the first row of the path. */
        if (seen)
            continue;
        walk_pattern(ROWS[i].pattern, &path, NULL);
        /* Paths of the API end with a slash, /healthz does not. */
        if (strncmp(ROWS[i].pattern, "api", 3) == 0)
            buffer_append_char(&path, '/');
        json_write_key(w, buffer_str(&path));
        json_write_object(w);
        /* From the first row of the path on: none before it has this path. */
        for (size_t j = i; j < ROW_COUNT; j++)
            if (strcmp(ROWS[i].pattern, ROWS[j].pattern) == 0)
                write_operation(w, &ROWS[j]);
        json_write_object_end(w);
        buffer_free(&path);
    }
    json_write_object_end(w);
}

/* ---- what paths refer to ---- */

/* Each answer to an error once; operations refer to it. */
static void write_refusals(struct json_writer *w) {
    static const char FIELD_ERRORS[] =
        "{\"name\":[\"This field is required.\"],\"codes\":{\"name\":[\"required\"]}}";
    json_write_key(w, "responses");
    json_write_object(w);
    for (size_t i = 0; i < REFUSAL_COUNT; i++) {
        const bool is_invalid = strcmp(REFUSALS[i].status, "400") == 0;
        json_write_key(w, REFUSALS[i].name);
        json_write_object(w);
        json_write_member_str(w, "description", REFUSALS[i].meaning);
        json_write_key(w, "content");
        json_write_object(w);
        json_write_key(w, "application/json");
        json_write_object(w);
        json_write_key(w, "schema");
        /* Wrong fields are named; a body that cannot be read at all has the common form. */
        if (is_invalid) {
            json_write_object(w);
            json_write_key(w, "oneOf");
            json_write_array(w);
            json_schema_ref(w, "Error");
            json_schema_ref(w, "FieldErrors");
            json_write_array_end(w);
            json_write_object_end(w);
            json_write_key(w, "example");
            json_schema_raw(w, FIELD_ERRORS);
        } else {
            json_schema_ref(w, "Error");
        }
        json_write_object_end(w);
        json_write_object_end(w);
        json_write_object_end(w);
    }
    json_write_object_end(w);
}

/* The only object whose keys are not fixed. */
static void write_field_errors(struct json_writer *w) {
    static const char SCHEMA[] =
        "{\"description\":\"The errors of fields, by name, and their codes.\","
        "\"type\":\"object\",\"properties\":{\"codes\":{\"type\":\"object\","
        "\"additionalProperties\":{\"type\":\"array\",\"minItems\":1,"
        "\"items\":{\"$ref\":\"#/components/schemas/ErrorCode\"}}}},"
        "\"required\":[\"codes\"],\"additionalProperties\":{\"type\":\"array\",\"minItems\":1,"
        "\"items\":{\"type\":\"string\"}}}";
    json_write_key(w, "FieldErrors");
    json_schema_raw(w, SCHEMA);
}

/* Schemas, refusals and ways to authenticate, to which the operations refer. */
static void write_components(struct json_writer *w) {
    static const char SCHEMES[] =
        "{\"token\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"Authorization\","
        "\"description\":\"`Token <key>`; the key is a token, or an API key.\"},"
        "\"token_header\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-Confab-Token\","
        "\"description\":\"`<key>`, where a web server drops Authorization.\"},"
        "\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"sessionid\","
        "\"description\":\"Changes need an Origin of this site, or of allowed_origins.\"}}";
    /* All that bodies and answers contain; queries are written where they are used. */
    struct json_schema_set set = {.count = 0};
    /* Refusals refer to it, and no operation has it as its answer. */
    json_schema_add(&set, &SCHEMA_ERROR);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        json_schema_add(&set, ROWS[i].operation->body);
        json_schema_add(&set, ROWS[i].operation->answer);
    }
    json_write_key(w, "components");
    json_write_object(w);
    json_write_key(w, "schemas");
    json_write_object(w);
    json_schema_write_set(w, &set);
    write_field_errors(w);
    json_write_object_end(w);
    write_refusals(w);
    json_write_key(w, "securitySchemes");
    json_schema_raw(w, SCHEMES);
    json_write_object_end(w);
}

/* The head of the document: what the API is, where it is, and what an operation needs by
 * default. */
static void write_info(struct json_writer *w, const char *servers) {
    json_write_member_str(w, "openapi", "3.1.0");
    json_write_key(w, "info");
    json_write_object(w);
    json_write_member_str(w, "title", "confab");
    json_write_member_str(w, "version", CONFAB_VERSION);
    json_write_member_str(w, "summary", "The REST API of a chat.");
    json_write_member_str(w, "description",
                          "A path works with and without its last slash. Times are RFC 3339 in UTC "
                          "with microseconds. Clients ignore fields that they do not know.");
    json_write_key(w, "license");
    json_schema_raw(w, "{\"name\":\"BSD 2-Clause\",\"identifier\":\"BSD-2-Clause\"}");
    json_write_object_end(w);
    json_write_key(w, "servers");
    json_schema_raw(w, servers);
    /* What an operation needs that says nothing itself. */
    json_write_key(w, "security");
    json_schema_raw(w, "[{\"token\":[]},{\"token_header\":[]},{\"session\":[]}]");
}

/* Each group of handlers once: the part of their names before the first underscore. */
static void write_tags(struct json_writer *w) {
    json_write_key(w, "tags");
    json_write_array(w);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const char *name = ROWS[i].operation->name;
        const size_t len = strcspn(name, "_") + 1;
        bool seen = false;
        /* The underscore belongs to the comparison, or "room" would be found in "rooms". */
        for (size_t j = 0; j < i; j++)
            seen = seen || strncmp(ROWS[j].operation->name, name, len) == 0;
        if (seen)
            continue;
        json_write_object(w);
        json_write_member_text(w, "name", (struct text){name, len - 1});
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

void openapi_write(struct buffer *out, const char *servers) {
    struct json_writer w = json_writer_start(out);
    json_write_object(&w);
    write_info(&w, servers);
    write_tags(&w);
    write_paths(&w);
    write_components(&w);
    json_write_object_end(&w);
}
