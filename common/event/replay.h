/*
 * replay: events read from the database as the JSON that was published of them.
 *
 * Used for GET events/ and for sockets alike. One event at a time; what is shown is the
 * present state of its subject.
 */
#ifndef CONFAB_COMMON_EVENT_REPLAY_H
#define CONFAB_COMMON_EVENT_REPLAY_H

#include <stdint.h>

#include "db/db.h"
#include "event/event.h"
#include "store/room_state.h"
#include "store/user_log.h"

/* Called for each event in the order of seq; the envelope's text is the JSON, empty for
 * events that are not shown, and valid during the call. */
typedef void replay_visit(void *context, const struct event_envelope *envelope);

/* Replays a room's stream after `after`, at most `limit` events. Errors as
 * event_log_list. No access check. */
enum error replay_room(struct db *db, const struct room_state *state, uint64_t after,
                       uint64_t limit, uint64_t retention_days, replay_visit *visit, void *context);

/* Replays a user's stream likewise. Errors as user_log_list. */
enum error replay_user(struct db *db, uint64_t user_id, uint64_t after, uint64_t limit,
                       uint64_t retention_days, struct user_log_state *state, replay_visit *visit,
                       void *context);

#endif
