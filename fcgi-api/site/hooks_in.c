/* POST /api/hooks/in/SECRET/: a program of the site posts a message as the bot of its hook. It
 * sends what many programs send to chats: {"text"}, or {"content"}, or a form with such JSON in
 * "payload". The address is the credential; it is in no log. */
#include <json-c/json.h>

#include "event/event.h"
#include "event/publish.h"
#include "filter.h"
#include "handlers/handlers.h"
#include "json/json_validate.h"
#include "limit.h"
#include "moderation/held.h"
#include "rest/field.h"
#include "store/followers/hook.h"
#include "store/messages/message.h"
#include "unicode/word_filter.h"

/* The segment of the path after api/hooks/in. */
#define SECRET_SEGMENT 3

/* The same error for text that is not JSON and for JSON that is not an object. */
static enum error refuse_payload(struct exchange *x) {
    field_errors_add(&x->field_errors, "payload", CODE_PARSE_ERROR, "Not a valid JSON object.");
    return ERROR_BAD_INPUT;
}

/* Replaces the fields by those of the object in the text of "payload", if there is one. */
static enum error open_payload(struct exchange *x) {
    struct json_object *payload;
    if (!json_object_object_get_ex(x->fields, "payload", &payload))
        return ERROR_NONE;
    if (!payload) {
        field_errors_add(&x->field_errors, "payload", CODE_NULL, "This field may not be null.");
        return ERROR_BAD_INPUT;
    }
    if (!json_object_is_type(payload, json_type_string))
        return refuse_payload(x);
    const char *text = json_object_get_string(payload);
    const size_t len = (size_t)json_object_get_string_len(payload);
    /* json-c sees only what json_validate accepts; then the NUL after it is parsed, too, which
     * ends a number. */
    if (json_validate(text, len, NULL))
        return refuse_payload(x);
    struct json_tokener *tokener = json_tokener_new_ex(JSON_VALIDATE_MAX_DEPTH + 2);
    struct json_object *object =
        tokener ? json_tokener_parse_ex(tokener, text, (int)len + 1) : NULL;
    json_tokener_free(tokener);
    if (!json_object_is_type(object, json_type_object)) {
        json_object_put(object);
        return refuse_payload(x);
    }
    /* The exchange owns its fields: the former ones end here, and the text of `payload` with
     * them. */
    json_object_put(x->fields);
    x->fields = object;
    return ERROR_NONE;
}

/* The event of a post, made from the draft, so that nothing is read again. */
static void publish(struct exchange *x, const struct hook_in *hook,
                    const struct message_draft *draft, const struct message_change *change) {
    const struct text name = text_of(x->identity.user.name);
    const struct room_event event = {.room_id = hook->room_id,
                                     .seq = change->seq,
                                     .type = EVENT_NEW_MESSAGE,
                                     .actor_id = hook->user_id,
                                     .actor = name,
                                     .subject_id = change->message_id,
                                     .has_message = true,
                                     .message = {.id = change->message_id,
                                                 .room_id = hook->room_id,
                                                 .position = change->position,
                                                 .sender_id = hook->user_id,
                                                 .sender_username = name,
                                                 .content = draft->content,
                                                 .type = draft->type,
                                                 .created_at = change->at},
                                     .bell = &change->bell};
    publish_room_event(x->service->redis, publisher_of(x), &event, NULL);
}

/* What the program gets is the same for a message that is held, but for its status: it does not
 * see the draft. */
static enum error hold(struct exchange *x, const struct message_draft *draft) {
    const enum error error = held_hold(x, draft, 0);
    buffer_clear(&x->response.body);
    if (!error)
        buffer_append_str(&x->response.body, "{}");
    return error;
}

/* Posts what another program has sent by the address of a hook, as the bot of the hook. */
static enum error post(struct exchange *x, const struct hook_in *hook, struct text content,
                       const struct filtered *filtered) {
    const struct message_draft draft = {.room_id = hook->room_id,
                                        .sender_id = hook->user_id,
                                        .content = content,
                                        .type = MESSAGE_TEXT};
    struct message_change change;
    /* The path has no room: that of the hook takes its place. */
    x->ids[0] = hook->room_id;
    if (filtered->actions & WORD_HOLD)
        return hold(x, &draft);
    const enum error error = message_post(x->service->db, &draft, &change);
    if (error)
        return error;
    filter_report(x, filtered, change.message_id);
    /* 0: this process does not know the number (a repeated statement); pushd finds the event. */
    if (change.seq)
        publish(x, hook, &draft, &change);
    buffer_append_str(&x->response.body, "{}");
    return ERROR_NONE;
}

enum error hooks_in_post(struct exchange *x) {
    unsigned char hash[SECRET_HASH_SIZE];
    struct hook_in hook;
    struct user *user = &x->identity.user;
    struct text content;
    /* A path that cannot be a secret is not looked up. 404, as for a secret that is unknown. */
    if (!secret_hash_key(x->request->segments[SECRET_SEGMENT], hash))
        return ERROR_NOT_FOUND;
    enum error error = hook_in_find(x->service->db, hash, &hook);
    /* The bot is the user of this request: in limits, the filter and the event. */
    if (!error)
        error = user_by_id(x->service->db, hook.user_id, user, NULL);
    if (!error)
        error = open_payload(x);
    if (error)
        return error;
    /* "content" goes first, as the name in this API. */
    const bool has_content = json_object_object_get_ex(x->fields, "content", NULL);
    const char *name = has_content ? "content" : "text";
    const bool has_text = field_text(x, name, &content);
    /* One of the two is required. */
    if (!has_text && field_errors_none(&x->field_errors))
        field_errors_add(&x->field_errors, name, CODE_REQUIRED, "This field is required.");
    if (!has_text)
        return ERROR_BAD_INPUT;
    /* Only valid requests count as messages. */
    error = limit_take_user(x, LIMIT_MESSAGES, user->id);
    if (error)
        return error;
    struct filtered filtered;
    error = filter_text(x, name, &content, &filtered);
    if (!error)
        error = post(x, &hook, content, &filtered);
    filter_free(&filtered);
    return error;
}
