/* /api/auth/sessions/: the tokens and login sessions of the user. They are two tables with ids of
 * their own, so an id here has a letter before it: t12 is a token, s7 a login session. */
#include <inttypes.h>
#include <stdio.h>

#include "auth.h"
#include "event/publish.h"
#include "handlers/handlers.h"
#include "rest/page.h"
#include "store/logins/login_session.h"
#include "store/logins/session_list.h"
#include "store/logins/token.h"

struct listing {
    const struct identity *identity;
    struct json_writer *w;
};

/* Neither keys nor hashes: an entry is known by id and times. */
static void write_entry(void *context, const struct session_entry *entry) {
    const struct listing *listing = context;
    const struct identity *identity = listing->identity;
    struct json_writer *w = listing->w;
    char id[24];
    snprintf(id, sizeof(id), "%c%" PRIu64, entry->is_token ? 't' : 's', entry->id);
    json_write_object(w);
    json_write_member_str(w, "session_id", id);
    json_write_member_str(w, "kind", entry->is_token ? "token" : "session");
    json_write_member_time(w, "created_at", entry->created_at);
    json_write_member_time_or_null(w, "last_used_at", entry->last_used_at);
    /* One of the ids of the identity is 0, which no entry has. */
    json_write_member_bool(
        w, "current", entry->id == (entry->is_token ? identity->token_id : identity->session_id));
    json_write_object_end(w);
}

/* Two tables in one list, the latest first. */
enum error sessions_list(struct exchange *x) {
    const uint64_t user_id = x->identity.user.id;
    struct page page;
    uint64_t count = 0;
    if (!page_read(x, PAGE_DEFAULT, &page))
        return ERROR_BAD_INPUT;
    enum error error = session_list_count(x->service->db, user_id, &count);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    struct listing listing = {&x->identity, &w};
    page_begin(x, &w, &page, count, "");
    error = session_list(x->service->db, user_id, page.limit, page.offset, write_entry, &listing);
    page_end(x, &w, &page, count, "");
    return error;
}

/* After a change: makes pushd check the credentials of open sockets. */
static enum error send_ended(struct exchange *x, const struct user_change *change) {
    publish_credentials_changed(x->service->redis, publisher_of(x), change);
    x->response.status = 204;
    return ERROR_NONE;
}

/* All but the one of this request, for users who have lost a device. */
enum error sessions_end_others(struct exchange *x) {
    struct user_change change;
    const struct identity *identity = &x->identity;
    const enum error error = user_end_credentials(
        x->service->db, identity->user.id, identity->token_id, identity->session_id, &change);
    return error ? error : send_ended(x, &change);
}

enum error sessions_end(struct exchange *x) {
    const bool is_token = x->credential_kind == 't';
    const uint64_t id = x->ids[0];
    struct db *db = x->service->db;
    struct user_change change;
    bool owned = false;
    /* One of another user is answered like one that does not exist: ids can be guessed. */
    enum error error = session_list_owns(db, x->identity.user.id, is_token, id, &owned);
    if (!error && !owned)
        error = ERROR_NOT_FOUND;
    if (!error)
        error = is_token ? token_end(db, id, &change) : login_session_end(db, id, &change);
    if (error)
        return error;
    /* The session of this request: the browser drops its cookie. */
    if (!is_token && id == x->identity.session_id)
        auth_set_cookie(x, text_of(NULL));
    return send_ended(x, &change);
}
