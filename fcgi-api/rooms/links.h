/*
 * links: joining a room by an invite link.
 */
#ifndef CONFAB_FCGI_API_ROOMS_LINKS_H
#define CONFAB_FCGI_API_ROOMS_LINKS_H

#include "base/text.h"
#include "server/exchange.h"
#include "store/rooms/member.h"

/* Adds the user of the request, x->identity, to the room of a link, publishes that, and sets
 * x->ids[0] to the room. change->changed is false if it is a member already. On an error the
 * response is set. */
enum error links_join(struct exchange *x, struct text link, struct member_change *change);

#endif
