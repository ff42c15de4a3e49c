/* Method, path, query, client and host of a request, from its CGI variables (RFC 3875). The texts
 * point into the variables, except what is decoded. What a header claims about the client
 * (X-Forwarded-*) counts only if a trusted proxy has sent it. */
#include "server/request.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http/cidr.h"
#include "http/forwarded.h"

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
    /* CGI does not tell an empty header from a missing one. */
    return value && value[0] ? value : NULL;
}

/* The method of a request line is compared with regard to case (RFC 9110, section 9.1). */
static enum method find_method(const char *name) {
    for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++)
        if (strcmp(name, METHODS[i].name) == 0)
            return METHODS[i].method;
    return METHOD_NONE;
}

/* A POST with X-HTTP-Method-Override is one of these methods, for hosts that refuse them. */
static void override_method(struct request *request, struct text name) {
    /* GET and others are never the target: that would let a POST pass as safe. */
    for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++) {
        if ((METHODS[i].method & (METHOD_PATCH | METHOD_PUT | METHOD_DELETE)) == 0 ||
            !text_equals_nocase(name, text_of(METHODS[i].name)))
            continue;
        request->method = METHODS[i].method;
        request->method_name = METHODS[i].name;
    }
}

/* A header may name the method, for clients in networks that let only GET and POST pass. */
static void read_method(struct request *request) {
    const char *name = request_header(request, VARIABLE_REQUEST_METHOD);
    const char *override = request_header(request, VARIABLE_HTTP_X_HTTP_METHOD_OVERRIDE);
    /* Kept as it came, for the log and for 405. */
    request->method_name = name ? name : "";
    request->method = find_method(request->method_name);
    /* Only POST, which gets every check of a change. */
    if (request->method == METHOD_POST)
        override_method(request, text_trim(text_of(override)));
}

/* ---- escapes ---- */

bool request_decode(struct text raw, bool plus, struct buffer *out) {
    /* Decoding never makes a text longer. */
    char *to = buffer_reserve(out, raw.len);
    size_t i = 0;
    for (; i < raw.len; i++) {
        char c = raw.at[i];
        if (c == '%') {
            /* Two digits must follow. */
            const int high = i + 2 < raw.len ? text_hex_value(raw.at[i + 1]) : -1;
            const int low = i + 2 < raw.len ? text_hex_value(raw.at[i + 2]) : -1;
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
    /* Stopped early at a bad escape. */
    return i == raw.len;
}

/* ---- the path ---- */

/* The first segment of every route. */
static bool is_beginning(struct text segment) {
    return text_equals(segment, text_of("api")) || text_equals(segment, text_of("healthz"));
}

/* Finds the first such segment of the path from an offset on. Everything before it is where the
 * site has the program. */
static bool find_prefix(struct request *request, size_t from) {
    struct text rest = {request->path.at + from, request->path.len - from}, piece;
    while (text_split(&rest, '/', &piece))
        if (is_beginning(piece)) {
            request->prefix =
                (struct text){request->path.at, (size_t)(piece.at - request->path.at)};
            return true;
        }
    return false;
}

/* Splits the path below the prefix into decoded segments. The path is split before it is decoded,
 * so that %2F does not separate segments. A segment with a slash or a NUL, or an empty one, matches
 * no route; neither does a path that is not UTF-8, which could not be used in a link. */
static void split_path(struct request *request) {
    size_t offsets[REQUEST_MAX_SEGMENTS + 1] = {0};
    size_t count = 0;
    bool valid = text_is_valid(request->path.at, request->path.len);
    const size_t prefix_len = request->prefix.len;
    struct text rest = {request->path.at + prefix_len, request->path.len - prefix_len}, piece;
    buffer_clear(&request->decoded);
    while (valid && text_split(&rest, '/', &piece)) {
        /* An empty piece: two slashes in a row. */
        valid = piece.len > 0 && count < REQUEST_MAX_SEGMENTS &&
                request_decode(piece, false, &request->decoded);
        if (valid)
            offsets[++count] = request->decoded.len;
    }
    /* Now the buffer does not move any more. */
    request->segment_count = valid ? count : 0;
    for (size_t i = 0; i < request->segment_count; i++) {
        const struct text segment = {request->decoded.data + offsets[i],
                                     offsets[i + 1] - offsets[i]};
        request->segments[i] = segment;
        if (segment.len == 0 || memchr(segment.at, '/', segment.len) ||
            memchr(segment.at, '\0', segment.len))
            request->segment_count = 0;
    }
}

bool request_next_prefix(struct request *request) {
    const size_t before = request->prefix.len;
    if (before >= request->path.len || !find_prefix(request, before + 1))
        return false;
    split_path(request);
    return true;
}

/* REQUEST_URI is what the client sent; PATH_INFO, which is decoded, is for servers that do not
 * pass it on. */
static void read_path(struct request *request) {
    const char *uri = request_header(request, VARIABLE_REQUEST_URI);
    const char *query = request_header(request, VARIABLE_QUERY_STRING);
    /* The target of the request line, not decoded; some servers have rewritten PATH_INFO. */
    if (!uri)
        uri = request_header(request, VARIABLE_PATH_INFO);
    request->path = text_of(uri);
    request->query = text_of(query);
    /* REQUEST_URI has the query too, and then it counts. */
    const char *mark = memchr(request->path.at, '?', request->path.len);
    if (mark) {
        const size_t before = (size_t)(mark - request->path.at);
        request->query = (struct text){mark + 1, request->path.len - before - 1};
        request->path.len = before;
    }
    /* A request to a proxy has the absolute form (RFC 9112, section 3.2.2): skip scheme and
     * host. */
    if (strncasecmp(request->path.at, "http://", 7) == 0 ||
        strncasecmp(request->path.at, "https://", 8) == 0) {
        const char *authority = strstr(request->path.at, "//") + 2;
        const char *end = request->path.at + request->path.len;
        const char *slash = memchr(authority, '/', (size_t)(end - authority));
        request->path = slash ? (struct text){slash, (size_t)(end - slash)} : text_of("/");
    }
    if (find_prefix(request, 0))
        split_path(request);
}

/* ---- the client ---- */

/* Address and scheme of the client. */
static void read_client(struct request *request, const struct config *config) {
    const char *peer = request_header(request, VARIABLE_REMOTE_ADDR);
    const char *https = request_header(request, VARIABLE_HTTPS);
    const char *scheme = request_header(request, VARIABLE_REQUEST_SCHEME);
    const char *proto = request_header(request, VARIABLE_HTTP_X_FORWARDED_PROTO);
    /* Web servers write the same address in different forms. */
    forwarded_peer(request->address, text_of(peer));
    /* HTTPS is "on" or "1" in some servers and absent or "off" otherwise. */
    request->is_https =
        (https && strcasecmp(https, "off") != 0) || (scheme && strcasecmp(scheme, "https") == 0);
    if (!cidr_list_contains(config->trusted_proxies, request->address))
        return;
    /* The peer is a trusted proxy: what it reports of the client counts. */
    forwarded_address(request->address,
                      text_of(request_header(request, VARIABLE_HTTP_X_FORWARDED_FOR)),
                      config->trusted_proxies);
    forwarded_scheme(text_of(proto), &request->is_https);
}

/* HTTP/1.0 has no Host; links then have the name of the server. */
static void read_host(struct request *request) {
    const char *name = request_header(request, VARIABLE_SERVER_NAME);
    const char *port = request_header(request, VARIABLE_SERVER_PORT);
    request->host = text_of(request_header(request, VARIABLE_HTTP_HOST));
    if (request->host.len > 0)
        return;
    if (!name)
        name = "localhost";
    /* An IPv6 address needs brackets in a URL. */
    const bool bare = strchr(name, ':') && name[0] != '[';
    /* The default port is left out. */
    const bool is_default = !port || strcmp(port, request->is_https ? "443" : "80") == 0;
    snprintf(request->server, sizeof(request->server), "%s%s%s%s%s", bare ? "[" : "", name,
             bare ? "]" : "", is_default ? "" : ":", is_default ? "" : port);
    request->host = text_of(request->server);
}

void request_init(struct request *request, char *const *variables, const struct config *config) {
    struct buffer decoded = request->decoded;
    buffer_clear(&decoded);
    /* Everything else is of the former request. */
    memset(request, 0, sizeof(*request));
    request->decoded = decoded;
    variables_find(variables, request->variables);
    read_method(request);
    read_path(request);
    read_client(request, config);
    read_host(request);
}

void request_free(struct request *request) {
    buffer_free(&request->decoded);
}

bool request_host_is_valid(const struct request *request) {
    const struct text host = request->host;
    /* A wrong Host would end up in links. */
    return host.len > 0 && host.len <= 255 && text_is_all_alnum_or(host, ".-_[]:");
}

/* ---- the query ---- */

bool request_query(const struct request *request, const char *name, struct buffer *out,
                   bool *valid) {
    const size_t name_len = strlen(name);
    /* The last of several counts, as in forms. */
    struct text rest = request->query, piece, found = {NULL, 0};
    while (text_split(&rest, '&', &piece)) {
        /* A name without "=" has an empty value. */
        if (piece.len == name_len && memcmp(piece.at, name, name_len) == 0)
            found = (struct text){piece.at + name_len, 0};
        if (piece.len > name_len && memcmp(piece.at, name, name_len) == 0 &&
            piece.at[name_len] == '=')
            found = (struct text){piece.at + name_len + 1, piece.len - name_len - 1};
    }
    buffer_clear(out);
    if (!found.at)
        return false;
    /* Two different failures: not there (false), or there and malformed. */
    *valid = request_decode(found, true, out) && text_is_valid(buffer_str(out), out->len);
    return true;
}
