/*
 * presence_private: the views of rooms, which presence.c, presence_view.c and presence_redis.c
 * share.
 *
 * A view has an entry for each user. Whether that user is online follows from four facts: sockets
 * of this process, a grace after the last one, a leave that Redis has not answered yet, and another
 * pushd that has the user (`remote`). Every function that changes a fact compares
 * presence_entry_is_online before and after and notifies the sockets here of a difference.
 *
 * Redis in turn must have exactly the users that are local. `in_redis` says what is known of that;
 * it is MAYBE while commands are under way, and presence_redis_sync_user sends what is missing.
 * `remote` is learnt from replies, reads and notices, each with a logical time; the latest one
 * wins.
 */
#ifndef CONFAB_PUSHD_PRESENCE_PRESENCE_PRIVATE_H
#define CONFAB_PUSHD_PRESENCE_PRESENCE_PRIVATE_H

#include "base/idmap.h"
#include "base/ring.h"
#include "presence/presence.h"

/* When Redis is up again, users that it lacks stay online this long: their pushd may notice a
 * little later. */
#define PRESENCE_RECONNECT_MS 10000

/* Whether Redis has a user of this process. */
enum in_redis { NOT_IN_REDIS, MAYBE_IN_REDIS, IN_REDIS };

/* A user in a room. Online as long as there are sockets or a grace here, Redis has not yet
 * answered the leave, or another pushd has the user. */
struct presence_entry {
    int64_t grace_end_ms;     /* 0: no grace */
    uint64_t logical_time;    /* of `remote`; what is older is ignored */
    uint32_t sockets;         /* in this process */
    uint32_t pending_replies; /* to enter and leave */
    bool leaving : 1;         /* the grace is over, and Redis has not said who else has the user */
    bool remote : 1;          /* another pushd has the user */
    bool leave_sent_last : 1; /* the last command was leave, not enter */
    unsigned char in_redis : 2;
    unsigned char idle_rounds;
    unsigned char name_len;
    char name[];
};

/* The view of a room. */
struct presence_view {
    struct idmap entries; /* user id -> entry */
    bool open;            /* there are sockets here, or about to be: notices count */
    bool ready;           /* the view is complete */
    bool opening;         /* presence_room_opened has not returned yet */
    bool reading;         /* a read is not answered yet */
    bool complete;        /* users that the read does not return are not remote */
    bool reread;          /* another read was requested meanwhile, ... */
    bool reread_complete; /* ... complete like this */
    uint64_t reading_number;
    uint64_t logical_time; /* of the last complete read; older notices are ignored */
};

struct presence {
    const struct presence_hooks *hooks;
    struct idmap views; /* room id -> view */
    bool redis_up;
    bool sync_needed; /* a command failed */
    uint64_t epoch;   /* of what is entered in Redis */
    uint64_t readings;
    int64_t housekeeping_at_ms;
    int64_t reread_at_ms; /* all rooms are read again; 0: never */
    struct ring graces;   /* of struct grace; all are equally long, so the first ends first */
};

/* The view of a room, and the entry of a user in it; NULL if there is none. */
struct presence_view *presence_view_find(const struct presence *presence, uint64_t room_id);
struct presence_entry *presence_entry_find(const struct presence *presence, uint64_t room_id,
                                           uint64_t user_id);

/* Finds or makes an entry; NULL if the name is too long. */
struct presence_entry *presence_entry_get(struct presence_view *view, uint64_t user_id,
                                          struct text name);

/* The name of the user, without a NUL at its end. */
struct text presence_entry_name(const struct presence_entry *entry);

/* Online by this process, as Redis must know; and online at all. */
bool presence_entry_is_local(const struct presence_entry *entry);
bool presence_entry_is_online(const struct presence_entry *entry);

/* Notes whether another pushd has the user, unless something later is known. */
void presence_entry_set_remote(struct presence_entry *entry, uint64_t logical_time, bool remote);

/* To be called after any change of an entry: notifies the sockets here if the user came online or
 * went offline by it. */
void presence_notify_if_changed(const struct presence *presence, uint64_t room_id, uint64_t user_id,
                                bool was_online);

/* The view is complete, or as complete as it gets without Redis: clients that wait can continue. */
void presence_view_mark_ready(struct presence *presence, uint64_t room_id);

/* A copy of the keys of a map: hooks called for each of them may add to the map. Only
 * housekeeping removes from it. */
struct presence_keys {
    uint64_t *keys; /* for the caller to free */
    size_t count;
};

/* In any order; the list is never NULL, also if it is empty. */
struct presence_keys presence_keys_of(const struct idmap *map);

/* Makes Redis have the user, or all users of a room, exactly if online by this process. */
void presence_redis_sync_user(struct presence *presence, uint64_t room_id, uint64_t user_id);
void presence_redis_sync_room(struct presence *presence, uint64_t room_id);

/* Has Redis remove the user of this process. */
void presence_redis_leave(struct presence *presence, uint64_t room_id, uint64_t user_id);

/* Reads the users of an open room that other pushd processes have; if complete, users that the
 * reply does not name are offline there. */
void presence_redis_read(struct presence *presence, uint64_t room_id, bool complete);

#endif
