/* search rebuild: rebuilds the index of searches, room by room. Searches work meanwhile: the rows
 * of a room are used until they are replaced. */
#include <inttypes.h>

#include "command.h"
#include "store/search/search_index.h"

/* Rebuilds all rooms, in the order of their ids. */
static enum error rebuild_all(struct cli *cli, uint64_t *rooms, uint64_t *messages) {
    uint64_t room_id = 0;
    enum error error = search_index_next_room(cli->db, 0, &room_id);
    while (!error && room_id > 0) {
        uint64_t count = 0;
        error = search_index_rebuild(cli->db, room_id, &count);
        /* Deleted meanwhile. */
        if (error == ERROR_NOT_FOUND)
            error = ERROR_NONE;
        *messages += count;
        (*rooms)++;
        if (!error)
            error = search_index_next_room(cli->db, room_id, &room_id);
    }
    return error;
}

enum cli_status command_search_rebuild(struct cli *cli, struct arguments *arguments) {
    const char *room = NULL;
    const struct arguments_option options[] = {{"--room", ARGUMENTS_TEXT, &room}};
    uint64_t room_id = 0, rooms = 0, messages = 0;
    enum error error;
    if (!arguments_read(arguments, options, 1, 0, 0) || (room && !arguments_id(room, &room_id)))
        return CLI_USAGE;
    if (cli->config.search == CONFIG_OFF)
        return cli_error("search is off");
    /* 0: no --room. */
    if (room_id == 0) {
        error = rebuild_all(cli, &rooms, &messages);
    } else {
        error = search_index_rebuild(cli->db, room_id, &messages);
        rooms = 1;
        if (error == ERROR_NOT_FOUND)
            return cli_error("room %" PRIu64 " does not exist", room_id);
    }
    if (error)
        return cli_store_error(cli, error);
    cli_message("Rooms: %" PRIu64 ", messages: %" PRIu64 ".", rooms, messages);
    return CLI_OK;
}
