/* /api/site/hooks/: the addresses that are sent the events of rooms. A secret is shown once, when
 * it is made. The worker sends all deliveries, including tests. */
#include <inttypes.h>
#include <json-c/json.h>
#include <sodium.h>

#include "event/event.h"
#include "handlers/handlers.h"
#include "rest/field.h"
#include "rest/page.h"
#include "store/followers/hook.h"

/* ---- showing ---- */

/* null stands for all events, also those that later versions add. */
static void write_events(struct json_writer *w, const struct hook *hook) {
    json_write_key(w, "events");
    if (!hook->has_types) {
        json_write_null(w);
        return;
    }
    json_write_array(w);
    /* The numbers of events are those of bits. Bits without a name cannot be set:
     * hook_add_event knows the events of rooms only. */
    for (unsigned type = 0; type < 64; type++)
        if (hook->types >> type & 1)
            json_write_word(w, event_name(type));
    json_write_array_end(w);
}

/* null stands for all rooms, also later ones. */
static void write_rooms(struct json_writer *w, const struct hook *hook) {
    struct text rest = hook->rooms, id;
    json_write_key(w, "rooms");
    if (!hook->has_rooms) {
        json_write_null(w);
        return;
    }
    json_write_array(w);
    /* Stored as "1,2,3", which are numbers in JSON as well. */
    while (text_split(&rest, ',', &id))
        json_write_raw(w, id.at, id.len);
    json_write_array_end(w);
}

/* A hook while it is written. */
struct shown {
    struct json_writer *w;
    const char *secret; /* NULL: not shown */
};

/* Without the secret, but for the one answer after it was made. The text of the last
 * failure has no address and no name of a host. */
static void write_hook(void *context, const struct hook *hook) {
    const struct shown *shown = context;
    struct json_writer *w = shown->w;
    json_write_object(w);
    json_write_member_u64(w, "hook_id", hook->id);
    json_write_member_text(w, "name", hook->name);
    json_write_member_text(w, "url", hook->url);
    write_events(w, hook);
    write_rooms(w, hook);
    json_write_member_bool(w, "is_active", hook->is_active);
    json_write_member_time(w, "created_at", hook->created_at);
    json_write_member_u64(w, "delivered_count", hook->delivered);
    json_write_member_u64(w, "failed_count", hook->failed);
    json_write_member_time_or_null(w, "delivered_at", hook->delivered_at);
    json_write_member_time_or_null(w, "failed_at", hook->failed_at);
    json_write_member_text_or_null(w, "failure", hook->failure);
    if (shown->secret)
        json_write_member_str(w, "secret", shown->secret);
    json_write_object_end(w);
}

/* Reads the hook again for the answer, so that it shows what is stored. */
static enum error show(struct exchange *x, uint64_t id, const char *secret) {
    struct json_writer w = json_writer_start(&x->response.body);
    struct shown shown = {&w, secret};
    return hook_get(x->service->db, id, write_hook, &shown);
}

enum error hooks_list(struct exchange *x) {
    struct page page;
    uint64_t count = 0;
    if (!page_read(x, PAGE_DEFAULT, &page))
        return ERROR_BAD_INPUT;
    enum error error = hook_count(x->service->db, &count);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    struct shown shown = {&w, NULL};
    page_begin(x, &w, &page, count, "");
    error = hook_list(x->service->db, page.limit, page.offset, write_hook, &shown);
    page_end(x, &w, &page, count, "");
    return error;
}

enum error hooks_get(struct exchange *x) {
    return show(x, x->ids[0], NULL);
}

/* ---- reading ---- */

/* Finds a list of at most `most`; false if it is missing, null (*is_null) or wrong, which adds
 * an error. Not field_list, as null has a meaning of its own here. */
static bool find_list(struct exchange *x, const char *name, size_t most, bool *is_null,
                      struct json_object **list) {
    *is_null = false;
    if (!json_object_object_get_ex(x->fields, name, list))
        return false;
    *is_null = *list == NULL;
    if (*is_null)
        return false;
    if (!json_object_is_type(*list, json_type_array))
        field_errors_add(&x->field_errors, name, CODE_INVALID, "Expected a list, or null.");
    else if (json_object_array_length(*list) > most)
        field_errors_add(&x->field_errors, name, CODE_MAX_LENGTH,
                         "Ensure this field has no more than %zu elements.", most);
    else
        return true;
    return false;
}

/* Reads "events" into bits. True if it is given; an empty list is one of no events. */
static bool read_events(struct exchange *x, bool *has_types, uint64_t *types) {
    struct json_object *list;
    bool is_null;
    *types = 0;
    /* 64: the types are bits of one number. */
    if (!find_list(x, "events", 64, &is_null, &list)) {
        *has_types = false;
        return is_null;
    }
    *has_types = true;
    /* The first wrong item ends it: its number is in the error. */
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        if (!json_object_is_type(item, json_type_string) ||
            !hook_add_event(text_of(json_object_get_string(item)), types)) {
            field_errors_add(&x->field_errors, "events", CODE_INVALID_CHOICE,
                             "Item %zu is not an event of rooms.", i + 1);
            return false;
        }
    }
    return true;
}

/* Reads "rooms" into a list with commas. True if it is given. */
static bool read_rooms(struct exchange *x, bool *has_rooms, struct buffer *rooms) {
    struct json_object *list;
    bool is_null;
    if (!find_list(x, "rooms", HOOK_ROOMS_MAX, &is_null, &list)) {
        *has_rooms = false;
        return is_null;
    }
    *has_rooms = true;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        uint64_t id = 0;
        /* Digits in a string are taken, since JavaScript cannot hold every id as a number. */
        const bool is_number =
            json_object_is_type(item, json_type_int) || json_object_is_type(item, json_type_string);
        if (!is_number || !text_to_u64(text_of(json_object_get_string(item)), &id) || id == 0) {
            field_errors_add(&x->field_errors, "rooms", CODE_INVALID,
                             "Item %zu is not the id of a room.", i + 1);
            return false;
        }
        hook_add_room(id, rooms);
    }
    return true;
}

/* Whether the host is public is found out at each delivery: its address may change. */
static void read_url(struct exchange *x, struct text *url) {
    if (field_text(x, "url", url) && !hook_url_is_valid(*url))
        field_errors_add(&x->field_errors, "url", CODE_INVALID,
                         "Enter an address: https://host/path");
}

/* ---- changing ---- */

enum error hooks_add(struct exchange *x) {
    struct hook hook = {.is_active = true};
    struct buffer rooms = BUFFER_EMPTY;
    char secret[HOOK_SECRET_SIZE];
    uint64_t id = 0;
    field_text(x, "name", &hook.name);
    read_url(x, &hook.url);
    read_events(x, &hook.has_types, &hook.types);
    read_rooms(x, &hook.has_rooms, &rooms);
    field_bool(x, "is_active", &hook.is_active);
    enum error error = field_errors_none(&x->field_errors) ? ERROR_NONE : ERROR_BAD_INPUT;
    if (!error) {
        /* 32 bytes: Standard Webhooks wants 24 to 64. */
        randombytes_buf(hook.secret, sizeof(hook.secret));
        hook_secret_text(hook.secret, secret);
        hook.rooms = (struct text){buffer_str(&rooms), rooms.len};
        error = hook_add(x->service->db, &hook, &id);
    }
    if (!error)
        error = show(x, id, secret);
    if (!error)
        x->response.status = 201;
    buffer_free(&rooms);
    return error;
}

/* Only what is given changes. A new secret is a change like the others. */
enum error hooks_update(struct exchange *x) {
    struct hook_patch patch = {.set_types = false};
    struct buffer rooms = BUFFER_EMPTY;
    unsigned char fresh[HOOK_SECRET_BYTES];
    char secret[HOOK_SECRET_SIZE];
    bool new_secret = false;
    field_text(x, "name", &patch.name);
    read_url(x, &patch.url);
    /* set_types is true for null as well, which means all events from now on. */
    patch.set_types = read_events(x, &patch.has_types, &patch.types);
    patch.set_rooms = read_rooms(x, &patch.has_rooms, &rooms);
    patch.rooms = (struct text){buffer_str(&rooms), rooms.len};
    patch.set_active = field_bool(x, "is_active", &patch.is_active);
    field_bool(x, "new_secret", &new_secret);
    /* The former one continues signing for a while, next to this one. */
    if (new_secret) {
        randombytes_buf(fresh, sizeof(fresh));
        hook_secret_text(fresh, secret);
        patch.secret = fresh;
    }
    enum error error = field_errors_none(&x->field_errors) ? ERROR_NONE : ERROR_BAD_INPUT;
    /* A room that is added is read from now on, one that is taken away is forgotten. */
    if (!error)
        error = hook_change(x->service->db, x->ids[0], &patch);
    /* The answer has the secret only if this request made it. */
    if (!error)
        error = show(x, x->ids[0], new_secret ? secret : NULL);
    buffer_free(&rooms);
    return error;
}

enum error hooks_delete(struct exchange *x) {
    const enum error error = hook_delete(x->service->db, x->ids[0]);
    if (!error)
        x->response.status = 204;
    return error;
}

/* The worker sends the test, so that it takes the way of any other delivery. */
enum error hooks_test(struct exchange *x) {
    const enum error error = hook_test(x->service->db, x->ids[0]);
    if (error)
        return error;
    /* The result is in delivered_count and failed_count. */
    x->response.status = 202;
    buffer_append_str(&x->response.body, "{}");
    return ERROR_NONE;
}
