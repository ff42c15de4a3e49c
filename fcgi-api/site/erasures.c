/* Erasing accounts: DELETE of /api/auth/me/ by the users themselves, and of /api/site/users/{id}/
 * with `erase`. A small account is erased before the response, of others the rest is left to the
 * worker. */
#include "site/erasures.h"

#include "auth.h"
#include "event/bell.h"
#include "event/publish.h"
#include "handlers/handlers.h"
#include "rest/field.h"
#include "shared.h"
#include "site/logins.h"
#include "store/moderation/audit_log.h"
#include "store/privacy/erasure.h"

/* How long a request continues with what the worker does otherwise. */
#define AT_ONCE_MS 300

enum error erasures_begin(struct exchange *x, uint64_t user_id, bool erases) {
    const struct service *service = x->service;
    struct user_change change;
    bool finished;
    const enum error error = erasure_begin(service->db, user_id, erases, &change);
    if (error)
        return error;
    /* The audit has the erasure, and not each change that belongs to it. */
    audit_log_end(service->db);
    /* Other processes forget the names of users that they have cached when this number changes. */
    shared_numbers(service->shared)->erasures++;
    /* Sockets and credentials end at once, whatever is left to be erased. */
    if (change.changed)
        publish_credentials_changed(service->redis, publisher_of(x), &change);
    /* Errors are ignored: the worker does later what fails now. */
    erasure_run(service->db, service->config, user_id, AT_ONCE_MS, &finished);
    bell_ring_changed(publisher_of(x)->bell, service->db);
    /* 202: the account is gone, its messages may take longer. */
    x->response.status = 202;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_object_end(&w);
    return ERROR_NONE;
}

enum error erasures_own(struct exchange *x) {
    struct text messages, proof;
    /* Both errors are reported, and the password is not tested needlessly. */
    field_text(x, "messages", &messages);
    field_text(x, field_is_given(x, "jwt") ? "jwt" : "password", &proof);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    enum error error = logins_prove(x);
    /* Proved as for a new password: by the password, or a fresh token of the site. */
    if (!error)
        error = erasures_begin(x, x->identity.user.id, text_equals(messages, text_of("erase")));
    /* The browser drops the cookie. */
    if (!error && x->identity.session_id)
        auth_set_cookie(x, text_of(NULL));
    return error;
}
