/* POST messages/{id}/report/, and /api/chat/reports/: messages that members report, and what
 * moderators do with them. */
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "limit.h"
#include "rest/field.h"
#include "rest/page.h"
#include "store/moderation/abuse_report.h"

/* ---- writing ---- */

/* A report and what is around its message; `message` and `neighbours` have their JSON. */
struct shown {
    const struct abuse_report *report;
    struct buffer message, neighbours;
    struct json_writer w; /* of neighbours */
};

/* Visits the reported message and its neighbours in the order of the room: the message goes to
 * one text, the neighbours to another. */
static void note_message(void *context, const struct message *message) {
    struct shown *shown = context;
    if (message->id != shown->report->message_id) {
        serialize_message_in_event(&shown->w, message);
        return;
    }
    struct json_writer w = json_writer_start(&shown->message);
    serialize_message_in_event(&w, message);
}

/* The fields that the reporter sees, too. */
static void write_fields(struct json_writer *w, const struct abuse_report *report) {
    json_write_member_u64(w, "report_id", report->id);
    json_write_member_u64(w, "room_id", report->room_id);
    json_write_member_u64(w, "message_id", report->message_id);
    json_write_member_id(w, "reporter_id", report->reporter_id);
    json_write_member_u64(w, "sender_id", report->sender_id);
    json_write_member_str(w, "reason", report_reason_name(report->reason));
    json_write_member_text_or_null(w, "note", report->note);
    json_write_member_str(w, "state", report_state_name(report->state));
    json_write_member_time(w, "created_at", report->created_at);
}

/* For moderators: the words as they were, the message as it is, and its neighbours. */
static enum error write_whole(struct exchange *x, struct json_writer *w,
                              const struct abuse_report *report) {
    struct shown shown = {.report = report};
    /* Collected before the object is begun: one statement visits both, the answer has them
     * apart. */
    shown.w = json_writer_start(&shown.neighbours);
    json_write_array(&shown.w);
    const enum error error = abuse_report_context(x->service->db, report, note_message, &shown);
    json_write_array_end(&shown.w);
    json_write_object(w);
    write_fields(w, report);
    json_write_member_text(w, "content", report->content);
    json_write_member_id(w, "handled_by_id", report->handled_by_id);
    json_write_member_time_or_null(w, "handled_at", report->handled_at);
    json_write_key(w, "message");
    /* null: the message is not stored any more. Its words are in `content` all the same. */
    if (shown.message.len > 0)
        json_write_raw(w, shown.message.data, shown.message.len);
    else
        json_write_null(w);
    json_write_key(w, "neighbours");
    json_write_raw(w, shown.neighbours.data, shown.neighbours.len);
    json_write_object_end(w);
    buffer_free(&shown.message);
    buffer_free(&shown.neighbours);
    return error;
}

/* ---- reporting ---- */

/* The answer to the reporter, without what is for moderators only. */
static void send_own(void *context, const struct abuse_report *report) {
    struct exchange *x = context;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    write_fields(&w, report);
    json_write_object_end(&w);
}

enum error reports_add(struct exchange *x) {
    struct abuse_report_change change;
    struct text reason, note = {"", 0};
    field_text(x, "reason", &reason);
    field_text(x, "note", &note);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    const struct user *user = &x->identity.user;
    /* Each report disturbs all moderators. */
    enum error error = limit_take_user(x, LIMIT_REPORTS, user->id);
    if (error)
        return error;
    error = abuse_report_add(x->service->db, x->ids[0], user->id, x->ids[1],
                             report_reason_of(reason), note, &change);
    /* Nothing was sent to moderators: the report existed, or it failed. */
    if (!change.changed)
        limit_give_back_user(x, LIMIT_REPORTS, user->id);
    /* The status stays 200 if the user has reported the message before; then that report is
     * shown, whatever reason this request has. */
    if (!error)
        error = abuse_report_get_own(x->service->db, change.report_id, user->id, send_own, x);
    if (!error && change.changed) {
        x->response.status = 201;
        publish_report_created(x->service->redis, publisher_of(x), x->ids[0], change.report_id,
                               user->id, (struct text){change.streams.data, change.streams.len});
    }
    buffer_free(&change.streams);
    return error;
}

/* ---- moderators ---- */

struct listing {
    struct exchange *x;
    struct json_writer *w;
    struct page *page;
    enum error error;
};

/* Adds a report with its neighbours to the page. */
static void list_report(void *context, const struct abuse_report *report) {
    struct listing *listing = context;
    const size_t len = listing->w->out->len;
    /* A visitor cannot end the statement: it skips what comes after an error or a full page. A
     * report takes a statement of its own for its neighbours. */
    if (listing->error || listing->page->is_full)
        return;
    listing->error = write_whole(listing->x, listing->w, report);
    page_keep(listing->page, listing->w, len);
}

/* The same rule for lists and for one report. */
static struct abuse_report_filter filter_of(const struct exchange *x) {
    return (struct abuse_report_filter){.user_id = x->identity.user.id,
                                        .is_site_moderator = x->identity.user.is_moderator};
}

/* Reads the parameter `state`. */
static void read_state(struct exchange *x, struct abuse_report_filter *filter) {
    struct buffer value = BUFFER_EMPTY;
    bool valid;
    if (request_query(x->request, "state", &value, &valid)) {
        const struct text name = {buffer_str(&value), value.len};
        filter->has_state = true;
        filter->state = report_state_of(name);
        /* An unknown word is read as "open": comparing with the name finds it. */
        if (!valid || !text_equals(name, text_of(report_state_name(filter->state))))
            field_errors_add(&x->field_errors, "state", CODE_INVALID_CHOICE,
                             "One of open, handled and dismissed is required.");
    }
    buffer_free(&value);
}

enum error reports_list(struct exchange *x) {
    struct abuse_report_filter filter = filter_of(x);
    struct page page;
    uint64_t count = 0;
    page_read(x, PAGE_DEFAULT, &page);
    read_state(x, &filter);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    /* Reports are deleted after report_days, so that counting them is affordable. */
    enum error error = abuse_report_count(x->service->db, &filter, &count);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    struct listing listing = {x, &w, &page, ERROR_NONE};
    page_begin(x, &w, &page, count, "state");
    error =
        abuse_report_list(x->service->db, &filter, page.limit, page.offset, list_report, &listing);
    page_end(x, &w, &page, count, "state");
    return error ? error : listing.error;
}

/* Answers with one report. */
static void send_whole(void *context, const struct abuse_report *report) {
    struct listing *listing = context;
    struct json_writer w = json_writer_start(&listing->x->response.body);
    listing->error = write_whole(listing->x, &w, report);
}

/* Only the room is needed, for the events of its moderators. */
static void keep_room(void *context, const struct abuse_report *report) {
    *(uint64_t *)context = report->room_id;
}

enum error reports_update(struct exchange *x) {
    const struct abuse_report_filter filter = filter_of(x);
    struct listing listing = {.x = x};
    struct abuse_report_change change = {.streams = BUFFER_EMPTY};
    const uint64_t user_id = x->identity.user.id;
    uint64_t room_id = 0;
    struct text state;
    if (!field_text(x, "state", &state))
        return ERROR_BAD_INPUT;
    /* Whether the user sees the report, and in which room it is: 404 for reports of rooms that
     * the user does not moderate. */
    enum error error = abuse_report_get(x->service->db, &filter, x->ids[0], keep_room, &room_id);
    if (!error)
        error = abuse_report_set_state(x->service->db, x->ids[0], user_id, report_state_of(state),
                                       &change);
    /* The lists of the other moderators change, too. */
    if (!error)
        publish_moderation_changed(x->service->redis, publisher_of(x), room_id, user_id,
                                   (struct text){change.streams.data, change.streams.len});
    buffer_free(&change.streams);
    /* Read again, since the database has set handled_by_id and handled_at. */
    if (!error)
        error = abuse_report_get(x->service->db, &filter, x->ids[0], send_whole, &listing);
    return error ? error : listing.error;
}
