/* import: reads an export of another chat, reports what cannot be imported, and writes the rest.
 * The steps of writing are in import/import_run.c; each format has a reader of its own. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "import/import_readers.h"
#include "import/import_run.h"
#include "os/file_store.h"

/* `marker` finds the top folder if the export was unpacked into another one. NULL: found by the
 * reader. */
static const struct format {
    const char *name;
    const char *marker; /* a file of its top folder */
    import_reader *read;
} FORMATS[] = {
    {"slack", "users.json", import_slack},
    {"mattermost", NULL, import_mattermost},
    {"rocketchat", "users.json", import_rocketchat},
    {"jsonl", "messages.jsonl", import_jsonl},
};

/* NULL if there is no such format, with a message. */
static const struct format *find_format(const char *name) {
    for (size_t i = 0; i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++)
        if (strcmp(FORMATS[i].name, name) == 0)
            return &FORMATS[i];
    cli_error("unknown format '%s': must be slack, mattermost, rocketchat or jsonl", name);
    return NULL;
}

/* Removes the files from the model, if there is no file_dir to copy them to. */
static void leave_out_files(struct import_model *model) {
    uint64_t count = 0;
    /* A message of files only shows the name of the first one instead. */
    for (size_t i = 0; i < model->messages.count; i++) {
        struct import_message *message = &model->messages.items[i];
        count += message->file_count;
        if (message->file_count > 0 && message->content.len == 0)
            message->content = model->files.items[message->first_file].name;
        message->file_count = 0;
    }
    /* The note is printed with the counts. */
    import_note(model, "files, since file_dir is not set", count);
}

/* The same lines after a dry run, which has counted without writing. */
static void print_counts(const struct import_run *run) {
    const struct import_model *model = run->model;
    cli_message("Users: %zu; new: %" PRIu64 ", imported before: %" PRIu64
                ", found by e-mail address: %" PRIu64 ", found by name: %" PRIu64 ".",
                model->users.count, run->users[IMPORT_NEW], run->users[IMPORT_BEFORE],
                run->users[IMPORT_BY_EMAIL], run->users[IMPORT_BY_NAME]);
    cli_message("Rooms: %zu; new: %" PRIu64 ", found: %" PRIu64 ".", model->rooms.count,
                run->rooms_new, run->rooms_found);
    cli_message("Messages: %zu; new: %" PRIu64 ", imported before: %" PRIu64 ".",
                model->messages.count, run->messages_new, run->messages_found);
    cli_message("Reactions: %" PRIu64 ". Files: %" PRIu64 ".", run->reactions, run->files);
    if (model->notes.count > 0)
        cli_message("Left out:");
    for (size_t i = 0; i < model->notes.count; i++)
        cli_message("  %s: %" PRIu64, model->notes.items[i].what, model->notes.items[i].count);
}

/* Runs the import and prints what it did, or would do. */
static enum cli_status run_model(struct cli *cli, struct import_model *model, bool dry_run) {
    /* With dry_run nothing is written, files included. */
    struct import_run run = {.cli = cli, .model = model, .dry_run = dry_run};
    int file_error = 0;
    /* One entry in the audit for the whole import. After a failure part of it may be there: the
     * next run finds that and continues. */
    audit_log_begin(cli->db, &cli->audited, true);
    const enum error error = import_run(&run, &file_error);
    if (file_error)
        return cli_error("cannot copy a file of the export: %s", strerror(file_error));
    if (error)
        return cli_store_error(cli, error);
    print_counts(&run);
    return CLI_OK;
}

/* Checks the folder of files before anything is written. */
static enum cli_status check_and_run(struct cli *cli, struct import_model *model, bool dry_run) {
    const bool has_files = model->files.count > 0;
    /* A dry run need not have a usable folder. */
    if (has_files && !cli->config.file_dir[0])
        leave_out_files(model);
    else if (has_files && !dry_run && !file_store_check(cli->config.file_dir))
        return cli_error("cannot use file_dir %s: %s", cli->config.file_dir, strerror(errno));
    return run_model(cli, model, dry_run);
}

/* The administrator names the format: it cannot be guessed, since exports of Slack and Rocket.Chat
 * have files of the same names. */
enum cli_status command_import(struct cli *cli, struct arguments *arguments) {
    bool dry_run = false;
    const struct arguments_option options[] = {{"--dry-run", ARGUMENTS_FLAG, &dry_run}};
    if (!arguments_read(arguments, options, 1, 2, 2))
        return CLI_USAGE;
    const struct format *format = find_format(arguments->argv[0]);
    if (!format)
        return CLI_USAGE;
    struct import_model model = {.source = format->name};
    struct import_source source;
    enum cli_status status = CLI_FAILED;
    /* All of it is read before anything is written. Open and read first: a damaged export changes
     * nothing. */
    if (import_source_open(&source, arguments->argv[1], format->marker) &&
        format->read(&source, &model)) {
        import_model_finish(&model);
        status = check_and_run(cli, &model, dry_run);
    } else {
        /* The text was written by the reader that failed. */
        cli_error("%s", buffer_str(&source.problem));
    }
    import_source_close(&source);
    import_model_free(&model);
    return status;
}
