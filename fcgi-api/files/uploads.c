/* POST rooms/{id}/files/, and files/{id}/ with thumbnail/ and done/: sending a file. The size of
 * the file on disk is how far it has come: no row is written for a part, and an upload continues
 * after any break. Only its sender sees a file that no message has used yet. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "event/serialize.h"
#include "files/image_head.h"
#include "files/media_type.h"
#include "handlers/handlers.h"
#include "http/file_name.h"
#include "limit.h"
#include "os/file_store.h"
#include "rest/field.h"
#include "rest/page.h"
#include "restriction.h"
#include "secrets/secret.h"
#include "store/messages/file.h"

#define MEBIBYTE ((uint64_t)1024 * 1024)

/* A thumbnail, in bytes and pixels. */
#define THUMBNAIL_BYTES ((size_t)48 * 1024)
#define THUMBNAIL_PIXELS 320

/* ---- the folder ---- */

/* Sending alone is switched off; files that were sent before can be read. */
static enum error check_files_on(struct exchange *x) {
    const struct config *config = x->service->config;
    if (config->files == CONFIG_ON && config->file_dir[0])
        return ERROR_NONE;
    return exchange_fail(x, ERROR_FORBIDDEN, CODE_FILES_OFF, "Files are switched off here.");
}

/* The error for a failure of file_dir; its cause is logged. */
static enum error store_error(const struct exchange *x, enum file_store_result result) {
    if (result == FILE_STORE_FULL) {
        log_error("there is no space left in file_dir");
        return ERROR_NO_SPACE;
    }
    log_error("file_dir %s cannot be used: %s", x->service->config->file_dir, file_store_problem());
    return ERROR_UNAVAILABLE;
}

/* Part of the body's limit, so that a part arrives in any case. */
static uint64_t part_size(const struct exchange *x) {
    const struct config *config = x->service->config;
    const uint64_t kib =
        config->file_part < config->body_limit ? config->file_part : config->body_limit;
    return kib * 1024;
}

/* The state of an upload, for announcing it and for asking about it. */
static void write_upload(struct exchange *x, uint64_t file_id, uint64_t offset,
                         int64_t expires_at) {
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_u64(&w, "file_id", file_id);
    json_write_member_u64(&w, "part_size", part_size(x));
    json_write_member_u64(&w, "offset", offset);
    json_write_member_time_or_null(&w, "expires_at", expires_at);
    json_write_object_end(&w);
}

/* ---- announcing ---- */

/* Reads the name, and checks what the rules of the field do not: the number of its bytes, which
 * file systems limit, and characters that no file name has. */
static void read_name(struct exchange *x, struct text *name) {
    if (!field_text(x, "name", name))
        return;
    if (text_trim(*name).len == 0)
        field_errors_add(&x->field_errors, "name", CODE_BLANK, "This field may not be blank.");
    else if (name->len > FILE_NAME_MOST)
        field_errors_add(&x->field_errors, "name", CODE_MAX_LENGTH,
                         "Ensure this field has no more than %d bytes.", FILE_NAME_MOST);
    else if (!file_name_is_valid(*name))
        field_errors_add(&x->field_errors, "name", CODE_INVALID,
                         "A name without slashes and control characters is required.");
}

/* application/octet-stream is taken here whatever the list says: what the file is, is found out
 * at its end. */
static void read_type(struct exchange *x, char type[MEDIA_TYPE_SIZE]) {
    struct text text;
    if (!field_text(x, "media_type", &text))
        return;
    if (!media_type_normalize(text, type))
        field_errors_add(&x->field_errors, "media_type", CODE_INVALID,
                         "A media type such as image/png is required.");
    else if (!media_type_is_listed(x->service->config->file_types, text_of(type)) &&
             strcmp(type, "application/octet-stream") != 0)
        field_errors_add(&x->field_errors, "media_type", CODE_FILE_TYPE,
                         "Files of this type cannot be sent here.");
}

/* 429 until the next day, by the clock of the database. */
static enum error refuse_quota(struct exchange *x, uint64_t seconds) {
    response_header_printf(&x->response, "Retry-After", "%" PRIu64, seconds);
    return exchange_fail(x, ERROR_RATE_LIMITED, CODE_THROTTLED,
                         "You have sent as many bytes as a user may in a day.");
}

/* The bytes of thumbnails; those of files are counted when they are announced. */
static enum error take_quota(struct exchange *x, uint64_t bytes) {
    uint64_t seconds = 0;
    const enum error error =
        file_take_quota(x->service->db, x->identity.user.id, bytes,
                        x->service->config->file_quota_user * MEBIBYTE, &seconds);
    return error == ERROR_RATE_LIMITED ? refuse_quota(x, seconds) : error;
}

enum error uploads_announce(struct exchange *x) {
    const struct config *config = x->service->config;
    struct file_draft draft = {.room_id = x->ids[0], .user_id = x->identity.user.id};
    char type[MEDIA_TYPE_SIZE] = "";
    uint64_t file_id = 0, seconds = 0;
    int64_t expires_at = 0;
    /* Before anything else: where files are off, no field matters. */
    enum error error = check_files_on(x);
    if (error)
        return error;
    read_name(x, &draft.name);
    field_number(x, "size", &draft.size);
    read_type(x, type);
    field_number(x, "width", &draft.width);
    field_number(x, "height", &draft.height);
    draft.has_duration = field_thousandths(x, "duration", &draft.duration_ms);
    draft.media_type = text_of(type);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    /* A limit of the site, in MiB, which the rules of the field do not know. */
    if (draft.size > config->file_limit * MEBIBYTE)
        return exchange_fail(x, ERROR_TOO_LARGE, CODE_FILE_TOO_LARGE, "The file is too large.");
    error = restriction_check_age(x);
    if (error)
        return error;
    /* However small it is, a file costs a row and a place on the disk. */
    error = limit_take_user(x, LIMIT_MESSAGES, draft.user_id);
    if (error)
        return error;
    /* Before a row is made that could never be filled. */
    if (!file_store_check(config->file_dir))
        return store_error(x, FILE_STORE_FAILED);
    /* Counts the bytes toward the quota in the same transaction, so that two announcements
     * cannot share what is left. */
    error = file_announce(x->service->db, &draft, config->file_unused,
                          config->file_quota_user * MEBIBYTE, &file_id, &expires_at, &seconds);
    if (error == ERROR_RATE_LIMITED)
        return refuse_quota(x, seconds);
    if (error)
        return error;
    write_upload(x, file_id, 0, expires_at);
    x->response.status = 201;
    return ERROR_NONE;
}

/* ---- parts ---- */

/* Finds a file of the user; ERROR_NOT_FOUND if it belongs to another user, or the user has left its
 * room. */
static enum error find_own(struct exchange *x, struct file *file) {
    const enum error error = file_get(x->service->db, x->ids[0], x->identity.user.id, file);
    if (error)
        return error;
    return file->user_id == x->identity.user.id && file->is_member ? ERROR_NONE : ERROR_NOT_FOUND;
}

/* How many bytes there are of a file: all, once it is finished. The size on disk is the only
 * record. */
static enum error find_offset(struct exchange *x, const struct file *file, uint64_t *offset) {
    *offset = file->size;
    if (file->state != FILE_UPLOADING)
        return ERROR_NONE;
    if (!file_store_size(x->service->config->file_dir, file->stored_as, offset))
        return store_error(x, FILE_STORE_FAILED);
    return ERROR_NONE;
}

enum error uploads_get(struct exchange *x) {
    struct file file;
    uint64_t offset = 0;
    enum error error = find_own(x, &file);
    if (!error)
        error = find_offset(x, &file, &offset);
    if (error)
        return error;
    /* As in other protocols of resumable uploads; the body has the number as well. */
    response_header_printf(&x->response, "Upload-Offset", "%" PRIu64, offset);
    write_upload(x, file.id, offset, file.expires_at);
    return ERROR_NONE;
}

/* 409 with the offset of the server: the client continues there, after a part whose answer it
 * missed. */
static enum error refuse_offset(struct exchange *x, uint64_t offset) {
    buffer_clear(&x->response.body);
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "detail", "The file goes on at another offset.");
    json_write_member_str(&w, "code", error_code_word(CODE_CONFLICT));
    json_write_member_u64(&w, "offset", offset);
    json_write_object_end(&w);
    x->response.status = error_status(ERROR_CONFLICT);
    return ERROR_CONFLICT;
}

/* Appends the body at this offset. */
static enum error append_part(struct exchange *x, const struct file *file, uint64_t offset) {
    const struct text body = x->request->body;
    uint64_t size = 0;
    enum error error = find_offset(x, file, &size);
    if (error)
        return error;
    if (size != offset || file->state != FILE_UPLOADING)
        return refuse_offset(x, size);
    if (body.len > part_size(x))
        return ERROR_TOO_LARGE;
    if (body.len > file->size - offset)
        return exchange_fail(x, ERROR_TOO_LARGE, CODE_FILE_TOO_LARGE,
                             "These are more bytes than were announced.");
    /* Appends under a lock of the file, and only if its size is still `offset`. */
    const enum file_store_result result =
        file_store_append(x->service->config->file_dir, file->stored_as, offset, body, &size);
    /* Another request has appended a part meanwhile. */
    if (result == FILE_STORE_ELSEWHERE)
        return refuse_offset(x, size);
    if (result != FILE_STORE_DONE)
        return store_error(x, result);
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_u64(&w, "offset", size);
    json_write_object_end(&w);
    return ERROR_NONE;
}

enum error uploads_append(struct exchange *x) {
    struct file file;
    uint64_t offset = 0;
    enum error error = check_files_on(x);
    if (!error)
        error = find_own(x, &file);
    if (error)
        return error;
    /* Missing is an error: a part at 0 by mistake would begin the file again. */
    if (!page_number(x, "offset", 0, &offset)) {
        field_errors_add(&x->field_errors, "offset", CODE_REQUIRED, "This field is required.");
        return ERROR_BAD_INPUT;
    }
    return append_part(x, &file, offset);
}

/* ---- the thumbnail ---- */

/* A thumbnail is made by the client: its format and size are checked, and `head` receives both. */
static enum error check_thumbnail(struct exchange *x, struct image_head *head) {
    const struct text body = x->request->body;
    if (body.len > THUMBNAIL_BYTES)
        return ERROR_TOO_LARGE;
    /* Only the head is read; the picture itself is for browsers to decode. */
    if (!image_head_read(body, head))
        field_errors_add(&x->field_errors, "thumbnail", CODE_INVALID,
                         "A WebP, JPEG or PNG is required.");
    else if (head->width > THUMBNAIL_PIXELS || head->height > THUMBNAIL_PIXELS)
        field_errors_add(&x->field_errors, "thumbnail", CODE_MAX_VALUE,
                         "A thumbnail has at most %d pixels on each side.", THUMBNAIL_PIXELS);
    return field_errors_none(&x->field_errors) ? ERROR_NONE : ERROR_BAD_INPUT;
}

enum error uploads_thumbnail(struct exchange *x) {
    struct file file;
    struct image_head head;
    /* `changed` is false if the upload was given up meanwhile. */
    bool changed = false;
    enum error error = check_files_on(x);
    if (!error)
        error = find_own(x, &file);
    if (!error)
        error = check_thumbnail(x, &head);
    if (error)
        return error;
    /* Others may have seen it without, or with another one. */
    if (file.message_id)
        return exchange_fail(x, ERROR_CONFLICT, CODE_CONFLICT, "A message has used the file.");
    /* A thumbnail is smaller than its picture; what it has more counts as bytes of a file, too.
     * Written whole to another name first: readers see the former one or the new one. */
    if (x->request->body.len > file.size)
        error = take_quota(x, x->request->body.len - file.size);
    if (error)
        return error;
    const enum file_store_result result =
        file_store_put_thumbnail(x->service->config->file_dir, file.stored_as, x->request->body);
    if (result != FILE_STORE_DONE)
        return store_error(x, result);
    error = file_set_thumbnail(x->service->db, file.id, (unsigned)head.kind, &changed);
    if (!error && !changed)
        return ERROR_NOT_FOUND;
    x->response.status = 204;
    return error;
}

/* ---- the end ---- */

/* Compares the bytes with the hash that the client gives; an empty one is not compared. */
static enum error check_hash(struct exchange *x, const struct file *file, int fd,
                             struct text wanted) {
    /* In hexadecimal digits, in upper or lower case. */
    char digits[SECRET_SHA256_SIZE];
    if (wanted.len == 0)
        return ERROR_NONE;
    if (!secret_sha256_of_file(fd, file->size, digits))
        return store_error(x, FILE_STORE_FAILED);
    if (text_equals_nocase(wanted, text_of(digits)))
        return ERROR_NONE;
    field_errors_add(&x->field_errors, "sha256", CODE_WRONG_HASH,
                     "The bytes have another SHA-256.");
    return ERROR_BAD_INPUT;
}

/* Sets file->media_type to what the bytes say. */
static enum error check_type(struct exchange *x, struct file *file, int fd) {
    char *head = xcalloc(1, MEDIA_TYPE_HEAD), found[MEDIA_TYPE_SIZE];
    /* The first bytes tell the type. */
    const ssize_t len = pread(fd, head, MEDIA_TYPE_HEAD, 0);
    const bool is_known = len > 0 && media_type_find((struct text){head, (size_t)len}, found);
    free(head);
    /* libmagic is missing or has no database: nothing is taken unchecked. */
    if (!is_known)
        return ERROR_INTERNAL;
    if (!media_type_agrees(text_of(file->media_type), text_of(found)))
        field_errors_add(&x->field_errors, "media_type", CODE_MEDIA_TYPE,
                         "The bytes are %s, and %s was announced.", found, file->media_type);
    else if (!media_type_is_listed(x->service->config->file_types, text_of(found)))
        field_errors_add(&x->field_errors, "media_type", CODE_FILE_TYPE,
                         "Files of type %s cannot be sent here.", found);
    /* What is stored and sent is the type of the bytes, also if the announced one agrees. */
    memcpy(file->media_type, found, sizeof(found));
    return field_errors_none(&x->field_errors) ? ERROR_NONE : ERROR_BAD_INPUT;
}

/* Checks the finished upload and ends it. */
static enum error finish(struct exchange *x, struct file *file, struct text hash) {
    const struct config *config = x->service->config;
    uint64_t size = 0;
    /* The file is missing as long as no part has come: that is incomplete, not an error of the
     * disk. */
    const int fd = file_store_open(config->file_dir, file->stored_as, FILE_STORE_WHOLE, &size);
    if (fd < 0 && errno != ENOENT)
        return store_error(x, FILE_STORE_FAILED);
    enum error error = ERROR_NONE;
    /* 400 in place of 409: the client has to send the rest first. */
    if (fd < 0 || size != file->size)
        error = exchange_fail(x, ERROR_BAD_INPUT, CODE_INCOMPLETE,
                              "The upload of the file has not ended.");
    if (!error)
        error = check_hash(x, file, fd, hash);
    if (!error)
        error = check_type(x, file, fd);
    if (fd >= 0)
        close(fd);
    /* With a scanner the file is not readable until the worker has scanned it. */
    const bool scan = config->scan_command[0] || config->scan_socket[0];
    if (!error)
        error = file_finish(x->service->db, file->id, file->media_type, scan);
    file->state = scan ? FILE_SCANNING : FILE_READY;
    return error;
}

enum error uploads_done(struct exchange *x) {
    struct file file;
    struct text hash = {"", 0};
    enum error error = check_files_on(x);
    field_text(x, "sha256", &hash);
    if (!error && !field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    if (!error)
        error = find_own(x, &file);
    /* A repeated end is the same as the first. Before it all bytes may have to be read. */
    if (!error && file.state == FILE_UPLOADING) {
        error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
        if (!error)
            error = finish(x, &file, hash);
    }
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    const struct file_shown shown = file_shown_of(&file);
    serialize_file(&w, &shown);
    return ERROR_NONE;
}
