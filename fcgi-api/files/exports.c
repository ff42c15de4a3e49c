/* /api/auth/me/export/: asking for an archive of what the user has written and set, and how far
 * it is. The worker makes it; it is sent as any file (files.c). */
#include "files/file_link.h"
#include "handlers/handlers.h"
#include "http/file_name.h"
#include "store/privacy/export_job.h"

/* The address of the archive, good without credentials for some minutes. */
static enum error append_url(struct exchange *x, const struct file *file, struct buffer *url) {
    int64_t expires_at;
    buffer_append(url, x->request->prefix.at, x->request->prefix.len);
    file_name_path(url, file->id, text_of(file->name));
    return file_link_query(x, file->id, url, &expires_at);
}

/* Both requests are answered alike, so that a client may repeat the first or ask by the second. */
static enum error show(struct exchange *x) {
    struct export_job job;
    struct buffer url = BUFFER_EMPTY;
    enum error error = export_job_get(x->service->db, x->identity.user.id, &job);
    const bool is_ready = job.state == EXPORT_READY;
    if (!error && is_ready)
        error = append_url(x, &job.file, &url);
    if (!error) {
        struct json_writer w = json_writer_start(&x->response.body);
        json_write_object(&w);
        json_write_member_str(&w, "state", export_state_name(job.state));
        json_write_member_str(&w, "url", is_ready ? buffer_str(&url) : NULL);
        /* When the archive is deleted, which is later than the end of the address. */
        json_write_member_time_or_null(&w, "expires_at", is_ready ? job.file.expires_at : 0);
        json_write_object_end(&w);
    }
    buffer_free(&url);
    return error;
}

enum error exports_request(struct exchange *x) {
    /* The archive needs a place. */
    if (!x->service->config->file_dir[0])
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_FILES_OFF, "The server has no file_dir.");
    /* Nothing happens if one is being made, or is ready. */
    enum error error = export_job_request(x->service->db, x->identity.user.id);
    if (!error)
        error = show(x);
    if (!error)
        x->response.status = 202;
    return error;
}

enum error exports_get(struct exchange *x) {
    return show(x);
}
