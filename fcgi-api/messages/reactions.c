/* /api/chat/rooms/{id}/messages/{id}/reactions/: adding, removing and listing the reactions to a
 * message. */
#include "event/event.h"
#include "event/publish.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "limit.h"
#include "rest/field.h"
#include "rest/page.h"
#include "restriction.h"
#include "store/messages/reaction.h"
#include "unicode/emoji.h"

/* ---- reading ---- */

/* The reaction of one user; the totals are shown with the message. */
static void write_reaction(void *context, const struct reaction *reaction) {
    serialize_reaction(context, reaction);
}

enum error reactions_list(struct exchange *x) {
    struct page page;
    uint64_t count = 0;
    enum error error;
    if (!page_read_in_room(x, &page, &error))
        return error;
    error = reaction_count(x->service->db, x->ids[0], x->ids[1], &count);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    page_begin(x, &w, &page, count, "");
    error = reaction_list(x->service->db, x->ids[0], x->ids[1], page.limit, page.offset,
                          write_reaction, &w);
    page_end(x, &w, &page, count, "");
    return error;
}

/* ---- changing ---- */

/* The event has the totals of all emoji, so that a client needs no earlier state. */
static void publish_reactions(struct exchange *x, const struct reaction_change *change) {
    struct room_event event =
        room_event_of(x, EVENT_REACTIONS_CHANGED, change->seq, x->ids[1]);
    event.has_message = true;
    event.message.reactions = (struct text){change->totals.data, change->totals.len};
    /* The position decides which members see the message, and so the event. */
    if (event.is_bounded)
        message_position(x->service->db, x->ids[0], x->ids[1], &event.message.position);
    publish_room_event(x->service->redis, publisher_of(x), &event, NULL);
}

/* What adding and removing share; `run` is the transaction of either. */
static enum error change_reaction(struct exchange *x, struct text emoji,
                                  enum error run(struct db *db, const struct reaction_key *key,
                                                 struct reaction_change *change)) {
    struct reaction_key key = {
        .room_id = x->ids[0], .message_id = x->ids[1], .user_id = x->identity.user.id};
    struct reaction_change change;
    /* The table of emoji (Unicode) has the one form of each, so that variants count together. */
    if (!emoji_find(emoji, &key.emoji)) {
        field_errors_add(&x->field_errors, "emoji", CODE_INVALID, "This is not one emoji.");
        return ERROR_BAD_INPUT;
    }
    enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    if (error)
        return error;
    /* The row of the user, the totals and the event are one transaction. */
    error = run(x->service->db, &key, &change);
    if (change.too_many)
        field_errors_add(&x->field_errors, "emoji", CODE_TOO_MANY,
                         "The message has %d other emoji already.", REACTION_KINDS_MOST);
    /* Without change the totals are those of now, and the answer the same as the first time. */
    if (!error) {
        struct json_writer w = json_writer_start(&x->response.body);
        serialize_reactions(&w, (struct text){change.totals.data, change.totals.len}, true);
    }
    if (change.changed)
        publish_reactions(x, &change);
    buffer_free(&change.totals);
    return error;
}

enum error reactions_add(struct exchange *x) {
    struct text emoji;
    /* Removing stays possible. */
    if (x->service->config->reactions == CONFIG_OFF)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_REACTIONS_OFF, "Reactions are off.");
    if (!field_text(x, "emoji", &emoji))
        return ERROR_BAD_INPUT;
    const enum error error = restriction_check_age(x);
    return error ? error : change_reaction(x, emoji, reaction_add);
}

enum error reactions_remove(struct exchange *x) {
    struct buffer emoji = BUFFER_EMPTY;
    bool valid;
    enum error error = ERROR_BAD_INPUT;
    if (!request_query(x->request, "emoji", &emoji, &valid))
        field_errors_add(&x->field_errors, "emoji", CODE_REQUIRED, "This field is required.");
    else
        /* A text that is not valid UTF-8 is not an emoji. */
        error =
            change_reaction(x, (struct text){emoji.data, valid ? emoji.len : 0}, reaction_remove);
    buffer_free(&emoji);
    return error;
}
