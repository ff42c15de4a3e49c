/*
 * event_log: the events on record, of rooms and of users.
 *
 * Only type, actor and subject are stored; what an event shows is read from the
 * present state of its subject, so that deleted words never come back.
 */
#ifndef CONFAB_COMMON_STORE_EVENT_LOG_H
#define CONFAB_COMMON_STORE_EVENT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "store/member.h"
#include "store/message.h"
#include "store/room_state.h"

struct room_event {
    uint64_t room_id;
    uint64_t seq;
    unsigned type;
    uint64_t actor_id;
    struct text actor; /* the actor's user name */
    uint64_t subject_id;
    bool has_message; /* for new_message and message_edited */
    struct message message;
    bool has_membership; /* for member_updated, unless it is gone */
    struct membership membership;
};

typedef void room_event_visit(void *context, const struct room_event *event);

/* Visits the events after `after` of the room whose state is given, oldest first, at most
 * `limit`. No access check. ERROR_GONE: `after` is beyond the last event, or the next one
 * is not kept or past the retention (in days). One round trip, none if nothing has
 * happened since. */
enum error event_log_list(struct db *db, const struct room_state *state, uint64_t after,
                          uint64_t limit, uint64_t retention_days, room_event_visit *visit,
                          void *context);

/* The number of the event by which the user came into the room (the last one, if there are
 * several among the last `limit` events); 0 if none of these is it. */
enum error event_log_arrival(struct db *db, const struct room_state *state, uint64_t user_id,
                             uint64_t limit, uint64_t *seq);

/* Drops events older than the retention from rooms' and users' streams, at most `limit`
 * from each of at most `limit` streams; *dropped 0 when nothing is left. */
enum error event_log_purge(struct db *db, uint64_t retention_days, uint64_t limit,
                           uint64_t *dropped);

#endif
