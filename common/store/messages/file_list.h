/*
 * file_list: the files of a message, as a column of the statement that reads the message.
 *
 * The column is one text for all files of a message, so that a page of messages stays one
 * statement. It is read only for messages of the types that files make (image, file): a page
 * without files costs what it did.
 */
#ifndef CONFAB_COMMON_STORE_MESSAGES_FILE_LIST_H
#define CONFAB_COMMON_STORE_MESSAGES_FILE_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* The state of a row of `file`; the numbers are stored in the database. */
enum file_state {
    FILE_UPLOADING = 0,
    FILE_SCANNING = 1,
    FILE_READY = 2,
    FILE_REMOVED = 3, /* the scanner has found something; no bytes are left */
    FILE_DELETED = 4, /* to be deleted, with its bytes */
};

/* The fields of a file aliased f, separated by tabs; no field has one. The name comes last. As
 * arguments of GROUP_CONCAT, not joined by CONCAT_WS: for a text of more than 512 characters the
 * server makes a table on disk at each execution, also where no message has a file. */
#define FILE_LIST_FIELDS                                                            \
    "f.file_id, '\t', f.state, '\t', f.size, '\t', f.media_type, '\t', "             \
    "COALESCE(f.width, 0), '\t', COALESCE(f.height, 0), '\t', "                     \
    "COALESCE(f.duration_ms, ''), '\t', f.thumbnail, '\t', f.name"

/* The column, of a message aliased m. The subquery is not run for messages of other types, and
 * finds the files by an index. */
#define FILE_LIST_COLUMN                                                                   \
    "IF(m.message_type IN (2, 3), (SELECT GROUP_CONCAT(" FILE_LIST_FIELDS                  \
    " ORDER BY f.place SEPARATOR '\n') FROM file f WHERE f.message_id = m.message_id AND " \
    "f.state BETWEEN 1 AND 3), NULL)"

/* A file as its readers see it; texts point into the list. */
struct file_shown {
    uint64_t id;
    enum file_state state;
    uint64_t size;
    struct text media_type;
    uint64_t width, height; /* 0: unknown */
    bool has_duration;
    uint64_t duration_ms;
    bool has_thumbnail;
    struct text name;
};

/* Takes the next file off the front of a list; false at the end, and if the rest is malformed. */
bool file_list_next(struct text *list, struct file_shown *file);

#endif
