#include "store/room_row.h"

/* Names a direct room after `other_id`, or notes that one's name. */
static bool name_direct(struct user_names *names, uint64_t other_id, struct text *name) {
    if (name->len > 0)
        user_names_note(names, other_id, *name);
    else
        *name = user_names_find(names, other_id);
    return name->at != NULL;
}

bool room_row_read(const struct db_rows *rows, unsigned first, struct user_names *names,
                   struct room *room) {
    room->name = db_get_text(rows, first);
    room->created_by_id = db_get_u64(rows, first + 1);
    room->has_last_message =
        message_from_row(rows, first + 3, room->state.room_id, &room->last_message);
    if (!names)
        return true;
    if (room->has_last_message && !message_name(names, &room->last_message))
        return false;
    return !room->state.is_direct || name_direct(names, db_get_u64(rows, first + 2), &room->name);
}
