/* GET files/{id}/{name}, thumbnail/ and link/: reading. The bytes are sent by the web server, if
 * file_send says so, or piece by piece by the gateway; no process waits for a slow reader.
 *
 * A file comes from a user, and the address is that of the site: nosniff and a policy that allows
 * nothing keep a browser from running it, and what it does not show itself is only downloaded. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "auth.h"
#include "base/log.h"
#include "files/file_link.h"
#include "files/image_head.h"
#include "handlers/handlers.h"
#include "http/file_name.h"
#include "http/range.h"
#include "os/file_store.h"
#include "rest/etag.h"
#include "store/messages/file.h"

/* Where nginx finds file_dir, for X-Accel-Redirect: an internal location of its configuration. */
#define ACCEL_PREFIX "/confab-files/"

/* ---- access ---- */

/* Finds a file that may be read: by its address alone, if that is signed; else by those who read
 * its room or moderate the site, and before a message uses it by its sender. */
static enum error find_readable(struct exchange *x, struct file *file) {
    const uint64_t user_id = x->has_identity ? x->identity.user.id : 0;
    /* The router lets such a request in only after it has checked the signature. */
    const bool is_signed = !x->has_identity && !x->is_anonymous;
    /* One statement: the file, its room, and the membership of the user. */
    enum error error = file_get(x->service->db, x->ids[0], user_id, file);
    const bool is_open = x->is_anonymous && !error && file->is_open && file->message_id;
    /* An outsider learns nothing about the file, not even that there is none. */
    if (x->is_anonymous && !is_open && (!error || error == ERROR_NOT_FOUND))
        return auth_refuse_anonymous(x);
    /* The archive of an export is in no room, and of its owner alone. */
    if (error == ERROR_NOT_FOUND) {
        error = file_get_export(x->service->db, x->ids[0], file);
        /* Another user's: 404, as for a file that does not exist. */
        return error || is_signed || file->user_id == user_id ? error : ERROR_NOT_FOUND;
    }
    if (error)
        return error;
    const bool moderates = x->has_identity && x->identity.user.is_moderator && !file->is_direct;
    /* Before a message uses it a file is its sender's alone. */
    const bool may_see = file->message_id ? file->is_member || file->is_viewer || moderates
                                          : file->is_member && file->user_id == user_id;
    if (!is_signed && !is_open && !may_see)
        return ERROR_NOT_FOUND;
    /* A code of its own, so that a client asks again; what has not been scanned is not sent. */
    if (file->state == FILE_SCANNING)
        return exchange_fail(x, ERROR_NOT_FOUND, CODE_SCANNING, "The file is being scanned.");
    return file->state == FILE_READY ? ERROR_NONE : ERROR_NOT_FOUND;
}

/* ---- sending ---- */

/* Whatever opens the file has no scripts, no forms and no origin; what a browser would not show
 * is downloaded. */
static void add_headers(struct exchange *x, struct text name, const char *type) {
    struct buffer disposition = BUFFER_EMPTY;
    file_name_disposition(&disposition, !file_is_shown(text_of(type)), name);
    response_header(&x->response, "Content-Disposition", buffer_str(&disposition));
    response_header(&x->response, "Content-Security-Policy", "sandbox; default-src 'none'");
    buffer_free(&disposition);
}

/* A strong tag: the bytes of a file never change; a thumbnail may until the file is used. */
static bool set_tag(struct exchange *x, const struct file *file, enum file_store_part part,
                    uint64_t size) {
    struct buffer *tag = etag_begin(x);
    buffer_append_u64(tag, file->id);
    buffer_append_char(tag, '.');
    buffer_append_hex(tag, (uint64_t)file->created_at);
    buffer_append_str(tag, part == FILE_STORE_THUMBNAIL ? ".t." : ".");
    buffer_append_hex(tag, size);
    x->etag_is_strong = true;
    /* False as well without If-None-Match. */
    return etag_end(x);
}

/* With If-Range a range counts only if nothing has changed (RFC 9110, section 13.1.5). */
static bool range_is_valid(const struct exchange *x) {
    const struct text wanted = text_of(request_header(x->request, VARIABLE_HTTP_IF_RANGE));
    const struct text tag = {x->etag.data, x->etag.len};
    return wanted.len == 0 ||
           (wanted.len == tag.len + 2 && wanted.at[0] == '"' && wanted.at[wanted.len - 1] == '"' &&
            text_equals((struct text){wanted.at + 1, tag.len}, tag));
}

/* The web server sends the file, also parts of it. */
static void leave_to_web_server(struct exchange *x, const char *type, const char *path) {
    const struct config *config = x->service->config;
    /* A path on the web server, which is internal: no client can request it. */
    if (config->file_send == CONFIG_FILE_SEND_X_ACCEL)
        response_header_printf(&x->response, "X-Accel-Redirect", ACCEL_PREFIX "%s", path);
    else
        response_header_printf(&x->response, "X-Sendfile", "%s/%s", config->file_dir, path);
    /* -1: there is a type, but no body from here. */
    response_set_file(&x->response, type, -1, 0, 0);
}

/* Sends the file itself, or the part that the request names. Takes the descriptor. */
static enum error send_bytes(struct exchange *x, const char *type, int fd, uint64_t size) {
    const struct text header = text_of(request_header(x->request, VARIABLE_HTTP_RANGE));
    enum range_kind kind = RANGE_WHOLE;
    uint64_t from = 0, len = size;
    /* Ranges are for GET alone. In a batch there is no Range, since its variables are not
     * passed on. */
    if (x->request->method == METHOD_GET && range_is_valid(x))
        kind = range_read(header, size, &from, &len);
    response_header(&x->response, "Accept-Ranges", "bytes");
    if (kind == RANGE_UNSATISFIABLE) {
        /* The caller's descriptor ends in every case: here, or with the response. */
        close(fd);
        response_header_printf(&x->response, "Content-Range", "bytes */%" PRIu64, size);
        return ERROR_RANGE;
    }
    if (kind == RANGE_PART) {
        response_header_printf(&x->response, "Content-Range",
                               "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, from, from + len - 1,
                               size);
        x->response.status = 206;
    }
    response_set_file(&x->response, type, fd, from, len);
    return ERROR_NONE;
}

/* 404 if the bytes of a file are gone, or something else lies in their place; `confabctl files
 * check` finds both. 503 if file_dir cannot be read at the moment: clients must not believe that
 * the file is gone. */
static enum error refuse_unreadable(const struct exchange *x, const struct file *file, int cause) {
    const char *folder = x->service->config->file_dir;
    log_error("file %" PRIu64 " cannot be read from file_dir: %s", file->id,
              cause ? strerror(cause) : "its size has changed");
    /* ELOOP is a symbolic link, EPERM a file of another owner: neither is served. */
    const bool is_gone = cause == 0 || cause == ENOENT || cause == ELOOP || cause == EPERM;
    return is_gone && file_store_is_usable(folder) ? ERROR_NOT_FOUND : ERROR_UNAVAILABLE;
}

/* Checks the file on disk, then sends it or names it to the web server. */
static enum error send_file(struct exchange *x, const struct file *file, enum file_store_part part,
                            const char *type) {
    const struct config *config = x->service->config;
    char path[FILE_STORE_PATH_SIZE];
    uint64_t size = 0;
    const int fd = file_store_open(config->file_dir, file->stored_as, part, &size);
    if (fd < 0)
        return refuse_unreadable(x, file, errno);
    /* Cut or grown by something else: better no bytes than wrong ones. */
    if (part == FILE_STORE_WHOLE && size != file->size) {
        close(fd);
        return refuse_unreadable(x, file, 0);
    }
    if (set_tag(x, file, part, size)) {
        close(fd);
        return ERROR_NONE;
    }
    add_headers(x, text_of(file->name), type);
    /* In a batch nothing is passed on to the web server: its header would name one file of
     * many. */
    if (config->file_send == CONFIG_FILE_SEND_OFF || x->in_batch)
        return send_bytes(x, type, fd, size);
    close(fd);
    file_store_path(file->stored_as, part, path);
    leave_to_web_server(x, type, path);
    return ERROR_NONE;
}

enum error files_get(struct exchange *x) {
    struct file file;
    const enum error error = find_readable(x, &file);
    return error ? error : send_file(x, &file, FILE_STORE_WHOLE, file.media_type);
}

enum error files_thumbnail(struct exchange *x) {
    /* A file that may not be read has no thumbnail either. */
    struct file file;
    const enum error error = find_readable(x, &file);
    if (error)
        return error;
    /* NULL: the file has none. */
    const char *type = image_kind_type((enum image_kind)file.thumbnail);
    return type ? send_file(x, &file, FILE_STORE_THUMBNAIL, type) : ERROR_NOT_FOUND;
}

enum error files_link(struct exchange *x) {
    struct file file;
    struct buffer url = BUFFER_EMPTY;
    int64_t expires_at = 0;
    enum error error = find_readable(x, &file);
    if (error)
        return error;
    /* Here the path of the site is known. */
    buffer_append(&url, x->request->prefix.at, x->request->prefix.len);
    file_name_path(&url, file.id, text_of(file.name));
    error = file_link_query(x, file.id, &url, &expires_at);
    if (!error) {
        struct json_writer w = json_writer_start(&x->response.body);
        json_write_object(&w);
        json_write_member_text(&w, "url", (struct text){url.data, url.len});
        json_write_member_time(&w, "expires_at", expires_at);
        json_write_object_end(&w);
    }
    buffer_free(&url);
    return error;
}
