/* The JSON of batches, and copying files into file_dir: the row before the bytes, so that a killed
 * import leaves a row that expires, and no bytes without one. */
#include "import/import_batch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json/json_writer.h"
#include "os/file_store.h"
#include "secrets/secret.h"
#include "store/messages/file.h"
#include "store/messages/message.h"
#include "store/messages/reaction.h"

/* A batch has at most this number of messages, and about this number of bytes. */
#define BATCH_MESSAGES 500
#define BATCH_BYTES ((size_t)1024 * 1024)

#define UNKNOWN_TYPE "application/octet-stream"

/* The column client_id of a message. */
static void key_of(const struct import_model *model, const struct import_message *message,
                   char key[IMPORT_KEY_SIZE]) {
    /* The same message has the same key in each run, which is how it is found again. */
    import_key(model->source, message->room, message->id, key);
}

void import_batch_key(struct buffer *keys, const struct import_model *model, size_t index) {
    const struct import_message *message = &model->messages.items[index];
    struct json_writer w = json_writer_start(keys);
    char key[IMPORT_KEY_SIZE];
    key_of(model, message, key);
    /* The list begins with its bracket. */
    if (keys->len > 1)
        buffer_append_char(keys, ',');
    json_write_array(&w);
    /* The number comes back with the position (found_message). */
    json_write_u64(&w, index);
    json_write_u64(&w, model->users.items[message->user_index].user_id);
    json_write_str(&w, key);
    json_write_array_end(&w);
}

/* ---- files ---- */

/* Copies bytes; false with errno. */
static bool copy(int from, int to) {
    char bytes[65536];
    ssize_t got;
    /* 64 KiB at a time; a write may take less than it was given. */
    while ((got = read(from, bytes, sizeof(bytes))) > 0)
        for (ssize_t at = 0, wrote; at < got; at += wrote)
            if ((wrote = write(to, bytes + at, (size_t)(got - at))) <= 0)
                return false;
    /* The bytes are on disk before the row says that they are there. */
    return got == 0 && fsync(to) == 0;
}

/* Copies an open file into the store. False: errno is set. */
static bool copy_into(const char *folder, const char *name, int from) {
    const int to = file_store_create(folder, name);
    if (to < 0)
        return false;
    const bool done = copy(from, to);
    /* A failure of close may be that of an earlier write. */
    return close(to) == 0 && done;
}

/* The type that the export names, if it is one that browsers show; else UNKNOWN_TYPE. */
static struct text type_of(struct text type) {
    return file_is_shown(type) ? type : text_of(UNKNOWN_TYPE);
}

/* Copies a file of the archive into the store, under a row that announces it. */
static enum error add_file(struct import_writer *writer, const struct import_message *message,
                           const struct import_file *file, uint64_t *file_id) {
    const struct cli *cli = writer->run->cli;
    const struct import_model *model = writer->run->model;
    char stored_as[FILE_STORE_NAME_SIZE];
    struct stat status = {.st_size = 0};
    /* A new name in each run: the files of messages that are there already are not copied again. */
    secret_random_hex(stored_as, (sizeof(stored_as) - 1) / 2);
    /* open needs a terminated path. */
    char *path = strndup(file->path.at, file->path.len);
    const int from = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    /* open and fstat alone decide, so that nothing changes between a check and the use. */
    free(path);
    if (from < 0 || fstat(from, &status) != 0) {
        writer->file_error = errno;
        if (from >= 0)
            close(from);
        return ERROR_INTERNAL;
    }
    const struct import_file_row row = {.room_id = writer->room_id,
                                        .user_id = model->users.items[message->user_index].user_id,
                                        .stored_as = stored_as,
                                        .name = file->name.len > 0 ? file->name : text_of("file"),
                                        .media_type = type_of(file->media_type),
                                        .size = (uint64_t)status.st_size};
    /* The row first, in the state of an upload that is not finished. */
    enum error error = import_announce_file(cli->db, &row, file_id);
    if (!error && !copy_into(cli->config.file_dir, stored_as, from)) {
        writer->file_error = errno;
        error = ERROR_INTERNAL;
    }
    close(from);
    return error;
}

/* Copies the files of a message; *is_image: all are shown by browsers. */
static enum error add_files(struct import_writer *writer, const struct import_message *message,
                            bool *is_image) {
    const struct import_model *model = writer->run->model;
    enum error error = ERROR_NONE;
    *is_image = true;
    for (size_t i = 0; !error && i < message->file_count; i++) {
        const struct import_file *file = &model->files.items[message->first_file + i];
        uint64_t file_id = 0;
        error = add_file(writer, message, file, &file_id);
        *is_image = *is_image && file_is_shown(file->media_type);
        /* Message number, file and place: numbers of messages in a batch begin with 1. */
        buffer_printf(&writer->files, "%s[%llu,%llu,%zu]", writer->files.len > 0 ? "," : "[",
                      (unsigned long long)writer->pending + 1, (unsigned long long)file_id, i + 1);
        writer->run->files++;
    }
    return error;
}

/* ---- messages ---- */

/* Adds the reactions; a message has a limited number of emoji, and each user each of them once. */
static void add_reactions(struct import_writer *writer, const struct import_message *message,
                          struct buffer *out, uint64_t number) {
    struct import_model *model = writer->run->model;
    const struct import_reaction *reactions = model->reactions.items + message->first_reaction;
    struct text kinds[REACTION_KINDS_MOST];
    size_t count = 0;
    for (size_t i = 0; i < message->reaction_count; i++) {
        /* The kinds that this message has so far. */
        size_t kind = 0;
        while (kind < count && !text_equals(kinds[kind], reactions[i].emoji))
            kind++;
        /* Unknown users cannot have reactions here; the rest over the limit is left out, and
         * counted. */
        if (reactions[i].user_index == IMPORT_NONE || kind == REACTION_KINDS_MOST) {
            import_note(model, "reactions of unknown users, or of too many kinds", 1);
            continue;
        }
        if (kind == count)
            kinds[count++] = reactions[i].emoji;
        writer->run->reactions++;
        /* NULL in a dry run: only counted. */
        if (!out)
            continue;
        struct json_writer w = json_writer_start(out);
        buffer_append_char(out, out->len > 0 ? ',' : '[');
        json_write_array(&w);
        json_write_u64(&w, number);
        json_write_text(&w, reactions[i].emoji);
        json_write_u64(&w, model->users.items[reactions[i].user_index].user_id);
        json_write_array_end(&w);
    }
}

/* The type of a message as it would have got by being posted. */
static enum message_type type_of_message(const struct import_message *message, bool is_image) {
    /* As for posts: files decide the type. */
    if (message->file_count > 0)
        return is_image ? MESSAGE_IMAGE : MESSAGE_FILE;
    return message->is_system ? MESSAGE_SYSTEM : MESSAGE_TEXT;
}

/* 0 stands for no number. */
static void write_number(struct json_writer *w, int64_t number) {
    /* Times and positions are above 0; null stands for none. */
    if (number > 0)
        json_write_u64(w, (uint64_t)number);
    else
        json_write_null(w);
}

enum error import_writer_count(struct import_writer *writer, const struct import_message *message) {
    /* As import_writer_add counts them. */
    add_reactions(writer, message, NULL, 0);
    writer->run->files += message->file_count;
    return ERROR_NONE;
}

enum error import_writer_add(struct import_writer *writer, struct import_message *message) {
    const struct import_model *model = writer->run->model;
    char key[IMPORT_KEY_SIZE];
    bool is_image;
    /* Files are copied before their message is in the database. */
    const enum error error = add_files(writer, message, &is_image);
    if (error)
        return error;
    key_of(model, message, key);
    buffer_append_char(&writer->messages, writer->pending > 0 ? ',' : '[');
    struct json_writer w = json_writer_start(&writer->messages);
    /* The order is that of struct import_batch. */
    json_write_array(&w);
    json_write_u64(&w, model->users.items[message->user_index].user_id);
    json_write_u64(&w, type_of_message(message, is_image));
    write_number(&w, message->at);
    write_number(&w, message->edited_at);
    json_write_str(&w, key);
    json_write_text(&w, message->content);
    /* The parent was written before, or is in this batch, and has its position. */
    write_number(&w, message->parent_index == IMPORT_NONE
                         ? 0
                         : (int64_t)model->messages.items[message->parent_index].position);
    json_write_array_end(&w);
    /* Counted from 1 in the batch. */
    writer->pending++;
    add_reactions(writer, message, &writer->reactions, writer->pending);
    /* Known before it is written, since the batch is refused if the room has changed. */
    message->position = writer->after + writer->pending;
    return writer->pending == BATCH_MESSAGES || writer->messages.len > BATCH_BYTES
               ? import_writer_flush(writer)
               : ERROR_NONE;
}

static struct text end_list(struct buffer *list) {
    buffer_append_str(list, list->len > 0 ? "]" : "[]");
    return (struct text){list->data, list->len};
}

enum error import_writer_flush(struct import_writer *writer) {
    if (writer->pending == 0)
        return ERROR_NONE;
    const struct config *config = &writer->run->cli->config;
    const struct import_batch batch = {.room_id = writer->room_id,
                                       .after = writer->after,
                                       .count = writer->pending,
                                       /* With a scanner imported files are scanned like uploads. */
                                       .scan = config->scan_command[0] || config->scan_socket[0],
                                       .messages = end_list(&writer->messages),
                                       .reactions = end_list(&writer->reactions),
                                       .files = end_list(&writer->files)};
    const enum error error = import_messages(writer->run->cli->db, &batch);
    /* Emptied after a failure, too: the run ends then. */
    buffer_clear(&writer->messages);
    buffer_clear(&writer->reactions);
    buffer_clear(&writer->files);
    /* After a failure `pending` says how many were not written. */
    if (!error) {
        writer->after += writer->pending;
        writer->pending = 0;
    }
    return error;
}

void import_writer_free(struct import_writer *writer) {
    buffer_free(&writer->messages);
    buffer_free(&writer->reactions);
    buffer_free(&writer->files);
}
