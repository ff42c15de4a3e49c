/*
 * handlers: the handlers named in routes.def. Each is an exchange_handler (server/exchange.h) in
 * the file of its prefix; docs/api-notes.md describes the responses.
 */
#ifndef CONFAB_FCGI_API_HANDLERS_HANDLERS_H
#define CONFAB_FCGI_API_HANDLERS_HANDLERS_H

#include "event/publish.h"
#include "server/exchange.h"
#include "json/json_writer.h"

#define ROUTE(method, pattern, handler, flags) exchange_handler handler;
#include "routes.def"
#undef ROUTE

/* How events of this request are published. */
static inline const struct publisher *publisher_of(const struct exchange *x) {
    return &x->service->publisher;
}

/* An event of the room in the path, caused by the user of the request. */
static inline struct room_event room_event_of(const struct exchange *x, unsigned type, uint64_t seq,
                                              uint64_t subject_id) {
    return (struct room_event){.room_id = x->ids[0],
                               .seq = seq,
                               .type = type,
                               .actor_id = x->identity.user.id,
                               .actor = text_of(x->identity.user.name),
                               .subject_id = subject_id,
                               .is_bounded = x->identity.room.is_bounded};
}

#endif
