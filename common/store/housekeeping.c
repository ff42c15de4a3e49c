/* Deleting expired rows: the run is claimed by a row with the time of the last one, so that one
 * process of all hosts runs it; then rows are deleted slice by slice. */
#include "store/housekeeping.h"

#include "base/clock.h"
#include "os/bell_file.h"
#include "store/followers/worker.h"
#include "store/logins/account_mail.h"
#include "store/logins/login_session.h"
#include "store/logins/token.h"
#include "store/messages/clearing.h"
#include "store/messages/file.h"
#include "store/messages/retention.h"
#include "store/moderation/abuse_report.h"
#include "store/moderation/audit_log.h"
#include "store/moderation/held.h"
#include "store/privacy/erasure.h"
#include "store/privacy/guest.h"
#include "store/rate.h"
#include "store/rooms/ban.h"
#include "store/rooms/invite_link.h"
#include "store/rooms/member.h"
#include "store/rooms/room.h"
#include "store/rooms/silence.h"
#include "store/search/search_index.h"
#include "store/site/used_jwt.h"
#include "store/users/user.h"

/* Bells that have not rung for this time are removed, and how many in one step. */
#define BELL_SECONDS (7 * 24 * 60 * 60)
#define BELLS 1000

/* Rows of one slice, few enough that locks are held for milliseconds only. */
#define SLICE 500

/* Messages of a user that are deleted one by one, each in a transaction with its event. */
#define CLEARED 50

/* Files are removed from the disk, too, each by itself. */
#define FILES 50

enum error housekeeping_claim(struct db *db, uint64_t seconds, bool leave_to_workers,
                              bool *claimed) {
    /* The row exists from the first claim on; its first time is in the past, so it is due. */
    static const char FIRST[] =
        "INSERT IGNORE INTO housekeeping (task, ran_at) VALUES ('purge', '2000-01-01')";
    static const char CLAIM[] =
        "UPDATE housekeeping SET ran_at = SYSDATE(6) "
        "WHERE task = 'purge' "
        "AND ran_at NOT BETWEEN SYSDATE(6) - INTERVAL ? SECOND AND SYSDATE(6) "
        "AND NOT (? AND " WORKER_IS_ALIVE ")";
    static const char OLD_NOTES[] = /* of store/server.c */
        "DELETE FROM housekeeping WHERE task LIKE 'redis%' "
        "AND ran_at < SYSDATE(6) - INTERVAL 1 DAY";
    *claimed = false;
    /* A last run in the future is one before the clock was set back; BETWEEN makes it due too. */
    enum error error = db_run(db, FIRST, DB_REPEATABLE, NULL, 0, NULL);
    if (error)
        return error;
    error = DB_RUN(db, CLAIM, DB_REPEATABLE, NULL, db_u64(seconds), db_bool(leave_to_workers));
    /* Only one of several processes changes the row: the UPDATE locks it. */
    *claimed = !error && db_changed(db) > 0;
    if (*claimed)
        error = db_run(db, OLD_NOTES, DB_REPEATABLE, NULL, 0, NULL);
    return error;
}

/* Deletes a slice of each kind of remains. *deleted counts all, so that 0 means that none is
 * left. */
static enum error run_slice(struct db *db, const struct config *config, struct housekeeping *run,
                            uint64_t *deleted) {
    /* Each kind of remains has its own statement; the first error ends the slice. */
    uint64_t events = 0, rooms = 0, sessions = 0, rates = 0, addresses = 0, departures = 0;
    uint64_t tokens = 0, used = 0, files = 0, bans = 0, silences = 0, cleared = 0;
    uint64_t entries = 0, reports = 0, held = 0, erased = 0;
    uint64_t idle_sessions = 0, idle_tokens = 0, mails = 0, links = 0, trimmed = 0, guests = 0;
    enum error error = event_log_purge(db, config->event_retention, SLICE, &run->events, &events);
    if (!error)
        error = room_purge(db, SLICE, &rooms);
    if (!error)
        error = login_session_purge(db, config->session_days, SLICE, &sessions);
    if (!error && config->session_idle_days)
        error = login_session_purge_idle(db, SLICE, &idle_sessions);
    if (!error && config->session_idle_days)
        error = token_purge_idle(db, SLICE, &idle_tokens);
    if (!error)
        error = rate_purge(db, SLICE, &rates);
    if (!error)
        error = user_purge_addresses(db, SLICE, &addresses);
    if (!error)
        error = member_purge_departures(db, SLICE, &departures);
    if (!error)
        error = token_purge(db, SLICE, &tokens);
    if (!error)
        error = account_mail_purge(db, SLICE, &mails);
    if (!error)
        error = used_jwt_purge(db, SLICE, &used);
    if (!error)
        error = retention_step(db, config->message_retention, SLICE, &trimmed);
    /* After the rooms, whose files they are. */
    if (!error)
        error = file_purge(db, config->file_dir, FILES, &files);
    if (!error)
        error = ban_purge(db, SLICE, &bans);
    if (!error)
        error = silence_purge(db, SLICE, &silences);
    if (!error)
        error = clearing_step(db, config->file_dir, CLEARED, &cleared);
    if (!error)
        error = erasure_step(db, config, 0, CLEARED, &erased);
    if (!error)
        error = audit_log_purge(db, config->audit_days, SLICE, &entries);
    if (!error)
        error = abuse_report_purge(db, config->report_days, SLICE, &reports);
    if (!error)
        error = held_purge(db, config->report_days, SLICE, &held);
    if (!error)
        error = invite_link_purge(db, SLICE, &links);
    if (!error)
        error = guest_purge(db, config->guest_days, config->ban_address_days, SLICE, &guests);
    *deleted = events + rooms + sessions + rates + addresses + departures + tokens + used + files +
               bans + silences + cleared + entries + reports + held + erased + idle_sessions +
               idle_tokens + mails + links + trimmed + guests;
    return error;
}

/* Updates the search index. *more: it is not up to date yet. */
static enum error update_search(struct db *db, const struct config *config,
                                struct housekeeping *run, int64_t end_ms, bool *more) {
    const int64_t left = end_ms - clock_monotonic_ms();
    uint64_t deleted = 0;
    enum error error;
    /* With searches switched off the index is deleted, a slice at a time. */
    if (config->search == CONFIG_ON)
        error = search_index_step(db, &run->search, left > 0 ? (uint64_t)left : 0, more);
    else
        error = search_index_purge(db, 0, SLICE, &deleted);
    /* Then the former index, of programs before migration 0033. */
    if (!error && deleted == 0)
        error = search_index_purge_former(db, SLICE, &deleted);
    *more = *more || deleted > 0;
    return error;
}

enum error housekeeping_run(struct db *db, const struct config *config, uint64_t budget_ms,
                            struct housekeeping *run, uint64_t *deleted, bool *finished) {
    const int64_t end = clock_monotonic_ms() + (int64_t)budget_ms;
    enum error error = ERROR_NONE;
    *deleted = 0;
    *finished = false;
    /* The run ends with a slice that finds nothing to delete. */
    while (!error && !*finished && clock_monotonic_ms() < end) {
        uint64_t slice = 0;
        bool more = false;
        error = run_slice(db, config, run, &slice);
        if (!error)
            error = update_search(db, config, run, end, &more);
        *deleted += slice;
        *finished = !error && slice == 0 && run->events.users_done && !more;
    }
    /* Clients that still poll one request its name again. */
    if (*finished && config->bell_dir[0])
        bell_file_clean(config->bell_dir, BELL_SECONDS, BELLS);
    if (error || *finished)
        *run = (struct housekeeping){0};
    return error;
}
