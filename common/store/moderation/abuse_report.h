/*
 * abuse_report: messages that members have reported to the moderators of the room, or, if it is
 * direct, to site moderators. A report keeps the words of the message as they were.
 */
#ifndef CONFAB_COMMON_STORE_MODERATION_ABUSE_REPORT_H
#define CONFAB_COMMON_STORE_MODERATION_ABUSE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "db/db.h"
#include "store/messages/message.h"

/* The numbers are stored. */
enum report_reason { REPORT_SPAM = 1, REPORT_ABUSE, REPORT_ILLEGAL, REPORT_OTHER };
enum report_state { REPORT_OPEN, REPORT_HANDLED, REPORT_DISMISSED };

/* The words of the API, and the number of a word, which must be one of them. A number that this
 * version does not know is "other", or "open". */
const char *report_reason_name(enum report_reason reason);
enum report_reason report_reason_of(struct text name);
const char *report_state_name(enum report_state state);
enum report_state report_state_of(struct text name);

struct abuse_report {
    uint64_t id, room_id, message_id, sender_id;
    uint64_t reporter_id; /* 0: the word filter */
    enum report_reason reason;
    enum report_state state;
    struct text note;    /* empty: none */
    struct text content; /* the words of the message when it was reported */
    int64_t created_at;
    int64_t handled_at; /* 0: it is open */
    uint64_t handled_by_id;
};

typedef void abuse_report_visit(void *context, const struct abuse_report *report);

struct abuse_report_change {
    bool changed; /* false: the user has reported the message before */
    uint64_t report_id;
    struct buffer streams; /* "<user id>:<seq>,...": report_created in the streams of moderators */
};

/* Reports a message. ERROR_NOT_FOUND: no such message, or it is deleted; ERROR_FORBIDDEN: not a
 * member. The caller frees change->streams. */
enum error abuse_report_add(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                           enum report_reason reason, struct text note,
                           struct abuse_report_change *change);

/* The same for the word filter: the report has no reporter, and the reason "other". */
enum error abuse_report_add_by_filter(struct db *db, uint64_t room_id, uint64_t message_id,
                                      struct abuse_report_change *change);

/* Which reports a user sees: those of rooms that it moderates; a site moderator all. */
struct abuse_report_filter {
    uint64_t user_id;
    bool is_site_moderator;
    bool has_state;
    enum report_state state;
};

/* Visits a page of them, the latest first; and their number. */
enum error abuse_report_list(struct db *db, const struct abuse_report_filter *filter,
                             uint64_t limit, uint64_t offset, abuse_report_visit *visit,
                             void *context);
enum error abuse_report_count(struct db *db, const struct abuse_report_filter *filter,
                              uint64_t *count);

/* Visits one report that the user sees; ERROR_NOT_FOUND if there is none. */
enum error abuse_report_get(struct db *db, const struct abuse_report_filter *filter,
                            uint64_t report_id, abuse_report_visit *visit, void *context);

/* The same for the reporter. */
enum error abuse_report_get_own(struct db *db, uint64_t report_id, uint64_t user_id,
                          abuse_report_visit *visit, void *context);

/* Sets the state, in the name of a moderator who sees the report. change->streams lists the events
 * moderation_changed; the caller frees it. */
enum error abuse_report_set_state(struct db *db, uint64_t report_id, uint64_t user_id,
                                  enum report_state state, struct abuse_report_change *change);

/* Visits the reported message and up to REPORT_NEIGHBOURS messages on each side of it, oldest
 * first. */
#define REPORT_NEIGHBOURS "2"
enum error abuse_report_context(struct db *db, const struct abuse_report *report,
                                message_visit *visit, void *context);

/* Deletes up to `limit` reports that are older than this; *deleted counts them. */
enum error abuse_report_purge(struct db *db, uint64_t days, uint64_t limit, uint64_t *deleted);

#endif
