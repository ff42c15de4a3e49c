/*
 * replay: reads stored events from the database and writes their JSON, for GET events/ and for
 * sockets. An event shows the current state of its subject.
 */
#ifndef CONFAB_COMMON_EVENT_REPLAY_H
#define CONFAB_COMMON_EVENT_REPLAY_H

#include <stdint.h>

#include "db/db.h"
#include "event/event.h"
#include "store/events/user_log.h"
#include "store/rooms/room_state.h"

/* Called for each event in the order of seq. The text of the envelope is the JSON, empty for events
 * that are not shown; it is valid during the call only. */
typedef void replay_visit(void *context, const struct event_envelope *envelope);

/* Replays at most `limit` events of a room after number `after`. Errors as for event_log_list. Does
 * not check access. */
enum error replay_room(struct db *db, const struct room_state *state, uint64_t after,
                       uint64_t limit, uint64_t retention_days, replay_visit *visit, void *context);

/* The same for the own stream of a user. Errors as for user_log_list. */
enum error replay_user(struct db *db, uint64_t user_id, uint64_t after, uint64_t limit,
                       uint64_t retention_days, struct user_log_state *state, replay_visit *visit,
                       void *context);

/* The same for at most `limit` events that clients see, leaving out numbers without an event; see
 * user_log_page. */
enum error replay_user_page(struct db *db, uint64_t user_id, uint64_t after, uint64_t limit,
                            uint64_t retention_days, struct user_log_state *state, bool *more,
                            replay_visit *visit, void *context);

#endif
