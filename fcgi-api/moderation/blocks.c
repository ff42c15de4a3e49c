/* /api/chat/blocks/: the users whom the user has blocked. */
#include "event/publish.h"
#include "handlers/handlers.h"
#include "rest/field.h"
#include "rest/page.h"
#include "store/moderation/block.h"
#include "store/rooms/shared_room.h"

/* An item of the list, and the answer to a new block. */
static void write_block(void *context, const struct block *block) {
    struct json_writer *w = context;
    json_write_object(w);
    json_write_member_u64(w, "user_id", block->user_id);
    json_write_member_text(w, "username", block->username);
    json_write_member_time(w, "created_at", block->created_at);
    json_write_object_end(w);
}

enum error blocks_list(struct exchange *x) {
    struct page page;
    uint64_t count = 0;
    if (!page_read(x, PAGE_DEFAULT, &page))
        return ERROR_BAD_INPUT;
    enum error error = block_count(x->service->db, x->identity.user.id, &count);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    page_begin(x, &w, &page, count, "");
    error =
        block_list(x->service->db, x->identity.user.id, page.limit, page.offset, write_block, &w);
    page_end(x, &w, &page, count, "");
    return error;
}

/* ERROR_BAD_INPUT for a guest who cannot know the other user: the answer has a name, by which all
 * users of the site could be listed. */
static enum error check_guest(struct exchange *x, uint64_t user_id) {
    const struct user *user = &x->identity.user;
    bool knows = true;
    enum error error = ERROR_NONE;
    if (user->is_guest && user_id != user->id)
        error = shared_room_knows(x->service->db, user->id, user_id, &knows);
    return error || knows ? error : ERROR_BAD_INPUT;
}

enum error blocks_add(struct exchange *x) {
    uint64_t user_id;
    struct user_change change;
    if (!field_id(x, "user_id", &user_id))
        return ERROR_BAD_INPUT;
    enum error error = check_guest(x, user_id);
    if (!error)
        error = block_add(x->service->db, x->identity.user.id, user_id, &change);
    /* 400, since the user can end another block and try again. */
    if (error == ERROR_CONFLICT) {
        field_errors_add(&x->field_errors, "user_id", CODE_TOO_MANY,
                         "You have blocked " BLOCKS_MOST " users already.");
        return ERROR_BAD_INPUT;
    }
    /* Neither oneself nor a user who does not exist: both are 400 at the field. */
    if (error == ERROR_BAD_INPUT && user_id == x->identity.user.id)
        field_errors_add(&x->field_errors, "user_id", CODE_OWN_USER, "You cannot block yourself.");
    else if (error == ERROR_BAD_INPUT)
        field_errors_add_missing(&x->field_errors, "user_id", user_id);
    if (error)
        return error;
    /* In the user's own stream, so that pushd and the other clients of the user are notified. */
    publish_credentials_changed(x->service->redis, publisher_of(x), &change);
    /* 200: the user was blocked before. */
    x->response.status = change.changed ? 201 : 200;
    struct json_writer w = json_writer_start(&x->response.body);
    return block_get(x->service->db, x->identity.user.id, user_id, write_block, &w);
}

enum error blocks_remove(struct exchange *x) {
    /* In the body, as with POST. */
    uint64_t user_id;
    if (!field_id(x, "user_id", &user_id))
        return ERROR_BAD_INPUT;
    struct user_change change;
    const enum error error =
        block_remove(x->service->db, x->identity.user.id, user_id, &change);
    if (error)
        return error;
    publish_credentials_changed(x->service->redis, publisher_of(x), &change);
    x->response.status = 204;
    return ERROR_NONE;
}
