/* Users first, then each room with its members, then its messages in batches. Each step finds what
 * an earlier run has made, so that an interrupted run can simply be repeated. */
#include "import/import_run.h"

#include <stdio.h>

#include "import/import_batch.h"
#include "secrets/secret.h"
#include "store/rooms/member.h"
#include "store/rooms/room.h"
#include "store/site/external_user.h"
#include "store/users/profile.h"
#include "store/users/profile_fields.h"

/* ---- users ---- */

/* A longer id than fits is replaced by its digest. */
static struct text subject_of(struct text id, char storage[65]) {
    unsigned char digest[32];
    if (id.len <= EXTERNAL_USER_SUBJECT_MAX)
        return id;
    /* 64 hexadecimal digits fit into the column. */
    secret_digest(id, digest, sizeof(digest));
    for (size_t i = 0; i < sizeof(digest); i++)
        text_put_hex(storage + 2 * i, 2, digest[i]);
    storage[64] = '\0';
    return text_of(storage);
}

/* Sets the profile of a new user; invalid values are left out. */
static enum error set_profile(struct db *db, const struct import_user *user) {
    struct profile profile = {.given = 0};
    bool changed;
    const struct text name = text_trim(user->display_name);
    /* The checks return NULL for a valid value. */
    if (name.len > 0 && !profile_fields_check_name(name)) {
        profile.display_name = name;
        profile.given |= PROFILE_DISPLAY_NAME;
    }
    if (user->email.len > 0 && !profile_fields_check_email(user->email)) {
        profile.email = user->email;
        profile.email_verified = user->email_verified;
        profile.given |= PROFILE_EMAIL | PROFILE_EMAIL_VERIFIED;
    }
    /* No profile at all: the user name is shown. */
    return profile.given ? profile_set(db, user->user_id, &profile, &changed) : ERROR_NONE;
}

/* Makes a user for one of the export, linked under the issuer of the export. */
static enum error make_user(struct db *db, struct text issuer, struct text subject,
                            struct import_user *user) {
    struct user made;
    bool created;
    /* ensure, not add: an earlier run may have been stopped after it. */
    const enum error error =
        external_user_ensure(db, issuer, subject, user->name, user->is_bot, &made, &created);
    user->user_id = made.id;
    return error ? error : set_profile(db, user);
}

/* Finds a user by link, address or name, in this order; makes one if none is found. */
static enum error import_one_user(struct import_run *run, struct import_user *user) {
    struct db *db = run->cli->db;
    const struct text issuer = text_of(run->issuer), none = text_of("");
    char storage[65];
    const struct text subject = subject_of(user->id, storage);
    /* Only a valid user name can be that of a user here; names of bots are not unique. */
    const bool by_name = !user->is_bot && text_is_username(user->name);
    enum error error = import_find_user(db, issuer, subject, user->is_bot ? none : user->email,
                                        by_name ? user->name : none, &user->user_id, &user->match);
    if (error)
        return error;
    /* Also counted in a dry run. */
    run->users[user->match]++;
    if (run->dry_run || user->match == IMPORT_BEFORE)
        return ERROR_NONE;
    /* A user found by address or name gets the link, so that the next run finds it by the link. */
    return user->match == IMPORT_NEW ? make_user(db, issuer, subject, user)
                                     : import_link_user(db, issuer, subject, user->user_id);
}

static enum error import_users(struct import_run *run) {
    enum error error = ERROR_NONE;
    for (size_t i = 0; !error && i < run->model->users.count; i++)
        error = import_one_user(run, &run->model->users.items[i]);
    return error;
}

/* Disables users who were deleted in the other chat. At the end, since a disabled user cannot be
 * added to rooms. */
static enum error disable_users(struct import_run *run) {
    enum error error = ERROR_NONE;
    for (size_t i = 0; !error && i < run->model->users.count; i++) {
        const struct import_user *user = &run->model->users.items[i];
        /* Users that were here before the import are not disabled by it. */
        if (user->is_deleted && (user->match == IMPORT_NEW || user->match == IMPORT_BEFORE))
            error = import_disable_user(run->cli->db, user->user_id);
    }
    return error;
}

/* ---- rooms ---- */

/* Where the members of each room begin; the members are sorted by room. A binary search for the
 * first one that is not below. */
static size_t first_member(const struct import_model *model, size_t room) {
    size_t low = 0, high = model->members.count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (model->members.items[middle].room_index < room)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The room of the first two members. */
static enum error ensure_direct(struct import_run *run, size_t room, uint64_t *room_id,
                                bool *is_new) {
    struct import_model *model = run->model;
    struct room_change change = {.room_id = 0};
    uint64_t users[2] = {0};
    size_t count = 0;
    /* Members are sorted by room. */
    for (size_t i = first_member(model, room);
         i < model->members.count && model->members.items[i].room_index == room && count < 2; i++)
        users[count++] = model->users.items[model->members.items[i].user_index].user_id;
    *is_new = true;
    /* Two users there may be one here, found by address. */
    if (count < 2 || (users[0] == users[1] && users[0] > 0)) {
        import_note(model, "direct conversations that are not of two users", 1);
        *is_new = false;
        return ERROR_NOT_FOUND;
    }
    /* In a dry run a user may be new, and the room with it. */
    if (users[0] == 0 || users[1] == 0)
        return ERROR_NONE;
    enum error error = room_find_direct(run->cli->db, users[0], users[1], &change);
    *is_new = error == ERROR_NOT_FOUND;
    /* 0: no limit of rooms; false: also without a shared room. */
    if (error == ERROR_NOT_FOUND)
        error = run->dry_run ? ERROR_NONE
                             : room_direct(run->cli->db, users[0], users[1], 0, false, &change);
    *room_id = change.room_id;
    if (error == ERROR_BAD_INPUT || error == ERROR_NOT_ALLOWED) {
        import_note(model, "direct conversations of users who are disabled or blocked here", 1);
        *is_new = false;
        /* The messages of the room are counted as left out by import_room. */
        return ERROR_NOT_FOUND;
    }
    return error;
}

/* The room of this key, which is made if there is none; a dry run leaves `room_id` 0 then. */
static enum error ensure_keyed(struct import_run *run, const struct import_room *room,
                               uint64_t *room_id, bool *is_new) {
    struct room_change change = {.room_id = 0};
    /* The reader has chosen the key, which may be invalid. */
    if (!room_key_is_valid(room->key)) {
        import_note(run->model, "rooms whose name cannot be a key here", 1);
        return ERROR_NOT_FOUND;
    }
    enum error error = room_by_key(run->cli->db, room->key, room_id);
    *is_new = error == ERROR_NOT_FOUND;
    if (!*is_new)
        return error;
    if (run->dry_run)
        return ERROR_NONE;
    error = room_ensure_key(run->cli->db, run->site_id, room->key, room->name,
                            room->kind == IMPORT_PRIVATE, &change);
    *room_id = change.room_id;
    /* Only for a room that is new: a topic that was changed here stays. */
    if (!error && room->topic.len > 0) {
        const struct room_patch patch = {.topic = room->topic};
        error = room_update_by_site(run->cli->db, *room_id, run->site_id, &patch, &change);
    }
    return error;
}

/* Adds the members of a room; those who cannot be added are counted, not refused. */
static enum error add_members(struct import_run *run, size_t room, uint64_t room_id) {
    /* An import is not limited as users are. */
    const struct member_limits limits = {0};
    struct import_model *model = run->model;
    enum error error = ERROR_NONE;
    for (size_t i = first_member(model, room);
         !error && i < model->members.count && model->members.items[i].room_index == room; i++) {
        const struct import_member *member = &model->members.items[i];
        const uint64_t user = model->users.items[member->user_index].user_id;
        struct member_change change;
        error = member_add_by_site(run->cli->db, room_id, run->site_id, user, &limits, &change);
        /* A member already is a success; the role is set all the same. */
        if (!error && member->is_admin)
            error =
                member_set_admin_by_site(run->cli->db, room_id, run->site_id, user, true, &change);
        /* A user who is disabled or banned here, or an archived room. */
        if (error == ERROR_BAD_INPUT || error == ERROR_FORBIDDEN || error == ERROR_BANNED ||
            error == ERROR_ARCHIVED) {
            import_note(model, "members who are disabled or banned here", 1);
            error = ERROR_NONE;
        }
    }
    return error;
}

/* ---- messages ---- */

/* Those of the room that were imported before get their positions. */
struct found {
    struct import_message *messages;
    uint64_t *count, *last;
};

/* A message that an earlier run has imported. */
static void found_message(void *context, uint64_t number, uint64_t position) {
    struct found *found = context;
    /* The number is the index in the list of all messages. */
    found->messages[number].position = position;
    ++*found->count;
    if (position > *found->last)
        *found->last = position;
}

/* How many messages are asked for at once. */
#define LOOKUPS 1000

/* Which messages of an earlier run are there already, so that this run continues after them. */
static enum error find_messages(struct import_run *run, uint64_t room_id, size_t first, size_t end,
                                uint64_t *count, uint64_t *last) {
    struct import_model *model = run->model;
    struct found found = {model->messages.items, count, last};
    struct buffer keys = BUFFER_EMPTY;
    enum error error = ERROR_NONE;
    for (size_t i = first; !error && i < end;) {
        /* A list for each LOOKUPS messages. */
        buffer_clear(&keys);
        buffer_append_char(&keys, '[');
        for (size_t n = 0; n < LOOKUPS && i < end; n++, i++)
            import_batch_key(&keys, model, i);
        buffer_append_char(&keys, ']');
        error = import_find_messages(run->cli->db, room_id, (struct text){keys.data, keys.len},
                                     found_message, &found);
    }
    buffer_free(&keys);
    return error;
}

/* Appends those that are not there and not older than the end of the room. */
static enum error append_messages(struct import_run *run, uint64_t room_id, size_t first,
                                  size_t end, uint64_t after, int64_t last_at, uint64_t *last,
                                  int *file_error) {
    struct import_model *model = run->model;
    /* `after` is what the room must have when the batch is written. */
    struct import_writer writer = {.run = run, .room_id = room_id, .after = after};
    enum error error = ERROR_NONE;
    size_t i;
    for (i = first; !error && i < end; i++) {
        struct import_message *message = &model->messages.items[i];
        /* Imported before. */
        if (message->position > 0)
            continue;
        /* Positions follow the time, so an older message cannot be put in between. */
        if (message->at < last_at) {
            import_note(model, "messages older than the last message of their room", 1);
            continue;
        }
        run->messages_new++;
        error = run->dry_run ? import_writer_count(&writer, message)
                             : import_writer_add(&writer, message);
        /* The end of what is read, for the marks of members. */
        *last = writer.after;
    }
    if (!error && !run->dry_run) {
        error = import_writer_flush(&writer);
        *last = writer.after > after ? writer.after : *last;
    }
    *file_error = writer.file_error;
    import_writer_free(&writer);
    /* A user has posted between two batches: the rest cannot be appended in this run. */
    if (error == ERROR_CONFLICT) {
        /* The messages of the failed batch were counted, but not written. */
        run->messages_new -= writer.pending;
        import_note(model, "messages of a room that has new messages since: run again",
                    writer.pending + (end - i));
        error = ERROR_NONE;
    }
    return error;
}

/* One room with members and messages. What was done stays: a run that failed is repeated. */
static enum error import_room(struct import_run *run, size_t room, size_t first, size_t end,
                              int *file_error) {
    struct import_model *model = run->model;
    const struct import_room *one = &model->rooms.items[room];
    uint64_t room_id = 0, count = 0, found = 0, last = 0;
    int64_t last_at = 0;
    bool is_new = false;
    enum error error = one->kind == IMPORT_DIRECT ? ensure_direct(run, room, &room_id, &is_new)
                                                  : ensure_keyed(run, one, &room_id, &is_new);
    /* The room cannot be imported, which was noted. */
    if (error == ERROR_NOT_FOUND) {
        import_note(model, "messages of rooms that cannot be imported", end - first);
        return ERROR_NONE;
    }
    if (is_new)
        run->rooms_new++;
    else
        run->rooms_found++;
    /* 0: a room that a dry run would make. */
    if (!error && room_id)
        error = import_room_end(run->cli->db, room_id, &count, &last_at);
    if (!error && count > 0)
        error = find_messages(run, room_id, first, end, &found, &last);
    run->messages_found += found;
    /* A message with the time of the last one is that message itself, if the archive is of this
     * room. */
    if (found == 0 && count > 0)
        last_at++;
    /* Once: members that left after the first import stay out. */
    if (!error && !run->dry_run && one->kind != IMPORT_DIRECT && found == 0 &&
        (is_new || first < end))
        error = add_members(run, room, room_id);
    if (!error)
        error = append_messages(run, room_id, first, end, count, last_at, &last, file_error);
    /* Members have read what was imported, and no later message. */
    if (!error && !run->dry_run && last > 0)
        error = import_mark_read(run->cli->db, room_id, last);
    return error;
}

/* ---- all ---- */

enum error import_run(struct import_run *run, int *file_error) {
    struct import_model *model = run->model;
    struct user site = {.id = 0};
    size_t first = 0;
    *file_error = 0;
    /* The issuer of the users of this source, such as import:slack. */
    snprintf(run->issuer, sizeof(run->issuer), IMPORT_ISSUER "%s", model->source);
    /* The site's own user is the actor; a dry run makes none. */
    enum error error = run->dry_run
                           ? ERROR_NONE
                           : external_user_site(run->cli->db, run->cli->config.jwt_actor, &site);
    run->site_id = site.id;
    if (!error)
        error = import_users(run);
    for (size_t room = 0; !error && room < model->rooms.count; room++) {
        /* Messages are sorted by room, in the order of the rooms. */
        size_t end = first;
        while (end < model->messages.count && model->messages.items[end].room_index == room)
            end++;
        error = import_room(run, room, first, end, file_error);
        first = end;
    }
    /* Last, since disabled users could not be added to rooms. */
    if (!error && !run->dry_run)
        error = disable_users(run);
    return error;
}
