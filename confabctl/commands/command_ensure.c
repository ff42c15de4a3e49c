/* room ensure: a room that has to be there, with the members it has to have. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "command.h"
#include "event/event.h"
#include "event/publish.h"
#include "event/serialize.h"
#include "store/member.h"
#include "store/room.h"

/* As the API has it for names of rooms. */
#define NAME_MAX_POINTS 128

struct wanted {
    struct text name;
    struct user owner;
    bool is_private;
    struct user *members;
    size_t member_count;
};

/* ---- what is published ---- */

struct creation {
    const struct tool *tool;
    const struct wanted *wanted;
    uint64_t seq;
};

static void publish_created(void *context, const struct room *room) {
    const struct creation *creation = context;
    const struct tool *tool = creation->tool;
    const struct user *owner = &creation->wanted->owner;
    struct buffer json = BUFFER_EMPTY;
    serialize_room_created(&json, creation->seq, room->state.room_id, room, owner->name);
    publish_user_event(tool->redis, tool->config.redis_prefix, owner->id, EVENT_ROOM_CREATED,
                       creation->seq, owner->id, owner->name, room->state.room_id,
                       (struct text){json.data, json.len});
    buffer_free(&json);
}

static void publish_added(const struct tool *tool, const struct wanted *wanted, uint64_t room_id,
                          const struct member_change *change) {
    const char *prefix = tool->config.redis_prefix;
    const uint64_t user_id = change->membership.user_id;
    struct buffer json = BUFFER_EMPTY;
    const struct room_event event = {.room_id = room_id,
                                     .seq = change->seq,
                                     .type = EVENT_USER_INVITED,
                                     .actor_id = wanted->owner.id,
                                     .actor = text_of(wanted->owner.name),
                                     .subject_id = user_id};
    publish_room_event(tool->redis, prefix, &event, NULL);
    serialize_room_invitation(&json, change->user_seq, room_id, &wanted->name, wanted->owner.name);
    publish_user_event(tool->redis, prefix, user_id, EVENT_ROOM_INVITATION, change->user_seq,
                       wanted->owner.id, wanted->owner.name, room_id,
                       (struct text){json.data, json.len});
    buffer_free(&json);
}

/* ---- what is done ---- */

static enum error find_or_create(const struct tool *tool, const struct wanted *wanted,
                                 uint64_t *room_id, bool *created) {
    struct room_change change;
    enum error error = room_by_name(tool->db, wanted->owner.id, wanted->name, room_id);
    *created = error == ERROR_NOT_FOUND;
    if (!*created)
        return error;
    error = room_create(tool->db, wanted->owner.id, wanted->name, wanted->is_private, &change);
    if (error)
        return error;
    struct creation creation = {tool, wanted, change.caller_seq};
    *room_id = change.room_id;
    return room_get(tool->db, *room_id, wanted->owner.id, publish_created, &creation);
}

static void ignore_member(void *context, const struct membership *membership) {
    (void)context;
    (void)membership;
}

/* Nothing is wrong when who cannot be added is in: a disabled user, or anybody if the
 * owner is no admin. Else says why. */
static enum tool_end refused(const struct tool *tool, const struct wanted *wanted, uint64_t room_id,
                             const struct user *member, enum error error) {
    if (error != ERROR_FORBIDDEN && error != ERROR_BAD_INPUT)
        return tool_store_failed(tool, error);
    const enum error found = member_get(tool->db, room_id, member->id, ignore_member, NULL);
    if (found != ERROR_NOT_FOUND)
        return found ? tool_store_failed(tool, found) : TOOL_DONE;
    if (error == ERROR_BAD_INPUT)
        return tool_fail("%s is disabled and was not added", member->name);
    return tool_fail("%s is no admin of room %" PRIu64 " and cannot add %s", wanted->owner.name,
                     room_id, member->name);
}

static enum tool_end add_members(const struct tool *tool, const struct wanted *wanted,
                                 uint64_t room_id, size_t *added) {
    enum tool_end end = TOOL_DONE;
    *added = 0;
    for (size_t i = 0; i < wanted->member_count && !end; i++) {
        const struct user *member = &wanted->members[i];
        struct member_change change;
        const enum error error =
            member_add(tool->db, room_id, wanted->owner.id, member->id, false, &change);
        if (error) {
            end = refused(tool, wanted, room_id, member, error);
        } else if (change.changed) {
            publish_added(tool, wanted, room_id, &change);
            ++*added;
        }
    }
    return end;
}

static enum tool_end ensure(const struct tool *tool, const struct wanted *wanted) {
    uint64_t room_id = 0;
    bool created;
    size_t added;
    const enum error error = find_or_create(tool, wanted, &room_id, &created);
    if (error)
        return tool_store_failed(tool, error);
    const enum tool_end end = add_members(tool, wanted, room_id, &added);
    if (created || added > 0)
        tool_published(tool);
    if (end)
        return end;
    tool_say("Room %" PRIu64 " %s; members added: %zu.", room_id,
             created ? "was created" : "is there already", added);
    return TOOL_DONE;
}

/* ---- what is asked for ---- */

static enum tool_end read_name(const char *word, struct text *name) {
    const struct text text = text_of(word);
    if (text_is_valid(text.at, text.len)) {
        *name = text_trim(text);
        const size_t points = text_code_points(*name);
        if (points >= 1 && points <= NAME_MAX_POINTS)
            return TOOL_DONE;
    }
    return tool_fail("'%s' is no name for a room: 1 to %d characters, in UTF-8", word,
                     NAME_MAX_POINTS);
}

/* Finds all users before anything is changed. */
static enum tool_end find_users(const struct tool *tool, const char *owner,
                                const struct arguments_list *members, struct wanted *wanted) {
    enum tool_end end = tool_find_user(tool, owner, &wanted->owner);
    wanted->members = xcalloc(members->count + 1, sizeof(*wanted->members));
    for (size_t i = 0; i < members->count && !end; i++)
        end = tool_find_user(tool, members->values[i], &wanted->members[wanted->member_count++]);
    return end;
}

enum tool_end command_room_ensure(struct tool *tool, struct arguments *arguments) {
    const char *owner = NULL;
    bool is_public = false, is_private = false;
    struct arguments_list members = {NULL, 0, 0};
    struct wanted wanted = {.members = NULL};
    const struct arguments_option options[] = {{"--owner", ARGUMENTS_TEXT, &owner},
                                               {"--member", ARGUMENTS_LIST, &members},
                                               {"--public", ARGUMENTS_FLAG, &is_public},
                                               {"--private", ARGUMENTS_FLAG, &is_private}};
    enum tool_end end = TOOL_USAGE;
    if (!arguments_read(arguments, options, 4, 1, 1))
        goto done;
    if (!owner || (is_public && is_private)) {
        tool_fail(owner ? "--public and --private exclude each other" : "--owner is missing");
        goto done;
    }
    wanted.is_private = !is_public;
    end = read_name(arguments->words[0], &wanted.name);
    if (!end)
        end = find_users(tool, owner, &members, &wanted);
    if (!end)
        end = ensure(tool, &wanted);
done:
    free(members.values);
    free(wanted.members);
    return end;
}
