/* The words of settings, and reading them from a row. */
#include "store/rooms/room_view.h"

static const char *const NOTIFY[] = {[NOTIFY_DEFAULT] = "default",
                                     [NOTIFY_ALL] = "all",
                                     [NOTIFY_MENTIONS] = "mentions",
                                     [NOTIFY_NONE] = "none"};

#define NOTIFY_COUNT (sizeof(NOTIFY) / sizeof(NOTIFY[0]))

const char *notify_name(enum notify notify) {
    /* A number of a newer program is shown as the default. */
    return notify < NOTIFY_COUNT ? NOTIFY[notify] : NOTIFY[NOTIFY_DEFAULT];
}

enum notify notify_of(struct text name) {
    for (unsigned notify = 0; notify < NOTIFY_COUNT; notify++)
        if (text_equals(name, text_of(NOTIFY[notify])))
            return (enum notify)notify;
    return NOTIFY_DEFAULT;
}

struct room_view room_view_from_row(const struct db_rows *rows, unsigned first) {
    /* Without a membership all are NULL: the defaults. */
    return (struct room_view){.notify = (enum notify)db_get_u64(rows, first),
                              .muted_until = db_get_time(rows, first + 1),
                              .is_favorite = db_get_bool(rows, first + 2),
                              .is_hidden = db_get_bool(rows, first + 3)};
}
