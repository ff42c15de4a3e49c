/* POST /api/auth/guest/: adds a user without a password, who joins a room at once, by an invite
 * link or by the key of the room. */
#include <string.h>

#include "auth.h"
#include "event/serialize.h"
#include "accounts/accounts.h"
#include "handlers/handlers.h"
#include "handlers/links.h"
#include "handlers/member_events.h"
#include "http/cidr.h"
#include "limit.h"
#include "rest/field.h"
#include "store/privacy/guest.h"
#include "store/rooms/invite_link.h"
#include "store/rooms/room.h"

struct wish {
    struct text display_name;
    struct text link, key; /* one of them is empty */
    uint64_t room_id;
};

static bool read_wish(struct exchange *x, struct wish *wish) {
    *wish = (struct wish){.link = text_of(""), .key = text_of("")};
    field_text(x, "display_name", &wish->display_name);
    const bool has_link = field_text(x, "link", &wish->link);
    const bool has_key = field_text(x, "key", &wish->key);
    if (has_link && has_key)
        field_errors_add(&x->field_errors, "key", CODE_CONFLICTING, "Give a link or a key.");
    else if (!has_link && !has_key && field_errors_none(&x->field_errors))
        field_errors_add(&x->field_errors, "link", CODE_REQUIRED, "This field is required.");
    return field_errors_none(&x->field_errors);
}

static void keep_room(void *context, const struct invite_link_room *room) {
    struct wish *wish = context;
    wish->room_id = room->room_id;
}

static enum error find_room(struct exchange *x, struct wish *wish) {
    return wish->link.len > 0 ? invite_link_room(x->service->db, wish->link, keep_room, wish)
                              : room_by_key(x->service->db, wish->key, &wish->room_id);
}

/* Joins in the name of the guest, x->identity. */
static enum error enter(struct exchange *x, const struct wish *wish) {
    const struct config *config = x->service->config;
    const struct member_limits limits = {config->max_rooms_user, config->max_members, false};
    const uint64_t user_id = x->identity.user.id;
    struct member_change change;
    if (wish->link.len > 0)
        return links_join(x, wish->link, &change);
    const enum error error =
        member_add_guest(x->service->db, wish->room_id, user_id, &limits, &change);
    if (!error && change.changed)
        member_events_added(x, &x->identity.user, wish->room_id, user_id, &change);
    return error;
}

static enum error send_guest(struct exchange *x, const char *key) {
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "token", key);
    json_write_key(&w, "user");
    const enum error error = accounts_write(x, &w, &x->identity.user);
    json_write_object_end(&w);
    x->response.status = 201;
    return error;
}

enum error guests_add(struct exchange *x) {
    struct db *db = x->service->db;
    char address[GUEST_ADDRESS_SIZE], subscriber[CIDR_SUBSCRIBER_SIZE], key[SECRET_KEY_SIZE];
    unsigned char hash[SECRET_HASH_SIZE];
    struct wish wish;
    if (!read_wish(x, &wish))
        return ERROR_BAD_INPUT;
    if (x->service->config->guests == CONFIG_OFF)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_GUESTS_OFF, "There are no guests here.");
    /* Each attempt counts: it may also be one to guess a key. */
    cidr_subscriber(x->request->address, subscriber);
    enum error error = limit_take(x, LIMIT_GUESTS, subscriber);
    if (!error)
        error = auth_guest_address(x, address);
    if (!error)
        error = find_room(x, &wish);
    if (!error)
        error = guest_check(db, wish.room_id, address);
    if (error == ERROR_NOT_ALLOWED)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_NO_GUESTS, "The room takes no guests.");
    secret_make_key(key);
    if (!error && !secret_hash_key(text_of(key), hash))
        error = ERROR_INTERNAL;
    if (!error)
        error = guest_add(db, wish.display_name, address, hash, &x->identity.user);
    if (error)
        return error;
    error = enter(x, &wish);
    if (error)
        guest_remove(db, x->identity.user.id);
    if (error)
        return error;
    x->has_identity = true;
    return send_guest(x, key);
}
