/* The URL of a request without its query, as the client sees it: host and scheme as the trusted
 * proxies report them. */
#include "rest/link.h"

void link_self(struct buffer *out, const struct request *request) {
    /* The host has been checked by request_host_is_valid. */
    buffer_append_str(out, request->is_https ? "https://" : "http://");
    buffer_append(out, request->host.at, request->host.len);
    buffer_append(out, request->path.at, request->path.len);
}
