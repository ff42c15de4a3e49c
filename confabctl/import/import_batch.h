/*
 * import_batch: collects the messages of a room as JSON and writes them in batches, with their
 * files.
 */
#ifndef CONFAB_CONFABCTL_IMPORT_IMPORT_BATCH_H
#define CONFAB_CONFABCTL_IMPORT_IMPORT_BATCH_H

#include "base/buffer.h"
#include "import/import_run.h"

/* Appends [index, sender's id, "key"] of a message for import_find_messages, with a comma before it
 * unless it is the first of the list. */
void import_batch_key(struct buffer *keys, const struct import_model *model, size_t index);

/* The batch of one room. The caller sets run, room_id and after, and zeroes the rest. */
struct import_writer {
    struct import_run *run;
    uint64_t room_id;
    uint64_t after;   /* message_count of the room, as far as it is written */
    uint64_t pending; /* messages collected; after a failed flush: those that were not written */
    struct buffer messages, reactions, files;
    int file_error; /* errno if a file could not be copied */
};

/* Adds a message, and writes the batch if it is full. ERROR_CONFLICT: a user has posted in the
 * room. ERROR_INTERNAL with file_error set: a file could not be copied. */
enum error import_writer_add(struct import_writer *writer, struct import_message *message);

/* Writes what was collected, also less than a batch, and empties it whether or not that
 * succeeds. Errors as of import_writer_add. */
enum error import_writer_flush(struct import_writer *writer);

/* Counts the reactions and files of a message that is new, for a dry run. */
enum error import_writer_count(struct import_writer *writer, const struct import_message *message);

/* Frees what was collected, without writing it. */
void import_writer_free(struct import_writer *writer);

#endif
