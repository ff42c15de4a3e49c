/* Formatting of header lines, errors and the head, in the form of CGI (RFC 3875, section 6): a
 * Status line instead of HTTP's, then headers and an empty line. */
#include "server/response.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "json/json_writer.h"

void response_close_file(struct response_file *file) {
    if (file->is_open)
        close(file->fd);
    *file = (struct response_file){.is_open = false};
}

void response_set_file(struct response *response, const char *type, int fd, uint64_t from,
                       uint64_t len) {
    response_close_file(&response->file);
    buffer_clear(&response->body);
    snprintf(response->type, sizeof(response->type), "%s", type);
    response->file = (struct response_file){.is_open = fd >= 0, .fd = fd, .from = from, .len = len};
}

void response_reset(struct response *response) {
    response->status = 200;
    response->is_html = false;
    response->type[0] = '\0';
    response_close_file(&response->file);
    buffer_clear(&response->headers);
    buffer_clear(&response->body);
}

void response_free(struct response *response) {
    response_close_file(&response->file);
    buffer_free(&response->headers);
    buffer_free(&response->body);
}

void response_header(struct response *response, const char *name, const char *value) {
    struct buffer *headers = &response->headers;
    buffer_append_str(headers, name);
    buffer_append_str(headers, ": ");
    /* Control characters are left out: a CR or LF in a value would begin another header. */
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c >= ' ')
            buffer_append_char(headers, *c);
    buffer_append_str(headers, "\r\n");
}

void response_header_printf(struct response *response, const char *name, const char *format, ...) {
    char *value = NULL;
    va_list arguments;
    va_start(arguments, format);
    /* The length is not limited: a link or a cookie has parts that the client sent. */
    const int len = vasprintf(&value, format, arguments);
    va_end(arguments);
    /* Out of memory. */
    if (len < 0)
        abort();
    response_header(response, name, value);
    free(value);
}

void response_error(struct response *response, enum error error, enum error_code code,
                    const char *detail) {
    response->status = error_status(error);
    /* Whatever a handler has written before is dropped. */
    buffer_clear(&response->body);
    response->type[0] = '\0';
    response_close_file(&response->file);
    struct json_writer w = json_writer_start(&response->body);
    json_write_object(&w);
    json_write_member_str(&w, "detail", detail ? detail : error_detail(error));
    json_write_member_str(&w, "code", error_code_word(code));
    json_write_object_end(&w);
}

void response_head(const struct response *response, struct buffer *out) {
    const bool has_body = response->status != 204 && response->status != 304;
    buffer_append_str(out, "Status: ");
    buffer_append_u64(out, (uint64_t)response->status);
    buffer_append_char(out, ' ');
    /* 204 and 304 have no body, so no headers about one (RFC 9110, section 8.6). */
    buffer_append_str(out, error_reason(response->status));
    if (has_body && response->type[0]) {
        buffer_append_str(out, "\r\nContent-Type: ");
        buffer_append_str(out, response->type);
        /* The web server knows the length of a file that it sends. */
        if (response->file.is_open) {
            buffer_append_str(out, "\r\nContent-Length: ");
            buffer_append_u64(out, response->file.len);
        }
    } else if (has_body) {
        buffer_append_str(out, "\r\nContent-Type: ");
        buffer_append_str(out, response->is_html ? "text/html" : "application/json");
        buffer_append_str(out, "; charset=utf-8\r\nContent-Length: ");
        buffer_append_u64(out, response->body.len);
    }
    buffer_append_str(out, "\r\n");
    buffer_append(out, response->headers.data, response->headers.len);
    buffer_append_str(out, "\r\n");
}
