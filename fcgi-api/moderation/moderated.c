/* The page around the results: limit and offset are read, the results are counted, then written. */
#include "moderation/moderated.h"

enum error moderated_list(struct exchange *x, moderated_count *count, moderated_write *write) {
    const struct user *user = &x->identity.user;
    struct page page;
    uint64_t total = 0;
    if (!page_read(x, PAGE_DEFAULT, &page))
        return ERROR_BAD_INPUT;
    enum error error = count(x->service->db, user->id, user->is_moderator, &total);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    page_begin(x, &w, &page, total, "");
    error = write(x, &page, &w);
    page_end(x, &w, &page, total, "");
    return error;
}
