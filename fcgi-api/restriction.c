/* What a refusal adds to its answer (until when a silence or slow mode lasts), and the checks of
 * the age of an account, of hidden members and of hidden history. Bans and silences themselves are
 * in store/rooms/. */
#include "restriction.h"

#include <inttypes.h>

#include "base/clock.h"
#include "json/json_writer.h"
#include "store/messages/message.h"
#include "store/rooms/ban.h"
#include "store/rooms/silence.h"

/* A refusal that ends at a time; 0: never. Replaces the body that the refusal has so far; status
 * and headers stay. */
static void write_until(struct exchange *x, const char *detail, enum error_code code,
                        int64_t until) {
    buffer_clear(&x->response.body);
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "detail", detail);
    json_write_member_str(&w, "code", error_code_word(code));
    json_write_member_time_or_null(&w, "until", until);
    json_write_object_end(&w);
}

enum error restriction_check_age(struct exchange *x) {
    const struct identity *identity = &x->identity;
    const int64_t minutes = (int64_t)x->service->config->post_min_age;
    /* Only public rooms are protected from new accounts: into a private room the user was invited.
     * Moderators are trusted; for a request with an API key the site is responsible. */
    if (minutes == 0 || x->has_key || identity->room.is_private || identity->room.may_moderate)
        return ERROR_NONE;
    /* post_min_age is in minutes, times are in microseconds. */
    const int64_t until = identity->user.created_at + minutes * 60 * 1000000;
    /* Whether the user is a bot takes a statement, so it is checked last, for accounts only that
     * would be refused. */
    if (clock_now() >= until || user_is_bot(x->service->db, identity->user.id))
        return ERROR_NONE;
    exchange_fail(x, ERROR_FORBIDDEN, CODE_TOO_NEW, NULL);
    write_until(x, "Your account is too new to write in public rooms.", CODE_TOO_NEW, until);
    return ERROR_FORBIDDEN;
}

bool restriction_is_banned(struct exchange *x) {
    return ban_is_active(x->service->db, x->ids[0], x->identity.user.id);
}

void restriction_end_ban(struct exchange *x, struct user *user) {
    /* A statement more for disabled users only: housekeeping may not have ended the ban yet. */
    if (!user->is_active)
        user->is_active = ban_end_due(x->service->db, user->id);
}

static void keep_until(void *context, const struct ban *ban) {
    int64_t *until = context;
    *until = ban->until;
}

/* After an error of the database the refusal is the usual one. */
static bool refuse_banned(struct exchange *x, uint64_t room_id, uint64_t user_id,
                          const char *detail) {
    int64_t until = 0;
    if (ban_get(x->service->db, room_id, user_id, keep_until, &until))
        return false;
    exchange_fail(x, ERROR_BANNED, CODE_BANNED, detail);
    write_until(x, detail, CODE_BANNED, until);
    return true;
}

bool restriction_refuse_banned(struct exchange *x, uint64_t user_id) {
    /* Room 0 is the site. */
    return refuse_banned(x, 0, user_id, "Your account is banned from this site.");
}

void restriction_add_ban_end(struct exchange *x) {
    /* Guests may be banned by their address: then there is no ban of the user. */
    if (x->response.status < 400)
        refuse_banned(x, x->ids[0], x->identity.user.id, error_detail(ERROR_BANNED));
}

void restriction_add_until(struct exchange *x, enum error error) {
    const uint64_t user_id = x->identity.user.id;
    uint64_t seconds;
    int64_t until;
    /* Whole seconds, as the header wants them, and at least 1 (RFC 9110, section 10.2.3). If
     * they cannot be read the refusal goes without. */
    if (error == ERROR_SLOW_MODE &&
        !silence_slow_wait(x->service->db, x->ids[0], user_id, &seconds))
        response_header_printf(&x->response, "Retry-After", "%" PRIu64, seconds);
    if (error != ERROR_SILENCED || silence_until(x->service->db, x->ids[0], user_id, &until))
        return;
    write_until(x, error_detail(error), CODE_SILENCED, until);
}

enum error restriction_check_guest(struct exchange *x, const struct room_state *room) {
    bool hides = false;
    /* A statement more for guests only, and only for rooms that they are not in. */
    const enum error error = x->identity.user.is_guest
                                 ? room_state_hides_from_guests(x->service->db, room, &hides)
                                 : ERROR_NONE;
    return hides ? ERROR_NOT_FOUND : error;
}

enum error restriction_check_guest_list(struct exchange *x, struct room_list *list) {
    struct room_state state = {0};
    uint64_t room_id;
    if (!x->identity.user.is_guest)
        return ERROR_NONE;
    if (list->kind == ROOM_LIST_PUBLIC)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_NOT_FOR_GUESTS,
                             "Guests may not list the public rooms.");
    if (list->kind != ROOM_LIST_ONE)
        return ERROR_NONE;
    enum error error = room_by_key(x->service->db, list->key, &room_id);
    if (!error)
        error = room_state_get(x->service->db, room_id, list->user_id, &state);
    if (!error)
        error = restriction_check_guest(x, &state);
    if (error != ERROR_NOT_FOUND)
        return error;
    /* No room has this key. */
    list->key = text_of("");
    return ERROR_NONE;
}

enum error restriction_check_hidden(struct exchange *x) {
    /* Both are in the state of the room, which was read with the identity. */
    if (x->identity.room.members_visible || x->identity.room.may_moderate)
        return ERROR_NONE;
    return exchange_fail(x, ERROR_FORBIDDEN, CODE_MEMBERS_HIDDEN,
                         "Only moderators see the members of this room.");
}

enum error restriction_check_seen(struct exchange *x) {
    const uint64_t hidden = x->identity.room.first_position;
    uint64_t position = 0;
    /* Most members see all messages. */
    if (hidden == 0)
        return ERROR_NONE;
    /* Answered like a message that does not exist: another status would tell that there was
     * one. */
    const enum error error = message_position(x->service->db, x->ids[0], x->ids[1], &position);
    return !error && position <= hidden ? ERROR_NOT_FOUND : error;
}
