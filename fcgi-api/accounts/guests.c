/* POST /api/auth/guest/: adds a user without a password and lets it join a room, by an invite
 * link or by the key of the room. With guest_work, a proof of work comes before anything else. */
#include <string.h>

#include "accounts/accounts.h"
#include "auth.h"
#include "base/clock.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "http/cidr.h"
#include "limit.h"
#include "rest/field.h"
#include "rooms/links.h"
#include "rooms/member_events.h"
#include "secrets/proof_of_work.h"
#include "store/privacy/guest.h"
#include "store/rooms/invite_link.h"
#include "store/rooms/room.h"
#include "store/site/site_value.h"
#include "store/site/used_jwt.h"

/* The fields of the request; room_id is found by link or key. */
struct wish {
    struct text display_name;
    struct text link, key; /* one of them is empty */
    struct text work;      /* empty if it was not sent */
    uint64_t room_id;
};

/* Reads the fields. A link and a key together, or neither, are an error: it is not clear which room
 * is meant. */
static bool read_wish(struct exchange *x, struct wish *wish) {
    *wish = (struct wish){.link = text_of(""), .key = text_of(""), .work = text_of("")};
    field_text(x, "display_name", &wish->display_name);
    field_text(x, "work", &wish->work);
    const bool has_link = field_text(x, "link", &wish->link);
    const bool has_key = field_text(x, "key", &wish->key);
    if (has_link && has_key)
        field_errors_add(&x->field_errors, "key", CODE_CONFLICTING, "Give a link or a key.");
    else if (!has_link && !has_key && field_errors_none(&x->field_errors))
        field_errors_add(&x->field_errors, "link", CODE_REQUIRED, "This field is required.");
    return field_errors_none(&x->field_errors);
}

/* ---- the proof of work ---- */

/* Refuses with a new challenge. */
static enum error ask_for_work(struct exchange *x, struct text key, enum error_code code,
                               const char *detail) {
    char challenge[PROOF_OF_WORK_CHALLENGE_SIZE];
    /* A challenge is signed by the site's key and has a time, so that it need not be stored. */
    proof_of_work_challenge(key, clock_now() / 1000000, challenge);
    exchange_fail(x, ERROR_FORBIDDEN, code, NULL);
    buffer_clear(&x->response.body);
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    /* bits tells the client how much work the challenge takes. */
    json_write_member_str(&w, "detail", detail);
    json_write_member_str(&w, "code", error_code_word(code));
    json_write_member_str(&w, "challenge", challenge);
    json_write_member_u64(&w, "bits", x->service->config->guest_work);
    json_write_object_end(&w);
    return ERROR_FORBIDDEN;
}

/* Checks the proof of work in the request; if it is missing or wrong, the answer is a challenge. */
static enum error check_work(struct exchange *x, struct text work) {
    const uint64_t bits = x->service->config->guest_work;
    struct db *db = x->service->db;
    char key[SITE_VALUE_SIZE];
    struct text challenge;
    int64_t expires_s;
    /* 0: no work is wanted. */
    if (bits == 0)
        return ERROR_NONE;
    enum error error = site_value_secret(db, "guest_work_key", key);
    if (error)
        return error;
    if (work.len == 0)
        return ask_for_work(x, text_of(key), CODE_WORK_REQUIRED, "A proof of work is required.");
    /* A wrong proof and one that was used are answered alike, with a new challenge. */
    error = ERROR_CONFLICT;
    /* Each challenge is good for one attempt; the ids of signed tokens are used up likewise. */
    if (proof_of_work_check(text_of(key), work, bits, clock_now() / 1000000, &challenge,
                            &expires_s))
        error = used_jwt_add(db, text_of("guest_work"), challenge, expires_s);
    return error == ERROR_CONFLICT ? ask_for_work(x, text_of(key), CODE_WORK_WRONG,
                                                  "The proof of work is wrong, expired or used.")
                                   : error;
}

/* ---- joining ---- */

static void keep_room(void *context, const struct invite_link_room *room) {
    struct wish *wish = context;
    wish->room_id = room->room_id;
}

/* 404 if no room has the link. A key can be guessed: one that no room has is refused like that of a
 * room without guests. Whether the room takes guests is checked later. */
static enum error find_room(struct exchange *x, struct wish *wish) {
    if (wish->link.len > 0)
        return invite_link_room(x->service->db, wish->link, keep_room, wish);
    const enum error error = room_by_key(x->service->db, wish->key, &wish->room_id);
    return error == ERROR_NOT_FOUND ? ERROR_NOT_ALLOWED : error;
}

/* Joins in the name of the guest, x->identity, which has no token yet in this request. */
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

/* The key is shown this once. */
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
    /* Before the limit: a program that does no work does not use up the limit of its
     * neighbours. */
    enum error error = check_work(x, wish.work);
    /* Each attempt counts, as it may be a guess of a key. */
    cidr_subscriber(x->request->address, subscriber);
    if (!error)
        error = limit_take(x, LIMIT_GUESTS, subscriber);
    if (!error)
        error = auth_guest_address(x, address);
    /* Before the guest is made, so that a wrong link leaves no user. */
    if (!error)
        error = find_room(x, &wish);
    /* Bans of this address, and whether the room takes guests at all. */
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
    /* The room is full, or the link was used up: the new user is removed again. */
    if (error) {
        guest_remove(db, x->identity.user.id);
        return error;
    }
    x->has_identity = true;
    return send_guest(x, key);
}
