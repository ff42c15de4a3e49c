/* /api/chat/rooms/{id}/silence/: moderators forbid a member to write for some time; and their lists
 * of silenced users. */
#include "event/event.h"
#include "event/publish.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "limit.h"
#include "moderation/moderated.h"
#include "rest/field.h"
#include "rest/page.h"
#include "store/rooms/silence.h"

/* Publishes silence_changed to the user; until 0: the silence was ended. */
static void publish_change(struct exchange *x, uint64_t user_id, uint64_t seq, int64_t until) {
    const struct user *actor = &x->identity.user;
    struct buffer json = BUFFER_EMPTY;
    serialize_silence_changed(&json, seq, x->ids[0], until);
    publish_user_event(x->service->redis, publisher_of(x), user_id, EVENT_SILENCE_CHANGED, seq,
                       actor->id, actor->name, x->ids[0], (struct text){json.data, json.len});
    buffer_free(&json);
}

enum error silences_add(struct exchange *x) {
    struct silence_change change;
    uint64_t user_id, minutes;
    field_id(x, "user_id", &user_id);
    field_number(x, "minutes", &minutes);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    /* It makes an event in the member's own stream, so it counts like a message. */
    enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    if (error)
        return error;
    error = silence_add(x->service->db, x->ids[0], x->identity.user.id, user_id, minutes, &change);
    if (change.refusal == MEMBER_REFUSAL_ROLE)
        return exchange_fail(x, error, CODE_ROLE_TOO_HIGH, "The user's role is not lower.");
    if (error)
        return error;
    publish_change(x, user_id, change.user_seq, change.until);
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_u64(&w, "user_id", user_id);
    json_write_member_time(&w, "until", change.until);
    json_write_object_end(&w);
    return ERROR_NONE;
}

enum error silences_remove(struct exchange *x) {
    uint64_t user_id, user_seq = 0;
    if (!field_id(x, "user_id", &user_id))
        return ERROR_BAD_INPUT;
    enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    if (!error)
        error = silence_remove(x->service->db, x->ids[0], x->identity.user.id, user_id, &user_seq);
    if (error)
        return error;
    /* 0: nothing was changed, or the number is unknown, as the statement was repeated. The gap
     * check of pushd finds the event, and the bell gets the number that the database has. */
    if (user_seq)
        publish_change(x, user_id, user_seq, 0);
    else
        bell_ring_user(publisher_of(x)->bell, x->service->db, user_id);
    x->response.status = 204;
    return ERROR_NONE;
}

/* ---- lists ---- */

static void write_silence(void *context, const struct silence *silence) {
    struct json_writer *w = context;
    json_write_object(w);
    json_write_member_u64(w, "room_id", silence->room_id);
    json_write_member_u64(w, "user_id", silence->user_id);
    json_write_member_text(w, "username", silence->username);
    json_write_member_id(w, "silenced_by_id", silence->silenced_by_id);
    json_write_member_time_or_null(w, "created_at", silence->created_at);
    json_write_member_time(w, "until", silence->until);
    json_write_object_end(w);
}

enum error silences_list(struct exchange *x) {
    struct page page;
    uint64_t count = 0;
    if (!page_read(x, PAGE_DEFAULT, &page))
        return ERROR_BAD_INPUT;
    enum error error = silence_count(x->service->db, x->ids[0], &count);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    page_begin(x, &w, &page, count, "");
    error = silence_list(x->service->db, x->ids[0], page.limit, page.offset, write_silence, &w);
    page_end(x, &w, &page, count, "");
    return error;
}

/* Writes a page of those in all rooms that the user moderates. */
static enum error write_moderated(struct exchange *x, const struct page *page,
                                  struct json_writer *w) {
    const struct user *user = &x->identity.user;
    return silence_list_moderated(x->service->db, user->id, user->is_moderator, page->limit,
                                  page->offset, write_silence, w);
}

enum error silences_all(struct exchange *x) {
    return moderated_list(x, silence_count_moderated, write_moderated);
}
