/* The users whom the user of a request has blocked: read once, with the first message. */
#include "blocked.h"

#include "store/moderation/block.h"

bool blocked_has(struct exchange *x, uint64_t sender_id) {
    struct exchange_blocked *blocked = &x->blocked;
    /* Most users have blocked no users. Without the list nothing is marked. */
    if (x->identity.block_changes == 0)
        return false;
    if (!blocked->is_read)
        block_ids(x->service->db, x->identity.user.id, &blocked->ids, &blocked->count);
    /* Also after an error, so that a page does not repeat the statement for each message. */
    blocked->is_read = true;
    return block_ids_have(blocked->ids, blocked->count, sender_id);
}

void blocked_write_message(struct exchange *x, struct json_writer *w,
                          const struct message *message) {
    struct message marked = *message;
    marked.is_blocked = blocked_has(x, message->sender_id);
    /* A message of another room, as in a search, was read for this user already. */
    if (message->room_id == x->identity.room.room_id)
        message_show_to(&marked, x->identity.room.first_position);
    serialize_message(w, &marked);
}
