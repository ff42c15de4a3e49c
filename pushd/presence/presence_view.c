/* Views of rooms and their entries: finding and making them, whether a user is online, and
 * notifying the sockets here of a change. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "presence/presence_private.h"

/* The longest user name; one that is longer is not from confab. */
#define MAX_NAME 128

struct presence_view *presence_view_find(const struct presence *presence, uint64_t room_id) {
    return idmap_get(&presence->views, room_id);
}

struct presence_entry *presence_entry_find(const struct presence *presence, uint64_t room_id,
                                           uint64_t user_id) {
    const struct presence_view *view = presence_view_find(presence, room_id);
    return view ? idmap_get(&view->entries, user_id) : NULL;
}

struct presence_entry *presence_entry_get(struct presence_view *view, uint64_t user_id,
                                          struct text name) {
    struct presence_entry *entry = idmap_get(&view->entries, user_id);
    if (entry || name.len > MAX_NAME)
        return entry;
    entry = xcalloc(1, offsetof(struct presence_entry, name) + name.len);
    entry->name_len = (unsigned char)name.len;
    if (name.len > 0) /* an envelope of version 1 may have none */
        memcpy(entry->name, name.at, name.len);
    idmap_put(&view->entries, user_id, entry);
    return entry;
}

struct text presence_entry_name(const struct presence_entry *entry) {
    return (struct text){entry->name, entry->name_len};
}

bool presence_entry_is_local(const struct presence_entry *entry) {
    return entry->sockets > 0 || entry->grace_end_ms > 0;
}

bool presence_entry_is_online(const struct presence_entry *entry) {
    return presence_entry_is_local(entry) || entry->leaving || entry->remote;
}

static void add_key(void *context, uint64_t key, void *value) {
    struct presence_keys *keys = context;
    (void)value;
    keys->keys[keys->count++] = key;
}

struct presence_keys presence_keys_of(const struct idmap *map) {
    /* An empty map gives an array of no keys. */
    struct presence_keys keys = {xcalloc(idmap_count(map), sizeof(*keys.keys)), 0};
    idmap_each(map, add_key, &keys);
    return keys;
}

void presence_notify_if_changed(const struct presence *presence, uint64_t room_id, uint64_t user_id,
                                bool was_online) {
    const struct presence_view *view = presence_view_find(presence, room_id);
    const struct presence_entry *entry = presence_entry_find(presence, room_id, user_id);
    /* A closed room has no sockets to notify; its view is only kept for graces and pending
     * commands. */
    if (!view->open || presence_entry_is_online(entry) == was_online)
        return;
    presence->hooks->notify(presence->hooks->context, room_id,
                            was_online ? EVENT_USER_LEFT : EVENT_USER_JOINED, user_id,
                            presence_entry_name(entry));
}

void presence_entry_set_remote(struct presence_entry *entry, uint64_t logical_time, bool remote) {
    /* Older than what is known. The same time is taken: the reply of a command is more exact than
     * its notice. */
    if (logical_time < entry->logical_time)
        return;
    entry->logical_time = logical_time;
    entry->remote = remote;
}

void presence_view_mark_ready(struct presence *presence, uint64_t room_id) {
    struct presence_view *view = presence_view_find(presence, room_id);
    if (!view || !view->open || view->ready)
        return;
    view->ready = true;
    /* Within presence_room_opened its return value says so. */
    if (!view->opening)
        presence->hooks->ready(presence->hooks->context, room_id);
}
