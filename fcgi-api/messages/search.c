/* GET search/: messages by their words. The cursor is a place in the order of all results: time,
 * room and position, in hexadecimal digits. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "blocked.h"
#include "base/clock.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "rest/page.h"
#include "shared.h"
#include "store/search/search.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MOST 100

/* Longest text of a query, in code points. */
#define QUERY_MOST 500

/* A cursor has three numbers. */
enum { NUMBERS = 3, NUMBER_MOST = 16 };

/* A page while it is read. */
struct search_listing {
    struct exchange *x;
    struct json_writer w;
    struct page page;
};

/* ---- the request ---- */

/* Reads a number of up to 16 hexadecimal digits in lower case: 64 bits, as write_cursor writes
 * it. */
static bool read_hex(struct text text, uint64_t *number) {
    *number = 0;
    if (text.len == 0 || text.len > NUMBER_MOST)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const char *digits = "0123456789abcdef";
        const char *at = text.at[i] ? strchr(digits, text.at[i]) : NULL;
        if (!at)
            return false;
        *number = *number << 4 | (uint64_t)(at - digits);
    }
    return true;
}

/* A cursor is made by write_cursor; anything else is an error, so that a mistake is noticed. */
static void read_cursor(struct exchange *x, struct search *search) {
    struct buffer value = BUFFER_EMPTY;
    uint64_t numbers[NUMBERS];
    bool valid = false;
    if (request_query(x->request, "cursor", &value, &valid)) {
        /* Three numbers, separated by hyphens. */
        struct text rest = {buffer_str(&value), value.len}, part;
        size_t count = 0;
        while (valid && text_split(&rest, '-', &part)) {
            valid = count < NUMBERS && read_hex(part, &numbers[count]);
            count++;
        }
        /* The time is signed in the database; a larger number is none. */
        if (valid && count == NUMBERS && numbers[0] <= INT64_MAX)
            search->place = (struct search_place){(int64_t)numbers[0], numbers[1], numbers[2]};
        else
            field_errors_add(&x->field_errors, "cursor", CODE_INVALID, "Not a cursor.");
    }
    buffer_free(&value);
}

/* The place after the last message that was looked at. */
static void write_cursor(struct json_writer *w, const struct search_place *place) {
    char text[NUMBERS * (NUMBER_MOST + 1) + 1];
    snprintf(text, sizeof(text), "%" PRIx64 "-%" PRIx64 "-%" PRIx64, (uint64_t)place->at,
             place->room_id, place->position);
    json_write_member_str(w, "next", text);
}

/* Missing: the caller's bound stays, which excludes nothing. */
static void read_time(struct exchange *x, const char *name, int64_t *time) {
    struct buffer value = BUFFER_EMPTY;
    bool valid = false;
    if (request_query(x->request, name, &value, &valid) &&
        !(valid && clock_parse((struct text){buffer_str(&value), value.len}, time)))
        field_errors_add(&x->field_errors, name, CODE_INVALID,
                         "A time is required, such as 2026-01-31T12:00:00Z.");
    buffer_free(&value);
}

/* Only these two words are known; an unknown one is not ignored. */
static void read_has(struct exchange *x, enum search_has *has) {
    struct buffer value = BUFFER_EMPTY;
    bool valid = false;
    if (request_query(x->request, "has", &value, &valid)) {
        if (strcmp(buffer_str(&value), "file") == 0)
            *has = SEARCH_HAS_FILE;
        else if (strcmp(buffer_str(&value), "link") == 0)
            *has = SEARCH_HAS_LINK;
        else
            field_errors_add(&x->field_errors, "has", CODE_INVALID_CHOICE,
                             "Either file or link is required.");
    }
    buffer_free(&value);
}

/* Reads q: errors of the text first, then those of its words. */
static void read_words(struct exchange *x, struct search_query *query) {
    struct buffer value = BUFFER_EMPTY;
    bool valid = false;
    const bool is_given = request_query(x->request, "q", &value, &valid);
    const struct text text = {buffer_str(&value), value.len};
    struct field_errors *errors = &x->field_errors;
    if (!is_given)
        field_errors_add(errors, "q", CODE_REQUIRED, "This field is required.");
    else if (!valid || !text_is_valid(text.at, text.len))
        field_errors_add(errors, "q", CODE_INVALID, "Not a valid string.");
    else if (text_trim(text).len == 0)
        field_errors_add(errors, "q", CODE_BLANK, "This field may not be blank.");
    else if (text_code_points(text) > QUERY_MOST)
        field_errors_add(errors, "q", CODE_MAX_LENGTH,
                         "Ensure this field has no more than %d characters.", QUERY_MOST);
    else
        switch (search_query_read(query, text)) {
        case SEARCH_NO_WORD:
            field_errors_add(errors, "q", CODE_NO_WORD, "A word to search for is required.");
            break;
        case SEARCH_TOO_LONG:
            field_errors_add(errors, "q", CODE_MAX_LENGTH, "At most %d words.", SEARCH_WORDS_MOST);
            break;
        case SEARCH_OK:
            break;
        }
    buffer_free(&value);
}

/* ---- the answer ---- */

/* False ends the search: the page is full. */
static bool write_result(void *context, const struct search_result *result) {
    struct search_listing *listing = context;
    const size_t len = listing->w.out->len;
    /* Copies, as both structs belong to the search; only the mark is added. */
    struct message marked = *result->message;
    struct search_result shown = *result;
    marked.is_blocked = blocked_has(listing->x, marked.sender_id);
    shown.message = &marked;
    serialize_search_result(&listing->w, &shown);
    return page_keep(&listing->page, &listing->w, len);
}

/* Long searches take half of the processes at most; the others answer with what they have. */
static bool take_place(void *context) {
    const struct service *service = context;
    return shared_take_place(service->shared, SHARED_SEARCHING, service->config->processes);
}

/* Writes the results of one search, and the cursor to continue with. */
static enum error list_results(struct exchange *x, struct search *search) {
    /* Asked only when a search takes long: the usual one needs no place. */
    search->may_go_on = take_place;
    search->context = x->service;
    struct search_listing listing = {
        .x = x, .w = json_writer_start(&x->response.body), .page = {.limit = search->limit}};
    bool more = false;
    json_write_object(&listing.w);
    json_write_key(&listing.w, "results");
    json_write_array(&listing.w);
    /* It ends by itself after a bounded time; then `more` is true, and the cursor is where it
     * stopped. */
    const enum error error = search_run(x->service->db, search, write_result, &listing, &more);
    /* Does nothing if the search took none. */
    shared_leave_place(x->service->shared);
    json_write_array_end(&listing.w);
    /* Nothing is counted, so the next page is known only now. */
    if (more)
        write_cursor(&listing.w, &search->place);
    else
        json_write_member_null(&listing.w, "next");
    json_write_object_end(&listing.w);
    return error;
}

enum error search_get(struct exchange *x) {
    struct search_query query = {.count = 0};
    /* Bounds that exclude nothing, until the parameters narrow them. */
    struct search search = {.user_id = x->identity.user.id,
                            .query = &query,
                            .before = INT64_MAX,
                            .after = INT64_MIN,
                            .limit = LIMIT_DEFAULT,
                            .place = SEARCH_START};
    enum error error = ERROR_BAD_INPUT;
    if (x->service->config->search == CONFIG_OFF)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_SEARCH_OFF, "Searching is off.");
    read_words(x, &query);
    page_number(x, "room", 1, &search.room_id);
    page_number(x, "from", 1, &search.from_id);
    read_time(x, "before", &search.before);
    read_time(x, "after", &search.after);
    read_has(x, &search.has);
    page_number(x, "limit", 1, &search.limit);
    read_cursor(x, &search);
    /* Too large a limit is lowered, not refused. */
    if (search.limit > LIMIT_MOST)
        search.limit = LIMIT_MOST;
    if (field_errors_none(&x->field_errors))
        error = list_results(x, &search);
    search_query_free(&query);
    return error;
}
