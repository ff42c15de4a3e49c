#include "rest/link.h"

#include <string.h>

static const char *scheme_of(const struct request *request) {
    return request->is_https ? "https" : "http";
}

void link_self(struct buffer *out, const struct request *request) {
    buffer_append_str(out, scheme_of(request));
    buffer_append_str(out, "://");
    buffer_append(out, request->host.at, request->host.len);
    buffer_append(out, request->path.at, request->path.len);
}

/* A host without the port that goes without saying. */
static struct text without_default_port(struct text host, bool is_https) {
    const char *port = is_https ? ":443" : ":80";
    const size_t len = strlen(port);
    if (host.len > len && memcmp(host.at + host.len - len, port, len) == 0)
        host.len -= len;
    return host;
}

bool link_is_own_origin(const struct request *request, const char *origin) {
    const char *scheme = scheme_of(request);
    const size_t len = strlen(scheme);
    if (strncmp(origin, scheme, len) != 0 || strncmp(origin + len, "://", 3) != 0)
        return false;
    const struct text theirs = without_default_port(text_of(origin + len + 3), request->is_https);
    const struct text ours = without_default_port(request->host, request->is_https);
    return ours.len > 0 && text_equals_nocase(theirs, ours);
}
