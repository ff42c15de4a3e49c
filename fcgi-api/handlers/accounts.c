/* /api/auth/: registration, tokens, login and logout, passwords. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auth.h"
#include "base/log.h"
#include "event/publish.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "limit.h"
#include "password_worker.h"
#include "rest/fields.h"
#include "store/login_session.h"
#include "store/token.h"

#define PASSWORD_MIN 8
#define PASSWORD_MAX 256

static enum error send_account(struct exchange *x, const struct user *user) {
    struct json_writer w = json_writer_start(&x->response.body);
    serialize_account(&w, user);
    return ERROR_NONE;
}

static enum error no_content(struct exchange *x) {
    x->response.status = 204;
    return ERROR_NONE;
}

/* ---- registering ---- */

static enum error send_registered(struct exchange *x, uint64_t id, struct text name,
                                  const char *key) {
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_u64(&w, "user_id", id);
    json_write_member_text(&w, "username", name);
    json_write_member_str(&w, "token", key);
    json_write_object_end(&w);
    x->response.status = 201;
    return ERROR_NONE;
}

static void add_taken_error(struct exchange *x) {
    field_errors_add(&x->field_errors, "username", "A user with that username already exists.");
}

/* Reads both fields. Whether the name is taken is normally found when the user is added. If the
 * password is invalid, no user is added, so it is checked here: all errors are reported together.
 * */
static enum error read_registration(struct exchange *x, struct text *name, struct text *password) {
    struct user user;
    const bool has_name = fields_text(x, "username", 1, 256, FIELDS_REQUIRED, name);
    const bool has_password = fields_text(x, "password", PASSWORD_MIN, PASSWORD_MAX,
                                          FIELDS_REQUIRED | FIELDS_KEEP, password);
    if (has_name && !text_is_username(*name))
        field_errors_add(&x->field_errors, "username",
                         "Enter 3 to 32 characters: ASCII letters, digits, '_', '.' and '-'.");
    else if (has_name && !has_password &&
             user_by_name(x->service->db, *name, &user, NULL) == ERROR_NONE)
        add_taken_error(x);
    return field_errors_none(&x->field_errors) ? ERROR_NONE : ERROR_BAD_INPUT;
}

enum error accounts_register(struct exchange *x) {
    struct text name, password;
    char key[SECRET_KEY_SIZE], password_hash[SECRET_PASSWORD_SIZE];
    unsigned char key_hash[SECRET_HASH_SIZE];
    uint64_t id = 0;
    if (x->service->config->registration == CONFIG_REGISTRATION_CLOSED)
        return exchange_fail(x, ERROR_FORBIDDEN, "Registration is closed.");
    enum error error = read_registration(x, &name, &password);
    if (!error)
        error = limit_take(x, LIMIT_REGISTRATIONS, x->request->address);
    if (error)
        return error;
    secret_make_key(key);
    if (!secret_hash_key(text_of(key), key_hash) ||
        !password_worker_hash(x->service->config, password, password_hash))
        return ERROR_UNAVAILABLE;
    error = user_add(x->service->db, name, password_hash, key_hash, &id);
    if (error == ERROR_CONFLICT) {
        add_taken_error(x);
        return ERROR_BAD_INPUT;
    }
    return error ? error : send_registered(x, id, name, key);
}

/* ---- logging in ---- */

/* Counts a login attempt toward the limit for name and address, ignoring the case of the name. */
static enum error count_login(struct exchange *x, struct text name) {
    char lowered[USER_NAME_SIZE], subject[USER_NAME_SIZE + sizeof(x->request->address)];
    text_lower(name, lowered, sizeof(lowered));
    snprintf(subject, sizeof(subject), "%s %s", lowered, x->request->address);
    return limit_take(x, LIMIT_LOGINS, subject);
}

/* Hashes the password again if the configured cost has changed: only now is it known. Errors are
 * ignored. */
static void refresh_password(struct exchange *x, const struct user *user, const char *hash,
                             struct text password) {
    const struct config *config = x->service->config;
    char fresh[SECRET_PASSWORD_SIZE];
    if (secret_password_is_stale(hash, config->password_passes, config->password_memory) &&
        password_worker_hash(config, password, fresh))
        user_refresh_password(x->service->db, user->id, fresh);
}

/* Reads username and password and finds the user. An unknown name takes the same time as a wrong
 * password. */
static enum error check_login(struct exchange *x, struct user *user) {
    const struct config *config = x->service->config;
    struct text name, password;
    char hash[SECRET_PASSWORD_SIZE];
    fields_text(x, "username", 1, 256, FIELDS_REQUIRED, &name);
    fields_text(x, "password", 1, PASSWORD_MAX, FIELDS_REQUIRED | FIELDS_KEEP, &password);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    enum error error = count_login(x, name);
    if (error)
        return error;
    error =
        text_is_username(name) ? user_by_name(x->service->db, name, user, hash) : ERROR_NOT_FOUND;
    if (error && error != ERROR_NOT_FOUND)
        return error;
    const bool matches = password_worker_verify(config, error ? NULL : hash, password);
    if (error || !matches || !user->is_active) {
        field_errors_add(&x->field_errors, "non_field_errors",
                         "Unable to log in with provided credentials.");
        return ERROR_BAD_INPUT;
    }
    refresh_password(x, user, hash, password);
    return ERROR_NONE;
}

enum error accounts_token_add(struct exchange *x) {
    struct user user;
    char key[SECRET_KEY_SIZE];
    unsigned char hash[SECRET_HASH_SIZE];
    uint64_t id;
    enum error error = check_login(x, &user);
    if (error)
        return error;
    secret_make_key(key);
    if (!secret_hash_key(text_of(key), hash))
        return ERROR_INTERNAL;
    error = token_add(x->service->db, user.id, hash, &id);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "token", key);
    json_write_object_end(&w);
    return ERROR_NONE;
}

/* With a token and no body, the login session is for the user of the token. */
enum error accounts_login(struct exchange *x) {
    struct user user;
    char key[SECRET_KEY_SIZE];
    unsigned char hash[SECRET_HASH_SIZE];
    enum error error;
    if (x->request->body.len == 0 && auth_has_token(x)) {
        error = auth_identify(x);
        user = x->identity.user;
    } else {
        error = check_login(x, &user);
    }
    if (error)
        return error;
    secret_make_key(key);
    if (!secret_hash_key(text_of(key), hash))
        return ERROR_INTERNAL;
    error = login_session_add(x->service->db, user.id, hash, x->service->config->session_days);
    if (error)
        return error;
    auth_set_cookie(x, key);
    x->identity.user = user;
    x->has_identity = true;
    return send_account(x, &user);
}

/* ---- revoking ---- */

/* Makes pushd check the credentials of open sockets. */
static void notify_sockets(struct exchange *x, const struct user_change *change) {
    publish_credentials_changed(x->service->redis, x->service->config->redis_prefix, change);
}

enum error accounts_token_end(struct exchange *x) {
    struct user_change change;
    if (!x->identity.token_id)
        return exchange_fail(x, ERROR_BAD_INPUT, "The request was not authenticated by a token.");
    const enum error error = token_end(x->service->db, x->identity.token_id, &change);
    if (error)
        return error;
    notify_sockets(x, &change);
    return no_content(x);
}

/* Ends the session of the cookie, also if the request is authenticated by a token of that user. */
enum error accounts_logout(struct exchange *x) {
    struct user_change change = {0};
    struct identity cookie_identity = x->identity;
    enum error error = ERROR_NONE;
    if (!x->identity.session_id)
        error = auth_session(x, &cookie_identity);
    if (!error && cookie_identity.user.id == x->identity.user.id)
        error = login_session_end(x->service->db, cookie_identity.session_id, &change);
    if (error && error != ERROR_UNAUTHENTICATED)
        return error;
    notify_sockets(x, &change);
    auth_set_cookie(x, NULL);
    return no_content(x);
}

enum error accounts_me(struct exchange *x) {
    return send_account(x, &x->identity.user);
}

/* ---- the password ---- */

static enum error check_old_password(struct exchange *x, struct text old) {
    const struct config *config = x->service->config;
    struct user user;
    char hash[SECRET_PASSWORD_SIZE];
    enum error error = count_login(x, text_of(x->identity.user.name));
    if (!error)
        error = user_by_id(x->service->db, x->identity.user.id, &user, hash);
    if (error)
        return error;
    if (password_worker_verify(config, hash, old))
        return ERROR_NONE;
    field_errors_add(&x->field_errors, "old_password", "This is not the current password.");
    return ERROR_BAD_INPUT;
}

enum error accounts_password(struct exchange *x) {
    struct text old, new;
    struct user_change change;
    char hash[SECRET_PASSWORD_SIZE];
    enum error error = ERROR_NONE;
    fields_text(x, "new_password", PASSWORD_MIN, PASSWORD_MAX, FIELDS_REQUIRED | FIELDS_KEEP, &new);
    if (fields_text(x, "old_password", 1, PASSWORD_MAX, FIELDS_REQUIRED | FIELDS_KEEP, &old))
        error = check_old_password(x, old);
    if (!error && !field_errors_none(&x->field_errors))
        error = ERROR_BAD_INPUT;
    if (error)
        return error;
    if (!password_worker_hash(x->service->config, new, hash))
        return ERROR_UNAVAILABLE;
    error = user_set_password(x->service->db, x->identity.user.id, hash, x->identity.token_id,
                              x->identity.session_id, &change);
    if (error)
        return error;
    notify_sockets(x, &change);
    return no_content(x);
}
