/*
 * message: single messages: reading, posting, editing and deleting. Pages of messages are in
 * message_page.h, read marks in message_mark.h.
 *
 * The positions of the messages in a room are 1, 2, 3, ... without gaps, so that any page is a
 * range of the primary key. Texts passed to a visitor are valid during the call only.
 */
#ifndef CONFAB_COMMON_STORE_MESSAGES_MESSAGE_H
#define CONFAB_COMMON_STORE_MESSAGES_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "db/db.h"
#include "event/event.h"
#include "store/messages/file_list.h"
#include "store/messages/reaction.h"
#include "store/rooms/room_state.h"

/* The numbers are stored in the database. */
enum message_type {
    MESSAGE_TEXT = 1,
    MESSAGE_IMAGE = 2,
    MESSAGE_FILE = 3,
    MESSAGE_SYSTEM = 4, /* of the site; users cannot post it */
};

/* What a reply shows of the message that it answers. */
struct message_quote {
    uint64_t message_id; /* 0: none */
    uint64_t sender_id;
    struct text sender_username;
    struct text excerpt; /* the first MESSAGE_EXCERPT code points; empty when deleted */
    bool is_deleted;
    uint64_t position; /* after a post: 0, unless members may not see it */
};

#define MESSAGE_EXCERPT 140

struct message {
    uint64_t id;
    uint64_t room_id;
    uint64_t position;
    uint64_t sender_id;
    struct text sender_username;
    struct text content; /* empty when deleted */
    enum message_type type;
    bool is_deleted;
    uint64_t reply_to_id; /* 0: none */
    int64_t created_at;
    int64_t edited_at;     /* 0: never */
    struct text client_id; /* chosen by the client; empty: none */
    struct text reactions; /* for reaction_next; empty: none */
    struct message_quote quote;
    uint64_t reply_count; /* of direct replies, deleted ones included */
    struct text files;    /* to be read by file_list_next; empty: none */
    struct text mentions; /* JSON, as by mention_list_write; empty: none */
    bool is_blocked;      /* the reader has blocked the sender; set by the handler */
};

typedef void message_visit(void *context, const struct message *message);

/* Columns of a message aliased m and its sender aliased s, for the user with this SQL; "NULL": for
 * no user, as in events. The message that it answers and its sender come from MESSAGE_QUOTE_JOIN
 * and MESSAGE_QUOTE_NAME_JOIN, which cost nothing where there is none. MESSAGE_COLUMNS_NAMELESS has
 * NULL instead of the names and needs neither s nor MESSAGE_QUOTE_NAME_JOIN. */
#define MESSAGE_COLUMNS(user) MESSAGE_COLUMNS_NAMED("s.username", "qs.username", user)
#define MESSAGE_COLUMNS_NAMELESS(user) MESSAGE_COLUMNS_NAMED("NULL", "NULL", user)
#define MESSAGE_COLUMNS_NAMED(name, quoted_name, user)                   \
    "m.message_id, m.position, m.sender_id, " name                       \
    ", m.message_type, m.is_deleted, m.reply_to_id, m.created_at, "      \
    "m.edited_at, m.client_id, m.content, " REACTION_COLUMN(user)        \
    ", m.reply_count, q.message_id, " MESSAGE_QUOTE_COLUMNS(quoted_name) \
    ", " FILE_LIST_COLUMN ", m.mentions"
#define MESSAGE_COLUMN_COUNT 21
#define MESSAGE_SENDER_COLUMN 2
#define MESSAGE_QUOTE_SENDER_COLUMN 14

#define MESSAGE_QUOTE_COLUMNS(name) MESSAGE_QUOTE_COLUMNS_AT(name, "q.position")
#define MESSAGE_QUOTE_COLUMNS_AT(name, position) \
    "q.sender_id, " name ", LEFT(q.content, " EVENT_SQL(MESSAGE_EXCERPT) \
    "), q.is_deleted, " position
/* FORCE INDEX, since the server would first read the keys of a part of the room as a filter. */
#define MESSAGE_QUOTE_JOIN                          \
    "LEFT JOIN message q FORCE INDEX (message_id) " \
    "ON q.message_id = m.reply_to_id AND q.room_id = m.room_id "
#define MESSAGE_QUOTE_NAME_JOIN "LEFT JOIN user qs ON qs.user_id = q.sender_id "

/* Reads MESSAGE_COLUMNS, starting at column `first`, of a message of this room. False if they are
 * NULL (an outer join without a match). */
bool message_from_row(const struct db_rows *rows, unsigned first, uint64_t room_id,
                      struct message *message);

/* For a user who sees the messages after first_position: hides what the message shows of one that
 * is not, and returns whether the message itself is. */
bool message_show_to(struct message *message, uint64_t first_position);

/* The position of a message of a room; 0 if there is none. */
enum error message_position(struct db *db, uint64_t room_id, uint64_t message_id,
                            uint64_t *position);

/* The name of a type in JSON ("text"); NULL if the number is unknown. */
const char *message_type_name(enum message_type type);

/* The type with this name, of those that users post; 0 if there is none. */
unsigned message_type_of(struct text name);

/* Visits one message of a room, as this user sees it; ERROR_NOT_FOUND if there is none, or it is
 * from before the user joined and not to be seen. Does not check access otherwise. */
enum error message_get(struct db *db, uint64_t room_id, uint64_t message_id, uint64_t user_id,
                       message_visit *visit, void *context);

struct mention_list;

/* A message to be posted; what pointers lead to is borrowed. */
struct message_draft {
    uint64_t room_id;
    uint64_t sender_id;
    struct text content;
    enum message_type type;
    uint64_t reply_to_id;                /* 0: none */
    struct text client_id;               /* empty: none */
    const unsigned char *token_hash;     /* checked in the transaction; NULL: already checked */
    uint64_t held_id;                    /* it was held (store/moderation/held.h); 0: it was not */
    bool by_key;                         /* by an API key: exempt from slow mode */
    bool by_site;                        /* the sender need not be a member; without a token hash */
    const uint64_t *file_ids;            /* borrowed; with files, `type` is chosen by the store */
    size_t file_count;                   /* at most FILE_MOST; 0 for the site */
    const struct mention_list *mentions; /* NULL: none */
    uint64_t all_members;                /* in rooms of more members only admins mention all */
};

/* Why mentions are refused; the numbers are in store/messages/mention.h. */
enum mention_refusal { MENTION_FINE, MENTION_NOT_MEMBERS, MENTION_NOT_ALL };

/* The result of a change of a message. The caller frees `mentioned`. */
struct message_change {
    bool changed;   /* false: the change was made earlier */
    bool bad_reply; /* reply_to_id is not a message of this room */
    bool bad_files; /* one of the files cannot be used; see file_check */
    enum mention_refusal bad_mentions;
    uint64_t message_id;
    uint64_t seq; /* of the event; 0: the message was posted earlier */
    uint64_t position;
    int64_t at;            /* time of the change */
    struct bell_name bell; /* of the room, after a post; not after other changes */
    /* After the post of a reply; the texts are in quote_texts. */
    struct message_quote quote;
    char quote_texts[32 + MESSAGE_EXCERPT * 4];
    struct buffer mentioned; /* "<user id>:<seq>,...": events in the own streams of users */
};

/* Posts a message with its event, and moves the sender's read mark to it. If the sender has used
 * client_id in this room before, nothing changes: changed is false and message_id is that of the
 * earlier message. ERROR_NOT_FOUND: no such room. ERROR_FORBIDDEN: not a member, or the token
 * failed the check. ERROR_ARCHIVED, ERROR_READ_ONLY, ERROR_SILENCED, ERROR_SLOW_MODE: a rule of the
 * room. ERROR_BAD_INPUT: bad_reply, bad_files or bad_mentions is set.
 * ERROR_UNAVAILABLE. */
enum error message_post(struct db *db, const struct message_draft *draft,
                        struct message_change *change);

/* Replaces the content, and the mentions unless they are NULL; only for the sender. A deleted
 * message is ERROR_NOT_FOUND. ERROR_BAD_INPUT: bad_mentions is set. */
enum error message_edit(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                        struct text content, const struct mention_list *mentions,
                        uint64_t all_members, struct message_change *change);

/* Empties the content and keeps the row, and marks its files as deleted (see file.h); for the
 * sender, moderators and admins. No change if it is deleted already. */
enum error message_delete(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                          struct message_change *change);

#endif
