/* GET users/: a list of users, by name or the beginning of it. */
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "rest/page.h"

static void write_user(void *context, const struct user *user) {
    serialize_user(context, user);
}

enum error users_list(struct exchange *x) {
    struct buffer prefix = BUFFER_EMPTY;
    struct page page;
    bool valid = true;
    uint64_t count = 0;
    page_read(x, PAGE_DEFAULT, PAGE_MOST, &page);
    request_query(x->request, "search", &prefix, &valid);
    const struct text text = {buffer_str(&prefix), prefix.len};
    if (!valid)
        field_errors_add(&x->field_errors, "search", "Not a valid string.");
    enum error error = field_errors_none(&x->field_errors) ? ERROR_NONE : ERROR_BAD_INPUT;
    if (!error)
        error = user_count(x->service->db, text, false, &count);
    if (!error) {
        struct json_writer w = json_writer_start(&x->response.body);
        page_begin(x, &w, &page, count, "search");
        error = user_list(x->service->db, text, false, page.limit, page.offset, write_user, &w);
        page_end(&w);
    }
    buffer_free(&prefix);
    return error;
}
