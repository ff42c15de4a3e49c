#include "server/request.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    enum method method;
} METHODS[] = {
    {"GET", METHOD_GET},         {"HEAD", METHOD_HEAD}, {"POST", METHOD_POST},
    {"PATCH", METHOD_PATCH},     {"PUT", METHOD_PUT},   {"DELETE", METHOD_DELETE},
    {"OPTIONS", METHOD_OPTIONS},
};

const char *request_header(const struct request *request, enum variable name) {
    const char *value = request->variables[name];
    return value && value[0] ? value : NULL;
}

static void read_method(struct request *request) {
    const char *name = request_header(request, VARIABLE_REQUEST_METHOD);
    request->method_name = name ? name : "";
    for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++)
        if (strcmp(request->method_name, METHODS[i].name) == 0) {
            request->method = METHODS[i].method;
            return;
        }
}

/* ---- escapes ---- */

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool request_decode(struct text raw, bool plus, struct buffer *out) {
    char *to = buffer_reserve(out, raw.len);
    size_t i = 0;
    for (; i < raw.len; i++) {
        char c = raw.at[i];
        if (c == '%') {
            const int high = i + 2 < raw.len ? hex_digit(raw.at[i + 1]) : -1;
            const int low = i + 2 < raw.len ? hex_digit(raw.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                break;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        *to++ = c;
    }
    out->len = (size_t)(to - out->data);
    return i == raw.len;
}

/* ---- the path ---- */

/* Takes the text up to `end` off the front of rest; the last piece ends with rest. */
static bool next_piece(struct text *rest, char end, struct text *piece) {
    if (!rest->at)
        return false;
    const char *stop = rest->len ? memchr(rest->at, end, rest->len) : NULL;
    if (stop) {
        *piece = (struct text){rest->at, (size_t)(stop - rest->at)};
        rest->len -= piece->len + 1;
        rest->at = stop + 1;
    } else {
        *piece = *rest;
        *rest = (struct text){NULL, 0};
    }
    return true;
}

/* The path of ours starts at the segment "api" or "healthz", wherever the site has put
 * the program. Segments are cut before they are decoded, so that %2F never parts one; one
 * that decodes to a slash, a NUL or nothing matches no route. Nor does a path that is no
 * text: it could not stand in a link. */
static void split_path(struct request *request) {
    size_t offsets[REQUEST_MAX_SEGMENTS + 1] = {0};
    size_t count = 0;
    bool ours = false, sound = text_is_valid(request->path.at, request->path.len);
    struct text rest = request->path, piece;
    if (rest.len > 0 && rest.at[0] == '/')
        rest = (struct text){rest.at + 1, rest.len - 1};
    while (sound && next_piece(&rest, '/', &piece)) {
        if (!ours && !text_equals(piece, text_of("api")) && !text_equals(piece, text_of("healthz")))
            continue;
        ours = true;
        if (piece.len == 0 && !rest.at && count > 0)
            break;
        sound = piece.len > 0 && count < REQUEST_MAX_SEGMENTS &&
                request_decode(piece, false, &request->decoded);
        if (sound)
            offsets[++count] = request->decoded.len;
    }
    request->segment_count = sound ? count : 0;
    for (size_t i = 0; i < request->segment_count; i++) {
        const struct text segment = {request->decoded.data + offsets[i],
                                     offsets[i + 1] - offsets[i]};
        request->segments[i] = segment;
        if (segment.len == 0 || memchr(segment.at, '/', segment.len) ||
            memchr(segment.at, '\0', segment.len))
            request->segment_count = 0;
    }
}

/* REQUEST_URI is what the client sent; PATH_INFO, already decoded, is for servers that
 * do not pass it. */
static void read_path(struct request *request) {
    const char *uri = request_header(request, VARIABLE_REQUEST_URI);
    const char *query = request_header(request, VARIABLE_QUERY_STRING);
    if (!uri)
        uri = request_header(request, VARIABLE_PATH_INFO);
    request->path = text_of(uri);
    request->query = text_of(query);
    const char *mark = memchr(request->path.at, '?', request->path.len);
    if (mark) {
        const size_t before = (size_t)(mark - request->path.at);
        request->query = (struct text){mark + 1, request->path.len - before - 1};
        request->path.len = before;
    }
    if (strncasecmp(request->path.at, "http://", 7) == 0 ||
        strncasecmp(request->path.at, "https://", 8) == 0) {
        const char *authority = strstr(request->path.at, "//") + 2;
        const char *end = request->path.at + request->path.len;
        const char *slash = memchr(authority, '/', (size_t)(end - authority));
        request->path = slash ? (struct text){slash, (size_t)(end - slash)} : text_of("/");
    }
    split_path(request);
}

/* ---- who asks, and how ---- */

static void set_address(struct request *request, struct text address) {
    const size_t most = sizeof(request->address) - 1;
    const size_t len = address.len < most ? address.len : most;
    memcpy(request->address, address.at, len);
    request->address[len] = '\0';
}

/* Walks X-Forwarded-For from its end, as long as what is found there is a trusted proxy
 * too: the first that is not is the client. */
static void read_address(struct request *request, const struct config *config) {
    const char *peer = request_header(request, VARIABLE_REMOTE_ADDR);
    const char *forwarded = request_header(request, VARIABLE_HTTP_X_FORWARDED_FOR);
    set_address(request, text_of(peer));
    if (!forwarded || !config_address_listed(config->trusted_proxies, request->address))
        return;
    struct text rest = text_of(forwarded);
    while (rest.len > 0) {
        const char *comma = memrchr(rest.at, ',', rest.len);
        const size_t start = comma ? (size_t)(comma - rest.at) + 1 : 0;
        const struct text hop = text_trim((struct text){rest.at + start, rest.len - start});
        if (hop.len == 0 || hop.len >= sizeof(request->address))
            return;
        set_address(request, hop);
        if (!config_address_listed(config->trusted_proxies, request->address))
            return;
        rest.len = comma ? (size_t)(comma - rest.at) : 0;
    }
}

static void read_scheme(struct request *request, const struct config *config) {
    const char *https = request_header(request, VARIABLE_HTTPS);
    const char *scheme = request_header(request, VARIABLE_REQUEST_SCHEME);
    const char *peer = request_header(request, VARIABLE_REMOTE_ADDR);
    const char *forwarded = request_header(request, VARIABLE_HTTP_X_FORWARDED_PROTO);
    request->is_https =
        (https && strcasecmp(https, "off") != 0) || (scheme && strcasecmp(scheme, "https") == 0);
    if (!forwarded || !peer || !config_address_listed(config->trusted_proxies, peer))
        return;
    /* Of a list the last word is the trusted proxy's own. */
    const char *comma = strrchr(forwarded, ',');
    const struct text last = text_trim(text_of(comma ? comma + 1 : forwarded));
    request->is_https = text_equals_nocase(last, text_of("https"));
}

/* HTTP/1.0 has no Host; links are then built from what the server calls itself. */
static void read_host(struct request *request) {
    const char *name = request_header(request, VARIABLE_SERVER_NAME);
    const char *port = request_header(request, VARIABLE_SERVER_PORT);
    request->host = text_of(request_header(request, VARIABLE_HTTP_HOST));
    if (request->host.len > 0)
        return;
    if (!name)
        name = "localhost";
    const bool bare = strchr(name, ':') && name[0] != '[';
    const bool usual = !port || strcmp(port, request->is_https ? "443" : "80") == 0;
    snprintf(request->server, sizeof(request->server), "%s%s%s%s%s", bare ? "[" : "", name,
             bare ? "]" : "", usual ? "" : ":", usual ? "" : port);
    request->host = text_of(request->server);
}

void request_init(struct request *request, char *const *variables, const struct config *config) {
    struct buffer decoded = request->decoded;
    buffer_clear(&decoded);
    memset(request, 0, sizeof(*request));
    request->decoded = decoded;
    variables_find(variables, request->variables);
    read_method(request);
    read_path(request);
    read_address(request, config);
    read_scheme(request, config);
    read_host(request);
}

void request_free(struct request *request) {
    buffer_free(&request->decoded);
}

static bool is_of_host(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_' || c == '[' || c == ']' || c == ':';
}

bool request_host_is_valid(const struct request *request) {
    const struct text host = request->host;
    for (size_t i = 0; i < host.len; i++)
        if (!is_of_host(host.at[i]))
            return false;
    return host.len > 0 && host.len <= 255;
}

/* ---- lists of pairs ---- */

bool request_cookie(const struct request *request, const char *name, struct text *value) {
    const size_t name_len = strlen(name);
    struct text rest = text_of(request_header(request, VARIABLE_HTTP_COOKIE)), piece;
    while (rest.len > 0 && next_piece(&rest, ';', &piece)) {
        piece = text_trim(piece);
        if (piece.len > name_len && memcmp(piece.at, name, name_len) == 0 &&
            piece.at[name_len] == '=') {
            *value = (struct text){piece.at + name_len + 1, piece.len - name_len - 1};
            return true;
        }
    }
    return false;
}

bool request_query(const struct request *request, const char *name, struct buffer *out,
                   bool *valid) {
    const size_t name_len = strlen(name);
    struct text rest = request->query, piece, found = {NULL, 0};
    while (rest.len > 0 && next_piece(&rest, '&', &piece)) {
        if (piece.len == name_len && memcmp(piece.at, name, name_len) == 0)
            found = (struct text){piece.at + name_len, 0};
        if (piece.len > name_len && memcmp(piece.at, name, name_len) == 0 &&
            piece.at[name_len] == '=')
            found = (struct text){piece.at + name_len + 1, piece.len - name_len - 1};
    }
    buffer_clear(out);
    if (!found.at)
        return false;
    *valid = request_decode(found, true, out) && text_is_valid(buffer_str(out), out->len);
    return true;
}
