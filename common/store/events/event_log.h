/*
 * event_log: the stored events of rooms, and deleting old events of rooms and users.
 *
 * Only type, actor and subject are stored. The contents of an event are read from the current
 * state of its subject, so that deleted text never appears again.
 */
#ifndef CONFAB_COMMON_STORE_EVENTS_EVENT_LOG_H
#define CONFAB_COMMON_STORE_EVENTS_EVENT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "store/messages/message.h"
#include "store/rooms/member.h"
#include "store/rooms/room_state.h"

struct room_event {
    uint64_t room_id;
    uint64_t seq;
    unsigned type;
    uint64_t actor_id;
    struct text actor; /* the actor's user name */
    uint64_t subject_id;
    bool has_message; /* for new_message, message_edited, reactions_changed, message_pinned */
    struct message message;
    bool has_membership; /* for member_updated, unless the member has left */
    struct membership membership;
    bool is_bounded;     /* some members do not see messages from before they joined */
    const struct bell_name *bell; /* of the room, for publishing; NULL: read when it is rung */
};

/* Sets the positions of an envelope (event/event.h). */
static inline void event_log_set_positions(const struct room_event *event, uint64_t *position,
                                           uint64_t *quoted) {
    *position = event->is_bounded && event->has_message ? event->message.position : 0;
    *quoted = event->is_bounded && event->has_message && event->message.quote.message_id
                  ? event->message.quote.position
                  : 0;
}

typedef void room_event_visit(void *context, const struct room_event *event);

/* Visits at most `limit` events of a room after number `after`, oldest first. ERROR_GONE: `after`
 * is greater than last_seq, or the next event is older than the retention or deleted. Does not
 * check access. One round trip to the database; none if `after` is last_seq. */
enum error event_log_list(struct db *db, const struct room_state *state, uint64_t after,
                          uint64_t limit, uint64_t retention_days, room_event_visit *visit,
                          void *context);

/* Sets *seq to the number of the latest user_invited event of the user among the last `limit`
 * events of the room, 0 if there is none. */
enum error event_log_arrival(struct db *db, const struct room_state *state, uint64_t user_id,
                             uint64_t limit, uint64_t *seq);

/* How far a purge has come: all rooms, then all users, by their ids. Zeroed it is at the
 * beginning. */
struct event_log_purge {
    uint64_t room_id, user_id; /* done up to here */
    bool rooms_done, users_done;
};

/* Continues a purge: deletes the events older than the retention of the next `limit` rooms or
 * users, at most `limit` events of each. *deleted is their number. All is done when
 * purge->users_done is set. */
enum error event_log_purge(struct db *db, uint64_t retention_days, uint64_t limit,
                           struct event_log_purge *purge, uint64_t *deleted);

#endif
