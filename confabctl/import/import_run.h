/*
 * import_run: writes a model into the database, or says what that would do.
 *
 * What an earlier run has written, complete or interrupted, is found and not written again: users
 * by their ids in the other chat, rooms by their keys, messages by their ids. Messages are appended
 * to their rooms in the order of their times; those older than the last message of a room are left
 * out and noted.
 */
#ifndef CONFAB_CONFABCTL_IMPORT_IMPORT_RUN_H
#define CONFAB_CONFABCTL_IMPORT_IMPORT_RUN_H

#include "cli.h"
#include "import/import_model.h"

struct import_run {
    struct cli *cli;
    struct import_model *model; /* finished; notes are added */
    bool dry_run;
    uint64_t users[4]; /* by enum import_match */
    uint64_t rooms_new, rooms_found;
    uint64_t messages_new, messages_found; /* found: imported before */
    uint64_t reactions, files;             /* of the new messages */
    uint64_t site_id;
    char issuer[64];
};

/* Runs the import; the counts are also set after an error, as far as it came. ERROR_INTERNAL with
 * errno of file_dir in *file_error if a file cannot be copied (0: it is an error of the store). */
enum error import_run(struct import_run *run, int *file_error);

#endif
