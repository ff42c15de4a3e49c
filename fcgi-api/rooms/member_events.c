/* The events of memberships as they are published: in the stream of the room, and in the user's
 * own. */
#include "rooms/member_events.h"

#include <inttypes.h>
#include <stdio.h>

#include "event/event.h"
#include "event/publish.h"
#include "event/serialize.h"
#include "handlers/handlers.h"

/* The JSON of an event of a room is made by publish_room_event, from these fields. */
static void publish_event(struct exchange *x, const struct user *actor, uint64_t room_id,
                          unsigned type, uint64_t seq, uint64_t subject_id) {
    const struct room_event event = {.room_id = room_id,
                                     .seq = seq,
                                     .type = type,
                                     .actor_id = actor->id,
                                     .actor = text_of(actor->name),
                                     .subject_id = subject_id};
    publish_room_event(x->service->redis, publisher_of(x), &event, NULL);
}

/* Publishes an event of the own stream of a user, and frees its JSON. */
static void publish_to_user(struct exchange *x, const struct user *actor, uint64_t room_id,
                            uint64_t user_id, unsigned type, uint64_t seq, struct buffer *json) {
    publish_user_event(x->service->redis, publisher_of(x), user_id, type, seq, actor->id,
                       actor->name, room_id, (struct text){json->data, json->len});
    buffer_free(json);
}

/* Numbered in the own stream of the user, so that all devices show the same. */
void member_events_view(struct exchange *x, uint64_t room_id, const struct room_view *view,
                        uint64_t seq) {
    struct buffer json = BUFFER_EMPTY;
    serialize_preferences_changed(&json, seq, room_id, view);
    publish_to_user(x, &x->identity.user, room_id, x->identity.user.id, EVENT_PREFERENCES_CHANGED,
                    seq, &json);
}

/* ---- additions ---- */

struct invitation {
    struct exchange *x;
    const struct user *actor;
    uint64_t user_id;
    uint64_t seq;
};

/* The user is told in the own stream, as the user does not follow the room yet. */
static void publish_invitation(void *context, const struct room *room) {
    const struct invitation *invitation = context;
    const uint64_t room_id = room->state.room_id;
    struct buffer json = BUFFER_EMPTY;
    serialize_room_invitation(&json, invitation->seq, room_id, &room->name,
                              invitation->actor->name);
    publish_to_user(invitation->x, invitation->actor, room_id, invitation->user_id,
                    EVENT_ROOM_INVITATION, invitation->seq, &json);
}

void member_events_added(struct exchange *x, const struct user *actor, uint64_t room_id,
                         uint64_t user_id, const struct member_change *change) {
    struct invitation invitation = {x, actor, user_id, change->user_seq};
    /* First the room, whose members see the new one. */
    publish_event(x, actor, room_id, EVENT_USER_INVITED, change->seq, user_id);
    /* The invitation has the name of the room, which is read only if the event is published. */
    if (redis_client_is_configured(x->service->redis) || publisher_of(x)->bell)
        room_get(x->service->db, room_id, 0, publish_invitation, &invitation);
}

/* ---- roles ---- */

void member_events_role(struct exchange *x, const struct user *actor,
                        const struct membership *membership, uint64_t seq) {
    /* The event shows the membership in its current state. */
    const struct room_event event = {.room_id = membership->room_id,
                                     .seq = seq,
                                     .type = EVENT_MEMBER_UPDATED,
                                     .actor_id = actor->id,
                                     .actor = text_of(actor->name),
                                     .subject_id = membership->user_id,
                                     .has_membership = true,
                                     .membership = *membership};
    publish_room_event(x->service->redis, publisher_of(x), &event, NULL);
}

/* ---- removals ---- */

struct promotion {
    struct exchange *x;
    const struct user *actor;
    uint64_t seq;
};

static void publish_promotion(void *context, const struct membership *membership) {
    const struct promotion *promotion = context;
    member_events_role(promotion->x, promotion->actor, membership, promotion->seq);
}

/* pushd handles it like a deleted room: the sockets of the room end. */
static void publish_last_left(struct exchange *x, const struct user *actor, uint64_t room_id,
                              uint64_t user_id, uint64_t seq) {
    char stream[48];
    /* The same form as the list of a deleted room, with one entry. */
    snprintf(stream, sizeof(stream), "%" PRIu64 ":%" PRIu64, user_id, seq);
    publish_room_deleted(x->service->redis, publisher_of(x), room_id, actor->id, actor->name,
                         text_of(stream));
}

void member_events_removed(struct exchange *x, const struct user *actor, uint64_t room_id,
                           uint64_t user_id, const struct member_change *change) {
    const struct removal_ban ban = {change->banned_until};
    /* Stays empty if the room is gone: nothing to free. */
    struct buffer json = BUFFER_EMPTY;
    /* The room was deleted with its last member. */
    if (change->room_deleted) {
        publish_last_left(x, actor, room_id, user_id, change->user_seq);
        return;
    }
    /* A ban has an event of its own, so that members see the difference. */
    publish_event(x, actor, room_id, change->by_ban ? EVENT_USER_BANNED : EVENT_USER_REMOVED,
                  change->seq, user_id);
    serialize_room_removed(&json, change->user_seq, room_id, actor->name,
                           change->by_ban ? &ban : NULL);
    publish_to_user(x, actor, room_id, user_id, EVENT_ROOM_REMOVED, change->user_seq, &json);
    /* The removed user was the last admin: another has the role now. */
    if (change->promoted_id) {
        /* A second event of the same transaction, with the next number. */
        struct promotion promotion = {x, actor, change->promoted_seq};
        member_get(x->service->db, room_id, change->promoted_id, publish_promotion, &promotion);
    }
}
