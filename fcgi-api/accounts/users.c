/* GET users/: profiles of users, by the beginning of a name or a word in it, or by id. Pages go by
 * user names, so that a late one costs no more than the first; `offset` works as well, up to
 * COUNT_MOST users. */
#include <inttypes.h>
#include <stdio.h>

#include "event/serialize.h"
#include "handlers/handlers.h"
#include "rest/etag.h"
#include "rest/link.h"
#include "rest/page.h"
#include "secrets/secret.h"
#include "store/rooms/ban.h"
#include "store/rooms/shared_room.h"
#include "store/users/profile.h"

/* Users are counted, and skipped by offset, up to this number. */
#define COUNT_MOST 10000

/* Most ids of a request, and how long its answer may be used without asking. */
#define IDS_MOST 200
#define IDS_MAX_AGE_S 60

/* A page while it is read. */
struct user_listing {
    struct exchange *x;
    struct text search;
    struct profile_page which;
    struct buffer results; /* JSON; what is around it depends on the names at the edges */
    struct json_writer w;  /* of results */
    char low[USER_NAME_SIZE], high[USER_NAME_SIZE]; /* the first and the last name */
    size_t count;
    bool more;
};

static void write_profile(void *context, const struct profile *profile) {
    serialize_profile(context, profile);
}

/* The rows come by name in rising order, also for a page "before". */
static void keep_profile(void *context, const struct profile *profile) {
    struct user_listing *listing = context;
    const struct text name = profile->username;
    if (listing->count++ == 0)
        snprintf(listing->low, sizeof(listing->low), "%.*s", (int)name.len, name.at);
    snprintf(listing->high, sizeof(listing->high), "%.*s", (int)name.len, name.at);
    write_profile(&listing->w, profile);
}

/* ---- the query ---- */

/* Sets *which; two cursors are an error. */
static void read_cursor(struct exchange *x, const char *name, enum profile_page_kind kind,
                        struct buffer *value, struct profile_page *which) {
    bool valid;
    /* Not given: the page by offset stays. */
    if (!request_query(x->request, name, value, &valid))
        return;
    const struct text text = {buffer_str(value), value->len};
    if (!valid || !text_is_username(text))
        field_errors_add(&x->field_errors, name, CODE_INVALID, "Not a user name.");
    else if (which->kind != PROFILE_PAGE_OFFSET)
        field_errors_add(&x->field_errors, name, CODE_CONFLICTING,
                         "Give before or after, not both.");
    else
        *which = (struct profile_page){kind, text, which->limit, 0};
}

/* texts: storage for what *listing borrows; the caller frees it. */
static enum error read_query(struct exchange *x, struct buffer texts[3],
                             struct user_listing *listing) {
    struct page page;
    bool valid = true;
    page_read(x, PAGE_DEFAULT, &page);
    /* The cursor may replace this. */
    listing->which = (struct profile_page){PROFILE_PAGE_OFFSET, {"", 0}, page.limit, page.offset};
    request_query(x->request, "search", &texts[0], &valid);
    listing->search = (struct text){buffer_str(&texts[0]), texts[0].len};
    if (!valid)
        field_errors_add(&x->field_errors, "search", CODE_INVALID, "Not a valid string.");
    read_cursor(x, "after", PROFILE_PAGE_AFTER, &texts[1], &listing->which);
    read_cursor(x, "before", PROFILE_PAGE_BEFORE, &texts[2], &listing->which);
    return field_errors_none(&x->field_errors) ? ERROR_NONE : ERROR_BAD_INPUT;
}

/* ---- the page ---- */

/* The link to the page before or after a user; null with name NULL. */
static void write_link(struct user_listing *listing, struct json_writer *w, const char *key,
                       const char *cursor, const char *name) {
    struct buffer url = BUFFER_EMPTY;
    if (!name) {
        json_write_member_null(w, key);
        return;
    }
    link_self(&url, listing->x->request);
    /* User names need no percent-encoding. */
    buffer_printf(&url, "?limit=%" PRIu64 "&%s=%s", listing->which.limit, cursor, name);
    page_keep_parameters(listing->x, &url, "search");
    json_write_member_text(w, key, (struct text){url.data, url.len});
    buffer_free(&url);
}

/* The answer with the listed users, the count and the links to the pages before and after it. */
static void write_page(struct user_listing *listing, uint64_t count) {
    /* A page that was read backwards is shown in the order of names all the same. */
    const bool backwards = listing->which.kind == PROFILE_PAGE_BEFORE;
    const bool is_first = listing->which.kind == PROFILE_PAGE_OFFSET && listing->which.offset == 0;
    /* NULL: an empty page has no links. */
    const char *low = listing->count > 0 ? listing->low : NULL;
    const char *high = listing->count > 0 ? listing->high : NULL;
    struct json_writer w = json_writer_start(&listing->x->response.body);
    json_write_object(&w);
    /* Counting ended there: more than COUNT_MOST. */
    if (count > COUNT_MOST)
        json_write_member_null(&w, "count");
    else
        json_write_member_u64(&w, "count", count);
    /* A page reached by "before" has the page it came from after it: there is a next one for
     * certain. */
    write_link(listing, &w, "next", "after", listing->more || backwards ? high : NULL);
    write_link(listing, &w, "previous", "before",
               backwards  ? (listing->more ? low : NULL)
               : is_first ? NULL
                          : low);
    json_write_key(&w, "results");
    json_write_raw(&w, listing->results.data, listing->results.len);
    json_write_object_end(&w);
}

/* Writes the empty page of an offset beyond the end; refuses the offset if the end is not
 * known. The links of such a page lead back to the last page that has users. */
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

/* Reads the rows of the page as JSON, before the links around them are known. */
static enum error read_page(struct user_listing *listing) {
    listing->w = json_writer_start(&listing->results);
    json_write_array(&listing->w);
    const enum error error = profile_page(listing->x->service->db, listing->search, &listing->which,
                                          keep_profile, listing, &listing->more);
    json_write_array_end(&listing->w);
    return error;
}

/* A page of all active users in the order of their names, from an offset or from a cursor. */
static enum error list_by_name(struct exchange *x) {
    struct buffer texts[3] = {BUFFER_EMPTY, BUFFER_EMPTY, BUFFER_EMPTY};
    struct user_listing listing = {.x = x};
    uint64_t count = 0;
    enum error error = read_query(x, texts, &listing);
    /* The count first: it is bounded, and decides whether the offset is beyond the end. One
     * more than COUNT_MOST tells "more than that". By the index of names; a bound keeps it
     * cheap. */
    if (!error)
        error = profile_page_count(x->service->db, listing.search, COUNT_MOST + 1, &count);
    if (!error && listing.which.kind == PROFILE_PAGE_OFFSET && listing.which.offset >= count) {
        error = write_beyond(&listing, count);
    } else if (!error) {
        error = read_page(&listing);
        if (!error)
            write_page(&listing, count);
    }
    buffer_free(&listing.results);
    for (size_t i = 0; i < 3; i++)
        buffer_free(&texts[i]);
    return error;
}

/* ---- by id ---- */

/* Reads "1,2,3"; an empty list has none. Adds an error to x->field_errors if it is invalid. At
 * most IDS_MOST are stored, one more is counted, so that too many are noticed. */
static size_t read_ids(struct exchange *x, struct text list, uint64_t ids[IDS_MOST]) {
    struct text id;
    size_t count = 0;
    /* text_split has no piece after a last comma. */
    bool valid = list.len == 0 || list.at[list.len - 1] != ',';
    while (valid && count <= IDS_MOST && text_split(&list, ',', &id)) {
        uint64_t number = 0;
        valid = text_to_u64(id, &number) && number > 0;
        if (valid && count < IDS_MOST)
            ids[count] = number;
        count++;
    }
    if (!valid)
        field_errors_add(&x->field_errors, "ids", CODE_INVALID,
                         "Positive integers, separated by commas, are required.");
    else if (count > IDS_MOST)
        field_errors_add(&x->field_errors, "ids", CODE_MAX_LENGTH, "At most %d ids.", IDS_MOST);
    return count;
}

struct counted {
    struct json_writer w;
    uint64_t count;
};

static void count_profile(void *context, const struct profile *profile) {
    struct counted *counted = context;
    serialize_profile(&counted->w, profile);
    counted->count++;
}

/* The tag is a hash of the profiles: they have no counter, and are few. */
static void set_tag(struct exchange *x, const struct buffer *results) {
    /* Eight bytes tell versions of a few profiles apart. */
    unsigned char hash[8];
    secret_digest((struct text){results->data, results->len}, hash, sizeof(hash));
    struct buffer *tag = etag_begin(x);
    buffer_append_char(tag, 'p');
    for (size_t i = 0; i < sizeof(hash); i++)
        buffer_printf(tag, "%02x", hash[i]);
    /* The result is in the status: 304 makes the gateway send no body. */
    etag_end(x);
    etag_set_max_age(x, IDS_MAX_AGE_S);
}

/* Guests are strangers who have entered by a link: they get the profiles of users with whom they
 * are in a room, and cannot walk through all users of the site. */
static enum error filter_for_guest(struct exchange *x, uint64_t *ids, size_t *count) {
    const struct user *user = &x->identity.user;
    return user->is_guest ? shared_room_filter(x->service->db, user->id, ids, count) : ERROR_NONE;
}

/* The users of "ids", in that order, as one page without links. */
static enum error list_by_id(struct exchange *x, struct text list) {
    uint64_t ids[IDS_MOST];
    struct buffer results = BUFFER_EMPTY;
    struct counted counted = {json_writer_start(&results), 0};
    size_t count = read_ids(x, list, ids);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    enum error error = filter_for_guest(x, ids, &count);
    /* Users who do not exist are left out, without an error. */
    json_write_array(&counted.w);
    if (!error)
        error = profile_list(x->service->db, ids, count, count_profile, &counted);
    json_write_array_end(&counted.w);
    if (!error) {
        struct json_writer w = json_writer_start(&x->response.body);
        set_tag(x, &results);
        json_write_object(&w);
        json_write_member_u64(&w, "count", counted.count);
        json_write_member_null(&w, "next");
        json_write_member_null(&w, "previous");
        json_write_key(&w, "results");
        json_write_raw(&w, results.data, results.len);
        json_write_object_end(&w);
    }
    buffer_free(&results);
    return error;
}

enum error users_list(struct exchange *x) {
    struct buffer ids = BUFFER_EMPTY;
    bool valid = true;
    enum error error;
    /* Active users only: those whose ban is over are. */
    ban_end_all_due(x->service->db);
    if (!request_query(x->request, "ids", &ids, &valid)) {
        error = x->identity.user.is_guest
                    ? exchange_fail(x, ERROR_FORBIDDEN, CODE_NOT_FOR_GUESTS,
                                    "Guests may not list users; give ids.")
                    : list_by_name(x);
    } else {
        /* A value that is not valid UTF-8 is not a list of ids either. */
        error = list_by_id(x, valid ? (struct text){buffer_str(&ids), ids.len} : text_of("?"));
    }
    buffer_free(&ids);
    return error;
}
