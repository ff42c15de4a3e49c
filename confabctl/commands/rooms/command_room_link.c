/* room link add, list and remove: invite links of a room. A link is made in the name of an admin of
 * the room, and is valid as long as that user is an admin. The audit records both changes as
 * actions of confabctl. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "command.h"
#include "event/serialize.h"
#include "list_output.h"
#include "secrets/secret.h"
#include "store/rooms/invite_link.h"
#include "store/rooms/room.h"

#define DAY_US (INT64_C(24) * 60 * 60 * 1000000)
/* Ten years. */
#define MOST_DAYS 3650

static void ignore_room(void *context, const struct room *room) {
    (void)context;
    (void)room;
}

/* Fails, with a message, if there is no such room. */
static enum cli_status check_room(const struct cli *cli, uint64_t id) {
    const enum error error = room_get(cli->db, id, 0, ignore_room, NULL);
    if (error == ERROR_NOT_FOUND)
        return cli_error("room %" PRIu64 " does not exist", id);
    return error ? cli_store_error(cli, error) : CLI_OK;
}

/* ---- add ---- */

/* Prints why a link could not be added. */
static enum cli_status refused(const struct cli *cli, enum error error, const char *admin,
                               uint64_t room_id) {
    /* The store knows one code for several causes; here they get words. */
    switch (error) {
    case ERROR_NOT_FOUND:
    case ERROR_FORBIDDEN:
        return cli_error("'%s' is not an admin of room %" PRIu64 ", or it is direct", admin,
                         room_id);
    case ERROR_ARCHIVED:
        return cli_error("room %" PRIu64 " is archived", room_id);
    case ERROR_CONFLICT:
        return cli_error("room %" PRIu64 " has %d links already", room_id, INVITE_LINK_MOST);
    default:
        return cli_store_error(cli, error);
    }
}

/* False, with a message, if the word is not a role. */
static bool read_role(const char *word, enum role *role) {
    *role = role_of(text_of(word));
    /* role_of returns some role for an unknown word, so the name is compared. */
    if (text_equals(text_of(role_name(*role)), text_of(word)))
        return true;
    cli_error("'%s' is not a role: reader, member, moderator or admin", word);
    return false;
}

enum cli_status command_room_link_add(struct cli *cli, struct arguments *arguments) {
    const char *admin = NULL, *role = "member";
    uint64_t days = 0;
    /* by_administrator: the entry of the audit is confabctl's. */
    struct invite_link link = {.by_administrator = true};
    const struct arguments_option options[] = {{"--admin", ARGUMENTS_TEXT, &admin},
                                               {"--role", ARGUMENTS_TEXT, &role},
                                               {"--days", ARGUMENTS_NUMBER, &days},
                                               {"--max-uses", ARGUMENTS_NUMBER, &link.max_uses}};
    char key[SECRET_KEY_SIZE];
    struct user user;
    if (!arguments_read(arguments, options, 4, 1, 1) ||
        !arguments_id(arguments->argv[0], &link.room_id) || !read_role(role, &link.role))
        return CLI_USAGE;
    if (!admin || days > MOST_DAYS) {
        cli_error("%s", admin ? "--days can be at most 3650" : "--admin is missing");
        return CLI_USAGE;
    }
    /* The room first: an unknown one is a clearer error than an admin that is not in it. */
    enum cli_status status = check_room(cli, link.room_id);
    if (!status)
        status = cli_change_user(cli, admin, &user);
    if (status)
        return status;
    link.created_by_id = user.id;
    /* Days are counted from now, to the microsecond. */
    link.expires_at = days > 0 ? clock_now() + (int64_t)days * DAY_US : 0;
    secret_make_key(key);
    link.link = text_of(key);
    /* The store adds what it assigns: id and time. */
    const enum error error = invite_link_add(cli->db, &link);
    if (error)
        return refused(cli, error, user.name, link.room_id);
    /* Nothing else on standard output, for LINK=$(confabctl room link add ...). */
    cli_message("%s", key);
    return CLI_OK;
}

/* ---- list ---- */

/* A row of the list of links. */
static void list_link(void *context, const struct invite_link *link) {
    struct list_output *output = context;
    char uses[48];
    /* Counted for the line at the end. */
    output->shown++;
    if (output->json) {
        serialize_invite_link(&output->w, link);
        return;
    }
    /* Without a limit only the number of uses. */
    if (link->max_uses > 0)
        snprintf(uses, sizeof(uses), "%" PRIu64 " of %" PRIu64, link->uses, link->max_uses);
    else
        snprintf(uses, sizeof(uses), "%" PRIu64, link->uses);
    table_u64(output->table, link->id);
    table_text(output->table, link->link);
    table_str(output->table, role_name(link->role));
    table_u64(output->table, link->created_by_id);
    table_time(output->table, link->expires_at);
    table_str(output->table, uses);
}

enum cli_status command_room_link_list(struct cli *cli, struct arguments *arguments) {
    static const char *const HEADINGS[] = {">ID",      "LINK",          "ROLE",
                                           ">MADE BY", "EXPIRES (UTC)", "USES"};
    struct list_output output;
    uint64_t id;
    if (!arguments_read(arguments, NULL, 0, 1, 1) || !arguments_id(arguments->argv[0], &id))
        return CLI_USAGE;
    const enum cli_status status = check_room(cli, id);
    if (status)
        return status;
    list_output_begin(&output, cli, HEADINGS, 6);
    /* At most INVITE_LINK_MOST exist: one page has all. */
    const enum error error =
        invite_link_list(cli->db, id, INVITE_LINK_MOST, 0, list_link, &output);
    return list_output_end(&output, cli, output.shown, error);
}

/* ---- remove ---- */

enum cli_status command_room_link_remove(struct cli *cli, struct arguments *arguments) {
    uint64_t room_id, link_id;
    if (!arguments_read(arguments, NULL, 0, 2, 2) ||
        !arguments_id(arguments->argv[0], &room_id) || !arguments_id(arguments->argv[1], &link_id))
        return CLI_USAGE;
    /* User 0: the administrator. By its id, so the text is empty. */
    const enum error error = invite_link_remove(cli->db, room_id, 0, link_id, text_of(""));
    if (error == ERROR_NOT_FOUND)
        return cli_error("room %" PRIu64 " has no link %" PRIu64, room_id, link_id);
    if (error)
        return cli_store_error(cli, error);
    cli_message("Link %" PRIu64 " was removed.", link_id);
    return CLI_OK;
}
