/*
 * room ensure: creates a room with members, or adds the missing ones to an existing room. For
 * scripts that run again and again: rooms and members that exist already are neither an error nor
 * changed. The owner is the actor of all changes, so the rules of the API apply. Each change
 * publishes the events that the API would.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "command.h"
#include "event/event.h"
#include "event/publish.h"
#include "event/serialize.h"
#include "store/rooms/member.h"
#include "store/rooms/room.h"

/* The same limit as in the API. */
#define NAME_MAX_POINTS 128

struct ensure_request {
    struct text name;
    struct user owner;
    bool is_private;
    struct user *members;
    size_t member_count;
};

/* ---- events ---- */

/* For publish_created. */
struct creation {
    const struct cli *cli;
    const struct ensure_request *request;
    uint64_t seq;
};

/* The event for the owner, who is the only member of a new room. */
static void publish_created(void *context, const struct room *room) {
    const struct creation *creation = context;
    const struct cli *cli = creation->cli;
    const struct user *owner = &creation->request->owner;
    struct buffer json = BUFFER_EMPTY;
    /* As the API serializes it. */
    serialize_room_created(&json, creation->seq, room->state.room_id, room, owner->name);
    publish_user_event(cli->redis, &cli->publisher, owner->id, EVENT_ROOM_CREATED, creation->seq,
                       owner->id, owner->name, room->state.room_id,
                       (struct text){json.data, json.len});
    buffer_free(&json);
}

/* Two events: user_invited in the stream of the room, room_invitation in that of the new member. */
static void publish_added(const struct cli *cli, const struct ensure_request *request,
                          uint64_t room_id, const struct member_change *change) {
    const uint64_t user_id = change->membership.user_id;
    struct buffer json = BUFFER_EMPTY;
    const struct room_event event = {.room_id = room_id,
                                     .seq = change->seq,
                                     .type = EVENT_USER_INVITED,
                                     .actor_id = request->owner.id,
                                     .actor = text_of(request->owner.name),
                                     .subject_id = user_id};
    /* To those who are in the room, then to the new member, who does not see the room's stream
     * yet. */
    publish_room_event(cli->redis, &cli->publisher, &event, NULL);
    serialize_room_invitation(&json, change->user_seq, room_id, &request->name,
                              request->owner.name);
    publish_user_event(cli->redis, &cli->publisher, user_id, EVENT_ROOM_INVITATION,
                       change->user_seq, request->owner.id, request->owner.name, room_id,
                       (struct text){json.data, json.len});
    buffer_free(&json);
}

/* ---- changes ---- */

/* Finds a room of this name of which the owner is a member, or creates it; *created says which. */
static enum error find_or_create(const struct cli *cli, const struct ensure_request *request,
                                 uint64_t *room_id, bool *created) {
    struct room_change change;
    enum error error = room_by_name(cli->db, request->owner.id, request->name, room_id);
    /* Any other error than this ends here, too. */
    *created = error == ERROR_NOT_FOUND;
    if (!*created)
        return error;
    /* 0: no limit of rooms. */
    error = room_create(cli->db, request->owner.id, request->name, request->is_private, 0, &change);
    if (error)
        return error;
    struct creation creation = {cli, request, change.actor_seq};
    *room_id = change.room_id;
    /* The event shows the room as it is read back. */
    return room_get(cli->db, *room_id, request->owner.id, publish_created, &creation);
}

static void ignore_member(void *context, const struct membership *membership) {
    (void)context;
    (void)membership;
}

/* Handles a refused addition: a disabled user, or an owner who is not an admin. It is not an error
 * if the user is a member already. */
static enum cli_status handle_refusal(const struct cli *cli, const struct ensure_request *request,
                                      uint64_t room_id, const struct user *member,
                                      enum error error) {
    /* Only refusals may be harmless. */
    if (error != ERROR_FORBIDDEN && error != ERROR_BAD_INPUT)
        return cli_store_error(cli, error);
    /* A member already: nothing had to be added. */
    const enum error found = member_get(cli->db, room_id, member->id, ignore_member, NULL);
    if (found != ERROR_NOT_FOUND)
        return found ? cli_store_error(cli, found) : CLI_OK;
    if (error == ERROR_BAD_INPUT)
        return cli_error("user '%s' is disabled and was not added", member->name);
    return cli_error("user '%s' is not an admin of room %" PRIu64 " and cannot add '%s'",
                     request->owner.name, room_id, member->name);
}

/* Invites the named members, and counts those who were not members before. */
static enum cli_status add_members(const struct cli *cli, const struct ensure_request *request,
                                   uint64_t room_id, size_t *added) {
    /* An administrator's script is not limited as users are. */
    const struct member_limits no_limits = {0};
    enum cli_status status = CLI_OK;
    *added = 0;
    for (size_t i = 0; i < request->member_count && !status; i++) {
        const struct user *member = &request->members[i];
        struct member_change change;
        /* false: invited by the owner, not joining. */
        const enum error error =
            member_add(cli->db, room_id, request->owner.id, member->id, false, &no_limits, &change);
        if (error) {
            status = handle_refusal(cli, request, room_id, member, error);
        /* A member already is a success without a change. */
        } else if (change.changed) {
            publish_added(cli, request, room_id, &change);
            ++*added;
        }
    }
    return status;
}

/* The room of this key, made if it is missing, with at least these members. */
static enum cli_status ensure(const struct cli *cli, const struct ensure_request *request) {
    uint64_t room_id = 0;
    bool created;
    size_t added;
    const enum error error = find_or_create(cli, request, &room_id, &created);
    if (error)
        return cli_store_error(cli, error);
    const enum cli_status status = add_members(cli, request, room_id, &added);
    /* Also after a failure half-way: what was changed is committed. */
    if (created || added > 0)
        cli_flush_events(cli);
    if (status)
        return status;
    cli_message("Room %" PRIu64 " %s; members added: %zu.", room_id,
                created ? "was created" : "already exists", added);
    return CLI_OK;
}

/* ---- arguments ---- */

/* A name as the API accepts it, trimmed. The text is that of the argument. */
static enum cli_status read_name(const char *argument, struct text *name) {
    /* Trimmed like in the API; the length is in characters, not bytes. */
    const struct text text = text_of(argument);
    if (text_is_valid(text.at, text.len)) {
        *name = text_trim(text);
        const size_t points = text_code_points(*name);
        if (points >= 1 && points <= NAME_MAX_POINTS)
            return CLI_OK;
    }
    return cli_error("invalid room name '%s': must be 1 to %d characters of UTF-8", argument,
                     NAME_MAX_POINTS);
}

/* Finds all users, before anything is changed. */
static enum cli_status find_users(const struct cli *cli, const char *owner,
                                  const struct arguments_list *members,
                                  struct ensure_request *request) {
    enum cli_status status = cli_find_user(cli, owner, &request->owner);
    /* One more, since an empty array may be NULL. */
    request->members = xcalloc(members->count + 1, sizeof(*request->members));
    for (size_t i = 0; i < members->count && !status; i++)
        status = cli_find_user(cli, members->values[i], &request->members[request->member_count++]);
    return status;
}

enum cli_status command_room_ensure(struct cli *cli, struct arguments *arguments) {
    const char *owner = NULL;
    bool is_public = false, is_private = false;
    struct arguments_list members = {NULL, 0, 0};
    struct ensure_request request = {.members = NULL};
    const struct arguments_option options[] = {{"--owner", ARGUMENTS_TEXT, &owner},
                                               {"--member", ARGUMENTS_LIST, &members},
                                               {"--public", ARGUMENTS_FLAG, &is_public},
                                               {"--private", ARGUMENTS_FLAG, &is_private}};
    enum cli_status status = CLI_USAGE;
    if (!arguments_read(arguments, options, 4, 1, 1))
        goto done;
    /* The name and at least an owner; members may be missing. */
    if (!owner || (is_public && is_private)) {
        cli_error(owner ? "--public and --private are mutually exclusive" : "--owner is required");
        goto done;
    }
    /* Private by default, so that no room is opened by mistake. */
    request.is_private = !is_public;
    /* Everything is checked before anything is changed. */
    status = read_name(arguments->argv[0], &request.name);
    if (!status)
        status = find_users(cli, owner, &members, &request);
    if (!status)
        status = ensure(cli, &request);
/* Both arrays may be NULL. */
done:
    free(members.values);
    free(request.members);
    return status;
}
