/* user export and room export: archives, which go to standard output. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "os/file_store.h"
#include "store/privacy/export.h"

/* Copies the archive to standard output, 64 KiB at a time. It was written to a file first, since
 * writing it needs seeking, which a pipe does not support. */
static enum cli_status copy_to_output(FILE *file) {
    char bytes[65536];
    size_t got;
    /* The archive was written through the descriptor: the stream begins at its start. */
    rewind(file);
    while ((got = fread(bytes, 1, sizeof(bytes), file)) > 0)
        if (fwrite(bytes, 1, got, stdout) != got)
            return cli_error("cannot write to standard output: %s", strerror(errno));
    return ferror(file) ? cli_error("cannot read the archive: %s", strerror(errno)) : CLI_OK;
}

/* The entry of the audit comes before the archive is written. */
static enum cli_status note_export(struct cli *cli, uint64_t user_id, uint64_t room_id) {
    cli->audited.user_id = user_id;
    cli->audited.room_id = room_id;
    /* An export does not change the database, so the entry is added by a statement of its own. */
    audit_log_begin(cli->db, &cli->audited, false);
    const enum error error = audit_log_add(cli->db);
    return error ? cli_store_error(cli, error) : CLI_OK;
}

/* Writes the archive of a user, or of a room; the other id is 0. */
static enum cli_status write_archive(struct cli *cli, uint64_t user_id, uint64_t room_id) {
    enum cli_status status;
    uint64_t size;
    const char *file_dir = cli->config.file_dir;
    /* Otherwise files would be missing from the archive without an error. If the folder does not
     * exist there are no files: fcgi-api creates it with the first one. */
    if (file_dir[0] && !file_store_is_usable(file_dir) && errno != ENOENT)
        return cli_error("cannot read file_dir %s: %s", file_dir, strerror(errno));
    /* Removed by the system when it is closed, or when the program ends. */
    FILE *file = tmpfile();
    if (!file)
        return cli_error("cannot make a temporary file: %s", strerror(errno));
    const enum error error =
        user_id ? export_user(cli->db, file_dir, NULL, user_id, fileno(file), &size)
                : export_room(cli->db, file_dir, room_id, fileno(file));
    if (error == ERROR_NOT_FOUND)
        status = cli_error("room %" PRIu64 " does not exist", room_id);
    /* Of a failed write; errno is set by it. */
    else if (error == ERROR_INTERNAL)
        status = cli_error("cannot write the archive: %s", strerror(errno));
    else if (error)
        status = cli_store_error(cli, error);
    else
        status = note_export(cli, user_id, room_id);
    /* Only after the entry of the audit is stored. */
    if (!status)
        status = copy_to_output(file);
    fclose(file);
    return status;
}

/* Refuses to write binary data to a terminal. */
static bool is_terminal(void) {
    return isatty(STDOUT_FILENO);
}

enum cli_status command_user_export(struct cli *cli, struct arguments *arguments) {
    struct user user;
    if (!arguments_read(arguments, NULL, 0, 1, 1))
        return CLI_USAGE;
    const enum cli_status status = cli_find_user(cli, arguments->argv[0], &user);
    if (status)
        return status;
    if (is_terminal())
        return cli_error("the archive goes to standard output: add > %s.tar", user.name);
    return write_archive(cli, user.id, 0);
}

enum cli_status command_room_export(struct cli *cli, struct arguments *arguments) {
    uint64_t id;
    if (!arguments_read(arguments, NULL, 0, 1, 1) || !arguments_id(arguments->argv[0], &id))
        return CLI_USAGE;
    if (is_terminal())
        return cli_error("the archive goes to standard output: add > room-%" PRIu64 ".tar", id);
    return write_archive(cli, 0, id);
}
