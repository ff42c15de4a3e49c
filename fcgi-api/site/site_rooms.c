/* Rooms by claim: one statement reads the memberships of the user in all rooms of the list; only
 * what differs is changed, by site_change.h. Other requests may change a room at the same time:
 * each change decides by itself, under the lock of the room. */
#include "site/site_rooms.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/log.h"
#include "site/site_change.h"
#include "store/site/keyed_room.h"

/* How often a room is made that is deleted at the same time. */
#define ATTEMPTS 3

/* One run. */
struct run {
    struct exchange *x;
    const struct user *user;
    const struct jwt_rooms *rooms;
    struct user site; /* id 0: not read yet */
    uint64_t *extra;  /* rooms with a key that are not in the list */
    size_t extra_count, extra_space;
};

/* The user in whose name the changes are made, read with the first change. */
static enum error find_site(struct run *run) {
    return run->site.id ? ERROR_NONE : site_change_actor(run->x, &run->site);
}

/* Brings one room up to date; room_id 0: it is to be made. Repeats if the room is deleted
 * meanwhile, and gives up with 503 after ATTEMPTS. */
static enum error apply_room(struct run *run, const struct jwt_room *claim, uint64_t room_id) {
    const enum site_change_role role =
        claim->is_admin ? SITE_CHANGE_ROLE_ADMIN : SITE_CHANGE_ROLE_MEMBER;
    struct site_change_member change = {.added = false};
    bool made;
    enum error error = find_site(run);
    for (int i = 0; !error && i < ATTEMPTS; i++) {
        if (!room_id)
            error = site_change_room(run->x, &run->site, claim->key, claim->name, claim->is_private,
                                     &room_id, &made);
        if (!error) {
            error = site_change_member(run->x, &run->site, room_id, run->user->id, role, &change);
            /* The user was disabled or erased since the token was accepted. */
            if (error == ERROR_BAD_INPUT)
                return ERROR_CONFLICT;
        }
        /* The login succeeds all the same: otherwise a site with a room for each page would lock
         * out its most active readers. */
        if (error == ERROR_FORBIDDEN && change.too_many_rooms) {
            log_warn("user %" PRIu64 " is in max_rooms_user rooms: not added to room %" PRIu64,
                     run->user->id, room_id);
            return ERROR_NONE;
        }
        if (error != ERROR_NOT_FOUND)
            return error;
        /* Deleted since it was read: made again. */
        error = ERROR_NONE;
        room_id = 0;
    }
    return error ? error : ERROR_UNAVAILABLE;
}

/* One statement for all rooms of the token; those that are right already cost nothing more. */
static enum error apply_rooms(struct run *run) {
    const size_t count = run->rooms->count;
    struct text keys[JWT_ROOMS_MAX];
    struct keyed_room found[JWT_ROOMS_MAX];
    if (count == 0)
        return ERROR_NONE;
    for (size_t i = 0; i < count; i++)
        keys[i] = run->rooms->list[i].key;
    enum error error = keyed_room_find(run->x->service->db, run->user->id, keys, count, found);
    for (size_t i = 0; !error && i < count; i++) {
        const struct jwt_room *claim = &run->rooms->list[i];
        if (!found[i].is_member || found[i].is_admin != claim->is_admin)
            error = apply_room(run, claim, found[i].room_id);
    }
    return error;
}

/* ---- leaving ---- */

/* A token has few rooms, so that comparing each key is fast enough. */
static void collect_extra(void *context, uint64_t room_id, struct text key) {
    struct run *run = context;
    for (size_t i = 0; i < run->rooms->count; i++)
        if (text_equals(run->rooms->list[i].key, key))
            return;
    run->extra =
        array_reserve(run->extra, &run->extra_space, run->extra_count + 1, sizeof(*run->extra));
    run->extra[run->extra_count++] = room_id;
}

/* With `rooms_only` the token lists all keyed rooms of the user: the others end. Rooms without
 * a key are not the site's, and stay. */
static enum error remove_extra(struct run *run) {
    if (!run->rooms->only)
        return ERROR_NONE;
    enum error error = keyed_room_list(run->x->service->db, run->user->id, collect_extra, run);
    if (!error && run->extra_count > 0)
        error = find_site(run);
    for (size_t i = 0; !error && i < run->extra_count; i++) {
        bool removed;
        error = site_change_remove(run->x, &run->site, run->extra[i], run->user->id, &removed);
        /* Deleted meanwhile. */
        if (error == ERROR_NOT_FOUND)
            error = ERROR_NONE;
    }
    return error;
}

enum error site_rooms_apply(struct exchange *x, const struct user *user,
                            const struct jwt_rooms *rooms) {
    struct run run = {.x = x, .user = user, .rooms = rooms};
    /* First what ends: it may make room for others within max_rooms_user. */
    enum error error = remove_extra(&run);
    if (!error)
        error = apply_rooms(&run);
    free(run.extra);
    return error;
}
