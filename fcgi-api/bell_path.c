/* The path of a bell: that of the site, "bell/", and the name of the file. Before a client gets the
 * path, the file is written if it is missing or outdated. If that fails, the client gets no path
 * and polls the API. */
#include "bell_path.h"

#include "blocked.h"
#include "event/bell.h"
#include "event/serialize.h"

/* Writes the file of a bell and appends its path; appends nothing if that fails. */
static void write_path(struct exchange *x, const struct bell_name *name, uint64_t last_seq,
                       struct buffer *path) {
    const struct text prefix = x->request->prefix;
    char file[BELL_FILE_NAME_SIZE];
    if (!bell_ring(x->service->publisher.bell, name, last_seq))
        return;
    bell_file_name(name, file);
    buffer_append(path, prefix.at, prefix.len);
    buffer_append_str(path, "bell/");
    buffer_append_str(path, file);
}

/* Writes a room as its user sees it: with the bell, and the last message marked if its sender
 * is blocked. */
void bell_path_write_room(struct exchange *x, struct json_writer *w, const struct room *room) {
    struct buffer path = BUFFER_EMPTY;
    struct room shown = *room;
    struct bell_name name = room->state.bell;
    uint64_t last_seq = room->state.last_seq;
    enum error error = ERROR_NONE;
    /* Bells are for members: the path alone shows when the room changes. */
    if (x->service->publisher.bell && room->state.is_member) {
        /* The bell has not been shown to a client before. */
        if (!name.exists)
            error = bell_name_make_of_room(x->service->db, room->state.room_id, &name, &last_seq);
        if (!error)
            write_path(x, &name, last_seq, &path);
        shown.bell = (struct text){path.data, path.len};
    }
    shown.last_message.is_blocked =
        shown.has_last_message && blocked_has(x, shown.last_message.sender_id);
    serialize_room(w, &shown);
    buffer_free(&path);
}

/* Appends nothing without bell_dir, or after an error. */
void bell_path_of_user(struct exchange *x, uint64_t user_id, struct buffer *path) {
    struct bell_name name;
    uint64_t last_seq;
    if (x->service->publisher.bell &&
        !bell_name_make_of_user(x->service->db, user_id, &name, &last_seq))
        write_path(x, &name, last_seq, path);
}
