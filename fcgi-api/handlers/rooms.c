#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "etag.h"
#include "event.h"
#include "fields.h"
#include "handlers/handlers.h"
#include "memory.h"
#include "page.h"
#include "publish.h"
#include "shape.h"

#define NAME_MAX_POINTS 128

/* ---- reading ---- */

/* ?public=1 asks for the public rooms; 0 or nothing for the caller's own. */
static enum room_list_kind read_kind(struct exchange *x) {
    struct buffer value = BUFFER_EMPTY;
    bool valid = true;
    enum room_list_kind kind = ROOM_LIST_OWN;
    if (request_query(x->request, "public", &value, &valid)) {
        const struct text text = {buffer_str(&value), value.len};
        if (text_equals(text, text_of("1")) || text_equals_nocase(text, text_of("true")))
            kind = ROOM_LIST_PUBLIC;
        else if (!text_equals(text, text_of("0")) && !text_equals_nocase(text, text_of("false")))
            problems_add(&x->problems, "public", "Must be 1 or 0.");
    }
    buffer_free(&value);
    return kind;
}

static bool set_list_etag(struct exchange *x, const struct room_list_state *state) {
    return etag_set(x, "0.%" PRIu64 ".%" PRIu64 ".%" PRIx64 ".%" PRIx64 ".%" PRIx64,
                    x->caller.user.id, state->count, state->counters[ROOM_LIST_OWN_SEQ],
                    state->counters[ROOM_LIST_SEQS], state->counters[ROOM_LIST_READS]);
}

/* A list of one's own that is not much longer than the page is cheaper read whole than
 * sorted and cut by the database; and it carries its own counters: unless the client may
 * have it already, they need not be asked for first. */
static uint64_t most_read_whole(const struct page *page) {
    return 2 * page->limit;
}

static bool is_read_whole(const struct exchange *x, const struct page *page) {
    return x->caller.rooms_count <= most_read_whole(page) && !etag_is_asked(x);
}

/* ---- the whole list ---- */

/* Where the JSON of a room stands, and what it is sorted by. */
struct piece {
    int64_t active_at;
    uint64_t room_id;
    size_t start, len;
};

struct pieces {
    struct buffer json;
    struct piece *list;
    size_t count, space;
    struct room_list_state state;
};

static void collect_room(void *context, const struct room *room) {
    struct pieces *pieces = context;
    if (!room) {
        buffer_clear(&pieces->json);
        pieces->count = 0;
        memset(pieces->state.counters, 0, sizeof(pieces->state.counters));
        return;
    }
    if (pieces->count == pieces->space) {
        pieces->space = pieces->space ? pieces->space * 2 : PAGE_DEFAULT;
        pieces->list = memory_resize(pieces->list, pieces->space, sizeof(*pieces->list));
    }
    struct jsonw w = jsonw_start(&pieces->json);
    const size_t start = pieces->json.len;
    shape_room(&w, room);
    pieces->list[pieces->count++] =
        (struct piece){room->last_active_at, room->state.room_id, start, pieces->json.len - start};
    pieces->state.counters[ROOM_LIST_SEQS] += room->state.last_seq;
    pieces->state.counters[ROOM_LIST_READS] += room->state.last_read_position;
}

/* The latest active first; of several the newest room. */
static int compare_pieces(const void *one, const void *other) {
    const struct piece *a = one, *b = other;
    if (a->active_at != b->active_at)
        return a->active_at < b->active_at ? 1 : -1;
    return (a->room_id < b->room_id) - (a->room_id > b->room_id);
}

static void send_pieces(struct exchange *x, struct pieces *pieces, const struct page *page) {
    struct jsonw w = jsonw_start(&x->response.body);
    pieces->state.count = x->caller.rooms_count;
    pieces->state.counters[ROOM_LIST_OWN_SEQ] = x->caller.last_seq;
    page_begin(x, &w, page, pieces->state.count, "public");
    if (pieces->count > 0)
        qsort(pieces->list, pieces->count, sizeof(*pieces->list), compare_pieces);
    for (size_t i = page->offset; i < pieces->count && i - page->offset < page->limit; i++)
        jsonw_raw(&w, pieces->json.data + pieces->list[i].start, pieces->list[i].len);
    page_end(&w);
    set_list_etag(x, &pieces->state);
}

/* The caller is looked for along with the list. */
static enum error read_by_token(struct exchange *x, uint64_t most, struct pieces *pieces) {
    bool found;
    const enum error error =
        room_list_whole_by_token(x->service->db, x->service->names, x->token_hash, most, &x->caller,
                                 &found, collect_room, pieces);
    exchange_found_caller(x, error, found);
    return error;
}

/* The database reads the rooms as they lie, and is spared sorting them. */
static enum error list_whole(struct exchange *x, const struct page *page) {
    struct pieces pieces = {.json = BUFFER_EMPTY};
    const enum error error = x->guessed ? read_by_token(x, most_read_whole(page), &pieces)
                                        : room_list_whole(x->service->db, x->service->names,
                                                          x->caller.user.id, collect_room, &pieces);
    if (!error && !x->guessed)
        send_pieces(x, &pieces, page);
    free(pieces.list);
    buffer_free(&pieces.json);
    return error;
}

/* ---- a page of it ---- */

/* A page as it is written, and a hash (FNV-1a) of all that its rooms depend on. */
struct listing {
    struct jsonw w;
    uint64_t hash;
};

static void mix(uint64_t *hash, uint64_t value) {
    for (int i = 0; i < 8; i++, value >>= 8)
        *hash = (*hash ^ (value & 255)) * 1099511628211u;
}

static void list_room(void *context, const struct room *room) {
    struct listing *listing = context;
    const struct room_state *state = &room->state;
    mix(&listing->hash, state->room_id);
    mix(&listing->hash, (uint64_t)state->created_at);
    mix(&listing->hash, state->last_seq);
    mix(&listing->hash, state->last_read_position);
    mix(&listing->hash, (uint64_t)state->is_member + 2 * (uint64_t)state->is_admin);
    shape_room(&listing->w, room);
}

static enum error list_page(struct exchange *x, enum room_list_kind kind, const struct page *page,
                            uint64_t count, uint64_t *hash) {
    struct listing listing = {jsonw_start(&x->response.body), 14695981039346656037u};
    page_begin(x, &listing.w, page, count, "public");
    const enum error error = room_list(x->service->db, kind, x->caller.user.id, page->limit,
                                       page->offset, list_room, &listing);
    page_end(&listing.w);
    *hash = listing.hash;
    return error;
}

/* There may be any number of public rooms: the tag is made of the page and their number. */
static enum error list_public(struct exchange *x, const struct page *page) {
    uint64_t count = 0, hash = 0;
    enum error error = room_count_public(x->service->db, &count);
    if (!error)
        error = list_page(x, ROOM_LIST_PUBLIC, page, count, &hash);
    if (!error)
        etag_set(x, "1.%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%016" PRIx64,
                 x->caller.user.id, page->limit, page->offset, count, hash);
    return error;
}

enum error rooms_list(struct exchange *x) {
    struct page page;
    struct room_list_state state;
    uint64_t hash;
    page_read(x, PAGE_DEFAULT, PAGE_MOST, &page);
    const enum room_list_kind kind = read_kind(x);
    if (!problems_none(&x->problems))
        return ERROR_BAD_INPUT;
    if (kind == ROOM_LIST_PUBLIC)
        return x->guessed ? ERROR_NONE : list_public(x, &page);
    if (x->guessed || is_read_whole(x, &page))
        return list_whole(x, &page);
    const enum error error = room_list_state_get(x->service->db, x->caller.user.id, &state);
    if (error || set_list_etag(x, &state))
        return error;
    return list_page(x, kind, &page, state.count, &hash);
}

static void send_room(void *context, const struct room *room) {
    struct exchange *x = context;
    struct jsonw w = jsonw_start(&x->response.body);
    shape_room(&w, room);
}

/* The caller is looked for along with the room. */
static enum error get_by_token(struct exchange *x) {
    bool found;
    const enum error error = room_get_by_token(x->service->db, x->service->names, x->token_hash,
                                               x->ids[0], &x->caller, &found, send_room, x);
    exchange_found_caller(x, error, found);
    if (x->has_caller)
        etag_set_room(x, &x->caller.room);
    return error;
}

enum error rooms_get(struct exchange *x) {
    if (x->guessed)
        return get_by_token(x);
    if (etag_set_room(x, &x->caller.room))
        return ERROR_NONE;
    return room_get_known(x->service->db, x->service->names, &x->caller.room, x->caller.user.id,
                          send_room, x);
}

static void write_user(void *context, const struct user *user) {
    shape_user(context, user);
}

/* Names of the users who are here, told by Redis; without it nobody is known to be. */
enum error rooms_presence(struct exchange *x) {
    uint64_t *ids = NULL;
    size_t count = 0;
    enum error error = ERROR_NONE;
    struct jsonw w = jsonw_start(&x->response.body);
    jsonw_object(&w);
    jsonw_key(&w, "online");
    jsonw_array(&w);
    if (redis_client_presence(x->service->redis, x->ids[0], &ids, &count) && count > 0)
        error = user_list_ids(x->service->db, ids, count, write_user, &w);
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    free(ids);
    return error;
}

/* ---- changing ---- */

static const char *prefix_of(const struct exchange *x) {
    return x->service->config->redis_prefix;
}

static void publish_to_user(struct exchange *x, uint64_t user_id, unsigned type, uint64_t seq,
                            uint64_t room_id, struct buffer *json) {
    publish_user_event(x->service->redis, prefix_of(x), user_id, type, seq, x->caller.user.id,
                       room_id, (struct text){json->data, json->len});
    buffer_free(json);
}

static void publish_created(struct exchange *x, const struct room *room, uint64_t seq) {
    struct buffer json = BUFFER_EMPTY;
    shape_room_created(&json, seq, room->state.room_id, room, x->caller.user.name);
    publish_to_user(x, x->caller.user.id, EVENT_ROOM_CREATED, seq, room->state.room_id, &json);
}

enum error rooms_create(struct exchange *x) {
    struct room_change change;
    struct room room = {0};
    bool is_private = true;
    fields_text(x, "name", 1, NAME_MAX_POINTS, FIELDS_REQUIRED, &room.name);
    fields_bool(x, "is_private", 0, &is_private);
    if (!problems_none(&x->problems))
        return ERROR_BAD_INPUT;
    const enum error error =
        room_create(x->service->db, x->caller.user.id, room.name, is_private, &change);
    if (error)
        return error;
    room.created_by_id = x->caller.user.id;
    room.state = (struct room_state){.exists = true,
                                     .is_private = is_private,
                                     .is_member = true,
                                     .is_admin = true,
                                     .room_id = change.room_id,
                                     .members_count = 1,
                                     .created_at = change.at};
    send_room(x, &room);
    x->response.status = 201;
    publish_created(x, &room, change.caller_seq);
    return ERROR_NONE;
}

/* What a direct room put on record: for the caller a room, for the other an invitation to
 * a room that bears the caller's name. */
struct direct {
    struct exchange *x;
    uint64_t other_id;
    struct room_change change;
};

static void send_direct(void *context, const struct room *room) {
    const struct direct *direct = context;
    struct exchange *x = direct->x;
    struct buffer json = BUFFER_EMPTY;
    send_room(x, room);
    if (!direct->change.changed)
        return;
    x->response.status = 201;
    publish_created(x, room, direct->change.caller_seq);
    const struct text name = text_of(x->caller.user.name);
    shape_room_invitation(&json, direct->change.user_seq, room->state.room_id, &name,
                          x->caller.user.name);
    publish_to_user(x, direct->other_id, EVENT_ROOM_INVITATION, direct->change.user_seq,
                    room->state.room_id, &json);
}

enum error rooms_direct(struct exchange *x) {
    struct direct direct = {.x = x};
    fields_id(x, "user_id", FIELDS_REQUIRED, &direct.other_id);
    if (!problems_none(&x->problems))
        return ERROR_BAD_INPUT;
    const enum error error =
        room_direct(x->service->db, x->caller.user.id, direct.other_id, &direct.change);
    if (error == ERROR_BAD_INPUT) {
        if (direct.other_id == x->caller.user.id)
            problems_add(&x->problems, "user_id", "A direct room needs somebody else.");
        else
            problems_add(&x->problems, "user_id",
                         "Invalid pk \"%" PRIu64 "\" - object does not exist.", direct.other_id);
    }
    if (error)
        return error;
    return room_get(x->service->db, direct.change.room_id, x->caller.user.id, send_direct, &direct);
}

struct update {
    struct exchange *x;
    struct room_change change;
};

static void send_updated(void *context, const struct room *room) {
    const struct update *update = context;
    struct exchange *x = update->x;
    send_room(x, room);
    if (!update->change.changed)
        return;
    const struct room_event event = {.room_id = room->state.room_id,
                                     .seq = update->change.seq,
                                     .type = EVENT_ROOM_UPDATED,
                                     .actor_id = x->caller.user.id,
                                     .actor = text_of(x->caller.user.name)};
    publish_room_event(x->service->redis, prefix_of(x), &event, room);
}

enum error rooms_update(struct exchange *x) {
    struct update update = {.x = x};
    struct room_patch patch = {0};
    fields_text(x, "name", 1, NAME_MAX_POINTS, 0, &patch.name);
    patch.has_private = fields_bool(x, "is_private", 0, &patch.is_private);
    if (!problems_none(&x->problems))
        return ERROR_BAD_INPUT;
    const enum error error =
        room_update(x->service->db, x->ids[0], x->caller.user.id, &patch, &update.change);
    if (error)
        return error;
    return room_get(x->service->db, x->ids[0], x->caller.user.id, send_updated, &update);
}

enum error rooms_delete(struct exchange *x) {
    struct buffer streams = BUFFER_EMPTY;
    const enum error error =
        room_delete(x->service->db, x->ids[0], x->caller.user.id, false, &streams);
    if (!error) {
        publish_room_deleted(x->service->redis, prefix_of(x), x->ids[0], x->caller.user.id,
                             x->caller.user.name, (struct text){streams.data, streams.len});
        x->response.status = 204;
    }
    buffer_free(&streams);
    return error;
}
