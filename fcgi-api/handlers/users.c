/* GET users/: a list of users, by name or the beginning of it. Its pages go by names, so that a
 * late one costs no more than the first; `offset` works as well, up to COUNT_MOST users. */
#include <inttypes.h>

#include "event/serialize.h"
#include "handlers/handlers.h"
#include "rest/link.h"
#include "rest/page.h"

/* Users are counted, and skipped by offset, up to this number. */
#define COUNT_MOST 10000

/* A page while it is read. */
struct user_listing {
    struct exchange *x;
    struct text prefix;
    struct user_page which;
    struct user users[PAGE_MOST + 1]; /* one more, which shows that there is another page */
    size_t count;
};

static void keep_user(void *context, const struct user *user) {
    struct user_listing *listing = context;
    if (listing->count <= PAGE_MOST)
        listing->users[listing->count++] = *user;
}

/* ---- the query ---- */

static void read_cursor(struct exchange *x, const char *name, enum user_page_kind kind,
                        struct buffer *value, struct user_page *which) {
    bool valid;
    /* Not given: the page by offset stays. */
    if (!request_query(x->request, name, value, &valid))
        return;
    const struct text text = {buffer_str(value), value->len};
    if (!valid || !text_is_username(text))
        field_errors_add(&x->field_errors, name, CODE_INVALID, "Not a user name.");
    else if (which->kind != USER_PAGE_OFFSET)
        field_errors_add(&x->field_errors, name, CODE_CONFLICTING,
                         "Give before or after, not both.");
    else
        *which = (struct user_page){kind, text, which->limit, 0};
}

static enum error read_query(struct exchange *x, struct buffer texts[3],
                             struct user_listing *listing) {
    struct page page;
    bool valid = true;
    page_read(x, PAGE_DEFAULT, PAGE_MOST, &page);
    /* The cursor may replace this. */
    listing->which = (struct user_page){USER_PAGE_OFFSET, {"", 0}, page.limit, page.offset};
    request_query(x->request, "search", &texts[0], &valid);
    listing->prefix = (struct text){buffer_str(&texts[0]), texts[0].len};
    if (!valid)
        field_errors_add(&x->field_errors, "search", CODE_INVALID, "Not a valid string.");
    read_cursor(x, "after", USER_PAGE_AFTER, &texts[1], &listing->which);
    read_cursor(x, "before", USER_PAGE_BEFORE, &texts[2], &listing->which);
    return field_errors_none(&x->field_errors) ? ERROR_NONE : ERROR_BAD_INPUT;
}

/* ---- the page ---- */

/* The link to the page before or after a user; null with user NULL. */
static void write_link(struct user_listing *listing, struct json_writer *w, const char *key,
                       const char *cursor, const struct user *user) {
    struct buffer url = BUFFER_EMPTY;
    if (!user) {
        json_write_member_null(w, key);
        return;
    }
    link_self(&url, listing->x->request);
    /* User names need no percent-encoding. */
    buffer_printf(&url, "?limit=%" PRIu64 "&%s=%s", listing->which.limit, cursor, user->name);
    page_keep_parameters(listing->x, &url, "search");
    json_write_member_text(w, key, (struct text){url.data, url.len});
    buffer_free(&url);
}

static void write_page(struct user_listing *listing, uint64_t count) {
    const bool backwards = listing->which.kind == USER_PAGE_BEFORE;
    const bool more = listing->count > listing->which.limit;
    const bool is_first = listing->which.kind == USER_PAGE_OFFSET && listing->which.offset == 0;
    /* The row that is one too many is not shown. */
    const size_t shown = more ? listing->which.limit : listing->count;
    const struct user *users = listing->users;
    /* The first and the last name shown; a page read backwards has them in reverse. */
    const struct user *low = shown > 0 ? &users[backwards ? shown - 1 : 0] : NULL;
    const struct user *high = shown > 0 ? &users[backwards ? 0 : shown - 1] : NULL;
    struct json_writer w = json_writer_start(&listing->x->response.body);
    json_write_object(&w);
    /* Counting ended there: more than COUNT_MOST. */
    if (count > COUNT_MOST)
        json_write_member_null(&w, "count");
    else
        json_write_member_u64(&w, "count", count);
    /* A page reached by "before" has the page it came from after it. */
    write_link(listing, &w, "next", "after", more || backwards ? high : NULL);
    write_link(listing, &w, "previous", "before",
               backwards  ? (more ? low : NULL)
               : is_first ? NULL
                          : low);
    json_write_key(&w, "results");
    json_write_array(&w);
    for (size_t i = 0; i < shown; i++)
        serialize_user(&w, &users[backwards ? shown - 1 - i : i]);
    json_write_array_end(&w);
    json_write_object_end(&w);
}

/* Writes the empty page of an offset beyond the end; refuses the offset if the end is not known. */
static enum error write_beyond(struct user_listing *listing, uint64_t count) {
    struct exchange *x = listing->x;
    struct page page = {.limit = listing->which.limit, .offset = listing->which.offset};
    /* Counting ended there, and rows that are skipped are read all the same. */
    if (count > COUNT_MOST) {
        field_errors_add(&x->field_errors, "offset", CODE_MAX_VALUE,
                         "At most %d; follow the links to the next pages.", COUNT_MOST);
        return ERROR_BAD_INPUT;
    }
    struct json_writer w = json_writer_start(&x->response.body);
    page_begin(x, &w, &page, count, "search");
    page_end(x, &w, &page, count, "search");
    return ERROR_NONE;
}

static enum error read_page(struct user_listing *listing) {
    struct user_page one_more = listing->which;
    /* One row beyond the page shows whether there is another page. */
    one_more.limit++;
    return user_page(listing->x->service->db, listing->prefix, &one_more, keep_user, listing);
}

enum error users_list(struct exchange *x) {
    struct buffer texts[3] = {BUFFER_EMPTY, BUFFER_EMPTY, BUFFER_EMPTY};
    struct user_listing listing = {.x = x};
    uint64_t count = 0;
    enum error error = read_query(x, texts, &listing);
    /* The count first: it is bounded, and decides whether the offset is beyond the end. */
    if (!error)
        error = user_page_count(x->service->db, listing.prefix, COUNT_MOST + 1, &count);
    if (!error && listing.which.kind == USER_PAGE_OFFSET && listing.which.offset >= count) {
        error = write_beyond(&listing, count);
    } else if (!error) {
        error = read_page(&listing);
        if (!error)
            write_page(&listing, count);
    }
    for (size_t i = 0; i < 3; i++)
        buffer_free(&texts[i]);
    return error;
}
