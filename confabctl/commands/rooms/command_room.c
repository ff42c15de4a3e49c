/* room list, show and delete. room ensure is in command_room_ensure.c. The texts of a room are
 * valid only in the callback of the store, so these commands print, or ask, from within it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "event/publish.h"
#include "list_output.h"
#include "prompt.h"
#include "store/rooms/member.h"
#include "store/rooms/room_overview.h"

static const char *kind_of(const struct room *room) {
    /* A direct room is private as well. */
    return room->state.is_direct ? "direct" : room->state.is_private ? "private" : "public";
}

static enum cli_status no_room(uint64_t id) {
    return cli_error("room %" PRIu64 " does not exist", id);
}

/* ---- list ---- */

static int64_t last_message_at(const struct room *room) {
    return room->has_last_message ? room->last_message.created_at : 0;
}

/* Writes the members of the JSON object of a room. The name is given, since that of a direct room
 * is composed. */
static void add_fields(struct json_writer *w, const struct room *room, struct text name) {
    json_write_member_u64(w, "room_id", room->state.room_id);
    json_write_member_text(w, "name", name);
    json_write_member_bool(w, "is_private", room->state.is_private);
    json_write_member_bool(w, "is_direct", room->state.is_direct);
    json_write_member_u64(w, "created_by_id", room->created_by_id);
    json_write_member_time(w, "created_at", room->state.created_at);
    json_write_member_u64(w, "members_count", room->state.members_count);
    json_write_member_u64(w, "message_count", room->state.message_count);
    json_write_member_u64(w, "last_seq", room->state.last_seq);
    json_write_member_u64(w, "oldest_seq", room->state.oldest_seq);
    /* The time only: messages are private, also from the administrator. */
    json_write_member_time_or_null(w, "last_message_at", last_message_at(room));
}

/* A row of `room list`. */
static void list_room(void *context, const struct room *room) {
    struct list_output *output = context;
    /* Counted, to say whether there are more than are shown. */
    output->shown++;
    if (output->json) {
        json_write_object(&output->w);
        add_fields(&output->w, room, room->name);
        json_write_object_end(&output->w);
        return;
    }
    table_u64(output->table, room->state.room_id);
    table_text(output->table, room->name);
    table_str(output->table, kind_of(room));
    table_u64(output->table, room->state.members_count);
    table_u64(output->table, room->state.message_count);
    table_time(output->table, last_message_at(room));
}

enum cli_status command_room_list(struct cli *cli, struct arguments *arguments) {
    static const char *const HEADINGS[] = {">ID",      "NAME",      "KIND",
                                           ">MEMBERS", ">MESSAGES", "LAST MESSAGE (UTC)"};
    uint64_t limit = LIST_OUTPUT_DEFAULT_LIMIT, offset = 0, count = 0;
    const struct arguments_option options[] = {{"--limit", ARGUMENTS_NUMBER, &limit},
                                               {"--offset", ARGUMENTS_NUMBER, &offset}};
    struct list_output output;
    if (!arguments_read(arguments, options, 2, 0, 0))
        return CLI_USAGE;
    /* For the line "Showing N of M". */
    enum error error = room_overview_count(cli->db, &count);
    list_output_begin(&output, cli, HEADINGS, 6);
    if (!error)
        error = room_overview_page(cli->db, limit, offset, list_room, &output);
    return list_output_end(&output, cli, count, error);
}

/* ---- show ---- */

/* State of `room show`. The members are read first, since the texts of the room are valid only
 * in its callback, which prints everything. */
struct show {
    const struct cli *cli;
    /* One of table and json is used. */
    struct table *members;
    struct buffer names; /* "alice, bob": the name shown for a direct room */
    struct buffer json;  /* the finished array of members */
    struct json_writer w;
};

/* A member of `room show`, read before the room. */
static void show_member(void *context, const struct membership *membership) {
    struct show *show = context;
    /* The names of both members are the name of a direct room. */
    buffer_append_str(&show->names, show->names.len > 0 ? ", " : "");
    buffer_append(&show->names, membership->username.at, membership->username.len);
    if (show->cli->json) {
        json_write_object(&show->w);
        json_write_member_u64(&show->w, "user_id", membership->user_id);
        json_write_member_text(&show->w, "username", membership->username);
        json_write_member_bool(&show->w, "is_admin", membership->is_admin);
        json_write_member_time(&show->w, "joined_at", membership->joined_at);
        json_write_object_end(&show->w);
        return;
    }
    table_u64(show->members, membership->user_id);
    table_text(show->members, membership->username);
    table_bool(show->members, membership->is_admin);
    table_time(show->members, membership->joined_at);
}

/* `out` is the whole output: it is written only if nothing failed. */
static void write_json(struct show *show, const struct room *room, struct text name,
                       struct buffer *out) {
    struct json_writer w = json_writer_start(out);
    /* The array of members is complete now. */
    json_write_array_end(&show->w);
    json_write_object(&w);
    add_fields(&w, room, name);
    json_write_key(&w, "members");
    json_write_raw(&w, show->json.data, show->json.len);
    json_write_object_end(&w);
    buffer_append_char(out, '\n');
}

/* Two tables: properties of the room, with its id as the heading, and the members. */
static void write_tables(struct show *show, const struct room *room, struct text name,
                         struct buffer *out) {
    char id[24], events[64];
    struct user creator = {.name = "?"};
    const char *const headings[] = {"ROOM", id};
    struct table *table = table_new(headings, 2);
    const struct room_state *state = &room->state;
    /* If the creator cannot be read, "?" is shown. */
    user_by_id(show->cli->db, room->created_by_id, &creator, NULL);
    /* The heading is filled in before the table is written. */
    snprintf(id, sizeof(id), "%" PRIu64, state->room_id);
    snprintf(events, sizeof(events), "%" PRIu64 " to %" PRIu64, state->oldest_seq, state->last_seq);
    /* One row for each property: its name and its value. */
    table_str(table, "name");
    table_text(table, name);
    table_str(table, "kind");
    table_str(table, kind_of(room));
    table_str(table, "created (UTC)");
    table_time(table, state->created_at);
    table_str(table, "created by");
    table_str(table, creator.name);
    table_str(table, "messages");
    table_u64(table, state->message_count);
    table_str(table, "last message (UTC)");
    table_time(table, last_message_at(room));
    table_str(table, "events kept");
    table_str(table, state->last_seq >= state->oldest_seq ? events : "none");
    table_str(table, "members");
    table_u64(table, state->members_count);
    table_write(table, out);
    table_free(table);
    buffer_append_char(out, '\n');
    /* The members follow after an empty line. */
    table_write(show->members, out);
}

/* Called while the row of the room is read; the members in `show` were read before. */
static void show_room(void *context, const struct room *room) {
    struct show *show = context;
    struct buffer out = BUFFER_EMPTY;
    /* A direct room has no name: it is shown by its members. */
    const struct text names = {buffer_str(&show->names), show->names.len};
    const struct text name = room->state.is_direct ? names : room->name;
    if (show->cli->json)
        write_json(show, room, name, &out);
    else
        write_tables(show, room, name, &out);
    cli_output(&out);
}

enum cli_status command_room_show(struct cli *cli, struct arguments *arguments) {
    static const char *const HEADINGS[] = {">ID", "MEMBER", "ADMIN", "JOINED (UTC)"};
    struct show show = {.cli = cli};
    uint64_t id;
    if (!arguments_read(arguments, NULL, 0, 1, 1) || !arguments_id(arguments->argv[0], &id))
        return CLI_USAGE;
    /* Both are prepared; show_member fills the one that is asked for. */
    show.members = table_new(HEADINGS, 4);
    show.w = json_writer_start(&show.json);
    json_write_array(&show.w);
    /* No limit: all members. */
    enum error error = member_list(cli->db, id, UINT64_MAX, 0, show_member, &show);
    /* User 0 sees every room. */
    if (!error)
        error = room_get(cli->db, id, 0, show_room, &show);
    table_free(show.members);
    buffer_free(&show.names);
    buffer_free(&show.json);
    /* The member list of an unknown room is empty; the room itself is not found. */
    if (error == ERROR_NOT_FOUND)
        return no_room(id);
    return error ? cli_store_error(cli, error) : CLI_OK;
}

/* ---- delete ---- */

/* Asks for confirmation; *context is the result. */
static void confirm_delete(void *context, const struct room *room) {
    struct buffer question = BUFFER_EMPTY, clean = BUFFER_EMPTY;
    /* Names are chosen by users and must not steer the terminal. */
    table_clean(&clean, room->name);
    buffer_printf(&question,
                  "Delete room %" PRIu64 ", %s, with %" PRIu64 " member%s and %" PRIu64
                  " message%s permanently?",
                  room->state.room_id, buffer_str(&clean), room->state.members_count,
                  text_plural(room->state.members_count), room->state.message_count,
                  text_plural(room->state.message_count));
    /* No is the default. */
    *(bool *)context = prompt_confirm(buffer_str(&question));
    buffer_free(&question);
    buffer_free(&clean);
}

/* Asks before a room is deleted. CLI_OK: do it. */
static enum cli_status confirm(const struct cli *cli, uint64_t id) {
    bool confirmed = false;
    /* The question shows how much is lost. */
    const enum error error = room_get(cli->db, id, 0, confirm_delete, &confirmed);
    if (error == ERROR_NOT_FOUND)
        return no_room(id);
    if (error)
        return cli_store_error(cli, error);
    return confirmed ? CLI_OK : cli_error("nothing was deleted");
}

enum cli_status command_room_delete(struct cli *cli, struct arguments *arguments) {
    bool yes = false;
    const struct arguments_option options[] = {{"--yes", ARGUMENTS_FLAG, &yes}};
    struct buffer streams = BUFFER_EMPTY;
    enum cli_status status = CLI_OK;
    uint64_t id;
    if (!arguments_read(arguments, options, 1, 1, 1) || !arguments_id(arguments->argv[0], &id))
        return CLI_USAGE;
    /* Without a terminal nothing is deleted unless --yes is given. */
    if (!yes && !prompt_is_possible()) {
        cli_error("no terminal for the confirmation; use --yes");
        return CLI_USAGE;
    }
    if (!yes)
        status = confirm(cli, id);
    if (status)
        return status;
    /* User 0, by force: without a membership. `streams` gets the
     * numbers of the members' own events. */
    const enum error error = room_delete(cli->db, id, 0, true, &streams);
    if (error == ERROR_NOT_FOUND) {
        status = no_room(id);
    } else if (error) {
        status = cli_store_error(cli, error);
    } else {
        /* Without an actor: the event does not name one. Sockets of members are notified by their
         * own streams. */
        publish_room_deleted(cli->redis, &cli->publisher, id, 0, NULL,
                             (struct text){streams.data, streams.len});
        cli_flush_events(cli);
        cli_message("Room %" PRIu64 " was deleted.", id);
    }
    buffer_free(&streams);
    return status;
}
