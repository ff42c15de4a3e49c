/* Lines of fields. They were written by our own statement, so a malformed one is the end. The
 * statement is MESSAGE_COLUMNS: one line for each file, with tabs between its fields. */
#include "store/messages/file_list.h"

static bool read_number(struct text *fields, uint64_t *number) {
    struct text field;
    return text_split(fields, '\t', &field) && text_to_u64(field, number);
}

bool file_list_next(struct text *list, struct file_shown *file) {
    struct text fields, duration;
    /* The order is that of the SQL. The name is last, since it alone may contain a tab. */
    uint64_t state = 0, thumbnail = 0;
    *file = (struct file_shown){.id = 0};
    if (!text_split(list, '\n', &fields) || !read_number(&fields, &file->id) ||
        !read_number(&fields, &state) || !read_number(&fields, &file->size) ||
        !text_split(&fields, '\t', &file->media_type) || !read_number(&fields, &file->width) ||
        !read_number(&fields, &file->height) || !text_split(&fields, '\t', &duration) ||
        !read_number(&fields, &thumbnail) || fields.len == 0)
        return false;
    file->state = (enum file_state)state;
    /* An empty field: no duration. */
    file->has_duration = text_to_u64(duration, &file->duration_ms);
    file->has_thumbnail = thumbnail != 0;
    /* The name is what is left. */
    file->name = fields;
    return true;
}
