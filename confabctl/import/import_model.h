/*
 * import_model: the content of an export of another chat, in memory: users, rooms, and messages
 * with their reactions and files.
 *
 * A reader adds everything in any order; import_model_finish then sorts and connects it. Texts are
 * owned by the model (import_keep). Ids are those of the other chat.
 */
#ifndef CONFAB_CONFABCTL_IMPORT_IMPORT_MODEL_H
#define CONFAB_CONFABCTL_IMPORT_IMPORT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "store/site/import.h"

/* No index. */
#define IMPORT_NONE SIZE_MAX

struct import_user {
    struct text id, name, display_name, email;
    bool email_verified, is_bot, is_deleted;
    /* Set by import_run. */
    uint64_t user_id; /* 0: not made yet */
    enum import_match match;
};

enum import_kind { IMPORT_PUBLIC, IMPORT_PRIVATE, IMPORT_DIRECT };

struct import_room {
    struct text id, key, name, topic; /* a direct room has no key and no name */
    enum import_kind kind;
};

/* A user, named by its id or its name, in a room. */
struct import_member {
    struct text room, user;
    bool is_admin;
    size_t room_index, user_index; /* set by import_model_finish */
};

struct import_message {
    struct text room, id, user, content;
    struct text parent; /* the id of the message that this one answers; empty: none */
    int64_t at;         /* microseconds since 1970 */
    int64_t edited_at;  /* 0: not edited */
    bool is_system;
    /* Those added after the message and before the next one. */
    size_t first_reaction, reaction_count, first_file, file_count;
    /* Set by import_model_finish. */
    size_t room_index, user_index, parent_index, order;
    uint64_t position; /* in the room; 0: not there yet */
};

struct import_reaction {
    struct text user, emoji; /* the emoji itself */
    size_t user_index;       /* set by import_model_finish; IMPORT_NONE: unknown */
};

struct import_file {
    struct text name, media_type;
    struct text path; /* of the bytes */
};

/* A kind of data that cannot be imported, and how often it occurred. */
struct import_note {
    const char *what; /* a literal */
    uint64_t count;
};

#define IMPORT_LIST(type)    \
    struct {                 \
        type *items;         \
        size_t count, space; \
    }

struct import_model {
    const char *source; /* the word of the command */
    IMPORT_LIST(struct import_user) users;
    IMPORT_LIST(struct import_room) rooms;
    IMPORT_LIST(struct import_member) members;
    IMPORT_LIST(struct import_message) messages;
    IMPORT_LIST(struct import_reaction) reactions;
    IMPORT_LIST(struct import_file) files;
    IMPORT_LIST(struct import_note) notes;
    IMPORT_LIST(char *) chunks;
    size_t *by_name;     /* indexes of users, by name */
    size_t sorted_users; /* those before import_model_finish; others have been added since */
    size_t chunk_left;
};

/* A copy of the text that lasts as long as the model, without control characters but line feeds and
 * tabs; import_keep_points cuts it to this many code points. */
struct text import_keep(struct import_model *model, struct text text);
struct text import_keep_points(struct import_model *model, struct text text, size_t points);

/* Each adds one row; its texts must be those of import_keep. */
void import_add_user(struct import_model *model, struct import_user user);
void import_add_room(struct import_model *model, struct import_room room);
void import_add_member(struct import_model *model, struct text room, struct text user,
                       bool is_admin);

/* Adds a message; reactions and files that are added next belong to it. A content of more than
 * 8,000 code points continues in further messages. */
void import_add_message(struct import_model *model, struct import_message message);
void import_add_file(struct import_model *model, struct import_file file);

/* Adds a reaction by the name of its emoji, with or without colons, or by the emoji itself; one
 * that is neither is noted. */
void import_add_reaction(struct import_model *model, struct text user, struct text name);

/* Adds `count` to the note `what`, a literal, about data that cannot be imported. */
void import_note(struct import_model *model, const char *what, uint64_t count);

/* Sorts users and rooms by id, and messages by room and time; finds the rooms, users and parents of
 * messages. A sender who is not among the users is added. Messages without a known room, and those
 * that are there twice, are left out. */
void import_model_finish(struct import_model *model);

/* Whether a user with this id has been added. */
bool import_has_user(const struct import_model *model, struct text user);

/* The index of a user by id or name, of a room by id; IMPORT_NONE if there is none. After
 * import_model_finish. */
size_t import_user_index(const struct import_model *model, struct text user);
size_t import_room_index(const struct import_model *model, struct text room);

/* Frees everything in the model, and the texts that it has kept; the struct is the caller's. */
void import_model_free(struct import_model *model);

#endif
