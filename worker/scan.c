/* Scans one file at a time. An infected file is removed from the disk first, then recorded, and its
 * message is published as edited. If the worker dies in between, the next one finds no file, which
 * has the same result. */
#include "scan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "db/db.h"
#include "event/event.h"
#include "event/publish.h"
#include "os/file_store.h"
#include "redis/redis_slots.h"
#include "scanner.h"
#include "store/messages/file.h"
#include "store/messages/message.h"

struct scan {
    const struct config *config;
    struct db *db;
    struct redis_client *redis;
    struct bell *bell;
};

struct scan *scan_new(const struct config *config) {
    struct scan *scan = xcalloc(1, sizeof(*scan));
    *scan = (struct scan){.config = config,
                          .db = db_new(config),
                          .redis = redis_client_new(config),
                          .bell = bell_new(config->bell_dir, NULL)};
    return scan;
}

void scan_free(struct scan *scan) {
    db_free(scan->db);
    redis_client_free(scan->redis);
    bell_free(scan->bell);
    free(scan);
}

struct edited {
    struct scan *scan;
    const struct file_scanned *scanned;
    bool is_bounded; /* see struct room_event */
};

/* Publishes the edit: clients replace the message by this one, which has the new state. */
static void publish(void *context, const struct message *message) {
    const struct edited *edited = context;
    struct scan *scan = edited->scan;
    const struct publisher publisher = {scan->config->redis_prefix, scan->bell, scan->db,
                                        redis_slots_are_used(scan->config)};
    const struct room_event event = {.room_id = message->room_id,
                                     .seq = edited->scanned->seq,
                                     .type = EVENT_MESSAGE_EDITED,
                                     .actor_id = message->sender_id,
                                     .actor = message->sender_username,
                                     .subject_id = message->id,
                                     .has_message = true,
                                     .message = *message,
                                     .is_bounded = edited->is_bounded};
    publish_room_event(scan->redis, &publisher, &event, NULL);
}

/* Records the result, and publishes the message if it has changed. */
static void record(struct scan *scan, const struct file *file, bool is_clean) {
    struct file_scanned scanned;
    /* A file that is in no message yet is not shown to others: nothing is published. */
    if (file_scan_record(scan->db, file->id, file->room_id, is_clean, &scanned) ||
        !scanned.message_id)
        return;
    struct room_state room;
    struct edited edited = {scan, &scanned, false};
    if (!room_state_get(scan->db, file->room_id, 0, &room))
        edited.is_bounded = room.is_bounded;
    /* Events show the message as it is now, with the state of its files. */
    message_get(scan->db, file->room_id, scanned.message_id, 0, publish, &edited);
    /* The client buffers messages, and this may be the last one for a long time. */
    redis_client_flush(scan->redis);
}

/* Scans one file. If the scanner fails, the file is scanned again after the claim has expired. */
static void scan_file(struct scan *scan, const struct file *file) {
    const char *folder = scan->config->file_dir, *failure = "";
    char path[FILE_STORE_PATH_SIZE];
    struct buffer whole = BUFFER_EMPTY;
    uint64_t size = 0;
    enum scanner_result result = SCANNER_FOUND;
    /* clamd gets the open file, a command the path. */
    const int fd = file_store_open(folder, file->stored_as, FILE_STORE_WHOLE, &size);
    /* If the file is missing, a worker has removed it and died. Any other cause needs the
     * administrator. */
    if (fd < 0 && errno != ENOENT) {
        log_error("file %" PRIu64 " cannot be scanned: %s", file->id, strerror(errno));
        return;
    }
    file_store_path(file->stored_as, FILE_STORE_WHOLE, path);
    buffer_printf(&whole, "%s/%s", folder, path);
    if (fd >= 0) {
        result = scanner_run(scan->config, buffer_str(&whole), fd, &failure);
        close(fd);
    }
    buffer_free(&whole);
    if (result == SCANNER_FAILED)
        log_error("file %" PRIu64 " could not be scanned: %s", file->id, failure);
    /* A file that is missing counts as found: the former worker removed it, and only the record is
     * left to do. */
    if (result == SCANNER_FOUND)
        log_warn("file %" PRIu64 " of user %" PRIu64 " is removed: the scanner reports a virus",
                 file->id, file->user_id);
    if (result == SCANNER_FOUND && !file_store_remove(folder, file->stored_as))
        log_error("file %" PRIu64 " cannot be removed: %s", file->id, strerror(errno));
    else if (result != SCANNER_FAILED)
        record(scan, file, result == SCANNER_CLEAN);
}

bool scan_do_one(void *context) {
    struct scan *scan = context;
    struct file file;
    /* Without a scanner there is never a file to scan, so that --once does not wait. */
    if (!scanner_is_configured(scan->config) || !scan->config->file_dir[0])
        return false;
    /* The claim keeps other workers from the file. An error counts as no file: the next tick calls
     * again. */
    if (file_scan_claim(scan->db, &file))
        return false;
    scan_file(scan, &file);
    return true;
}
