/*
 * held: messages, and edits of messages, that the word filter holds until a moderator of the room
 * lets them through or drops them. They have no position, and no event but message_held for the
 * moderators.
 */
#ifndef CONFAB_COMMON_STORE_MODERATION_HELD_H
#define CONFAB_COMMON_STORE_MODERATION_HELD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "db/db.h"
#include "store/messages/message.h"

struct held {
    uint64_t id, room_id, sender_id;
    struct text sender_username;
    uint64_t message_id; /* the message whose edit it is; 0: it is a new one */
    struct text content;
    enum message_type type;
    uint64_t reply_to_id;  /* 0: none */
    struct text client_id; /* empty: none */
    struct text mentions;  /* as by mention_list_write; empty: none */
    struct text files;     /* ids, separated by commas */
    bool by_site;
    int64_t created_at;
};

typedef void held_visit(void *context, const struct held *held);

/* The result of held_add. posted_id: the message that was posted with the same client_id before. */
struct held_change {
    bool changed; /* false: held before, with this client_id */
    uint64_t held_id;
    uint64_t posted_id;
    struct buffer streams; /* "<user id>:<seq>,...": message_held in the streams of moderators */
};

/* Whether the sender may write in the room, and the message (0: none), whose edit the draft is, is
 * the sender's: errors as of held_add. Changes nothing. */
enum error held_check_sender(struct db *db, const struct message_draft *draft, uint64_t message_id);

/* Holds a draft, if its sender may write in the room: errors as of message_post. message_id: the
 * draft is an edit of this message of the sender; 0: it is new. ERROR_BAD_INPUT: the room is a
 * direct one, which has no moderators; ERROR_CONFLICT: change->posted_id. The caller frees
 * change->streams. */
enum error held_add(struct db *db, const struct message_draft *draft, uint64_t message_id,
                    struct held_change *change);

/* held_list visits the held messages of a room, or (sender_id not 0) of one sender in it, oldest
 * first; held_count counts them. */
enum error held_list(struct db *db, uint64_t room_id, uint64_t sender_id, uint64_t limit,
                     uint64_t offset, held_visit *visit, void *context);
enum error held_count(struct db *db, uint64_t room_id, uint64_t sender_id, uint64_t *count);

/* The same for all rooms that a user moderates. */
enum error held_list_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                               uint64_t limit, uint64_t offset, held_visit *visit, void *context);
enum error held_count_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                                uint64_t *count);

/* Visits one held message; ERROR_NOT_FOUND if there is none. */
enum error held_get(struct db *db, uint64_t room_id, uint64_t held_id, held_visit *visit,
                    void *context);

/* How a moderator lets a held message through: held_claim marks it, so that it cannot be dropped
 * meanwhile; then the caller posts it or makes the edit; held_end deletes it, or held_unclaim, if
 * the post was refused, removes the mark. ERROR_NOT_FOUND: there is no such held message. held_end
 * appends the events moderation_changed to `streams`, as "<user id>:<seq>,...". */
enum error held_claim(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t held_id);
enum error held_unclaim(struct db *db, uint64_t room_id, uint64_t held_id);
enum error held_end(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t held_id,
                    struct buffer *streams);

/* Deletes a held message that a moderator drops or its sender withdraws. ERROR_NOT_FOUND, also if
 * it is claimed. */
enum error held_drop(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t held_id,
                     struct buffer *streams);

/* Deletes up to `limit` held messages older than `days`; *deleted counts them. */
enum error held_purge(struct db *db, uint64_t days, uint64_t limit, uint64_t *deleted);

#endif
