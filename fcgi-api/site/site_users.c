/* /api/site/users/: the users of the site, by the ids that the site has for them. An external id is
 * a subject under jwt_issuer, so that a signed token with the same `sub` is the same user. */
#include <json-c/json.h>
#include <string.h>

#include "accounts/profile_body.h"
#include "event/publish.h"
#include "handlers/handlers.h"
#include "rest/field.h"
#include "rest/page.h"
#include "restriction.h"
#include "secrets/secret.h"
#include "site/erasures.h"
#include "store/logins/token.h"
#include "store/site/external_user.h"
#include "store/site/site_user.h"
#include "store/users/profile.h"
#include "store/users/user.h"

/* The site's own ids are subjects of its issuer, whether a token or the API names them. */
static struct text issuer_of(const struct exchange *x) {
    return text_of(x->service->config->jwt_issuer);
}

/* ---- showing ---- */

/* A user while it is written. */
struct shown {
    struct json_writer *w;
    const struct user *user;
    struct text external_id;
};

/* Writes what the site sees of a user; the public profile has neither address nor external id. */
static void write_user(void *context, const struct profile *profile) {
    const struct shown *shown = context;
    struct json_writer *w = shown->w;
    json_write_object(w);
    json_write_member_u64(w, "user_id", profile->user_id);
    json_write_member_text_or_null(w, "external_id", shown->external_id);
    json_write_member_text(w, "username", profile->username);
    json_write_member_text(w, "display_name", profile_name(profile));
    json_write_member_text_or_null(w, "avatar_url", profile->avatar_url);
    json_write_member_text_or_null(w, "locale", profile->locale);
    json_write_member_text_or_null(w, "email", profile->email);
    json_write_member_bool(w, "is_bot", profile->is_bot);
    if (shown->user->is_moderator)
        json_write_member_bool(w, "is_moderator", true);
    json_write_member_bool(w, "is_active", shown->user->is_active);
    json_write_member_time(w, "created_at", shown->user->created_at);
    json_write_object_end(w);
}

/* Writes a user, whose profile is read for this: `user` has only what every request needs. */
static enum error show_user(struct exchange *x, struct json_writer *w, const struct user *user,
                            struct text external_id) {
    struct shown shown = {w, user, external_id};
    return profile_get(x->service->db, user->id, write_user, &shown);
}

/* ---- changing ---- */

/* The fields of a user in a body. */
struct change {
    struct profile profile;
    bool has_active, has_moderator;
    bool is_active, is_moderator;
};

/* Reads what an item of PUT and the body of PATCH share. */
static void read_change(struct exchange *x, struct change *change) {
    *change = (struct change){.has_active = false};
    profile_body_read(x, &change->profile);
    profile_body_read_email(x, &change->profile);
    if (field_bool(x, "is_bot", &change->profile.is_bot))
        change->profile.given |= PROFILE_IS_BOT;
    change->has_active = field_bool(x, "is_active", &change->is_active);
    change->has_moderator = field_bool(x, "is_moderator", &change->is_moderator);
}

/* Enables or disables a user, which ends all credentials and closes the sockets. */
static enum error set_active(struct exchange *x, struct user *user, bool is_active) {
    struct user_change change;
    /* One who is disabled may be banned, and is to stay disabled afterwards. */
    if (user->is_active && is_active)
        return ERROR_NONE;
    const enum error error = user_set_active(x->service->db, user->id, is_active, &change);
    if (error)
        return error;
    if (change.changed)
        user->is_active = is_active;
    publish_credentials_changed(x->service->redis, publisher_of(x), &change);
    return ERROR_NONE;
}

/* Each part is a transaction of its own. Repeating the request ends what an error has left. */
static enum error apply(struct exchange *x, const struct change *change, struct user *user) {
    /* `changed` is not needed: the answer shows the profile as it is then. */
    bool changed;
    enum error error = ERROR_NONE;
    if (change->profile.given)
        error = profile_set(x->service->db, user->id, &change->profile, &changed);
    if (!error && change->has_moderator && change->is_moderator != user->is_moderator)
        error = user_set_moderator(x->service->db, user->id, change->is_moderator);
    if (!error && change->has_moderator)
        user->is_moderator = change->is_moderator;
    if (!error && change->has_active)
        error = set_active(x, user, change->is_active);
    return error;
}

/* ---- PUT: several ---- */

/* Reads an external id: the bytes that a token has in `sub`. The bound is in bytes, besides
 * that in characters, as the column is. */
static bool read_external_id(struct exchange *x, struct text *id) {
    if (!field_text(x, "external_id", id))
        return false;
    if (id->len <= EXTERNAL_USER_SUBJECT_MAX)
        return true;
    field_errors_add(&x->field_errors, "external_id", CODE_MAX_LENGTH,
                     "Ensure this field has no more than %d bytes.", EXTERNAL_USER_SUBJECT_MAX);
    return false;
}

/* Makes or changes the user of one item, in transactions of its own, and writes its result. */
static enum error put_user(struct exchange *x, struct json_writer *w) {
    struct text external_id = {NULL, 0}, name = {"", 0};
    struct change change = {.has_active = false};
    struct user user;
    bool created = false;
    enum error error = ERROR_BAD_INPUT;
    /* An item that is not an object has this error already. */
    if (field_errors_none(&x->field_errors)) {
        /* Errors of both are collected; the id is used only without any. */
        read_external_id(x, &external_id);
        /* A suggestion: characters that a user name cannot have are left out, and a taken name gets
         * a number. */
        field_text(x, "username", &name);
        read_change(x, &change);
    }
    /* By issuer and subject: a concurrent request for the same user finds the one that was
     * made. */
    if (field_errors_none(&x->field_errors))
        error = external_user_ensure(x->service->db, issuer_of(x), external_id, name,
                                     change.profile.is_bot, &user, &created);
    if (!error)
        restriction_end_ban(x, &user);
    if (!error)
        error = apply(x, &change, &user);
    /* Errors of fields are the result of this item; any other error ends the request. */
    if (error && error != ERROR_BAD_INPUT)
        return error;
    if (error) {
        field_write_errors(x, w);
        return ERROR_NONE;
    }
    json_write_object(w);
    json_write_member_u64(w, "status", created ? 201 : 200);
    json_write_key(w, "user");
    error = show_user(x, w, &user, external_id);
    json_write_object_end(w);
    return error;
}

/* The results are in the order of the items. */
enum error site_users_put(struct exchange *x) {
    struct json_object *list;
    enum error error = ERROR_NONE;
    if (!field_items(x, "users", &list))
        return ERROR_BAD_INPUT;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_key(&w, "results");
    json_write_array(&w);
    for (size_t i = 0; i < json_object_array_length(list) && !error; i++) {
        /* The item takes the place of the body until field_leave. */
        const struct field_place outer = field_enter(x, "users", list, i);
        error = put_user(x, &w);
        field_leave(x, &outer);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    return error;
}

/* ---- one user ---- */

/* A list of none or one, as external ids are unique; clients read it like any other list. */
enum error site_users_list(struct exchange *x) {
    struct buffer value = BUFFER_EMPTY;
    struct page page;
    struct user user;
    bool valid = true;
    page_read(x, PAGE_DEFAULT, &page);
    if (!request_query(x->request, "external_id", &value, &valid))
        field_errors_add(&x->field_errors, "external_id", CODE_REQUIRED, "This field is required.");
    else if (!valid)
        field_errors_add(&x->field_errors, "external_id", CODE_INVALID, "Not a valid string.");
    const struct text external_id = {buffer_str(&value), value.len};
    enum error error = ERROR_BAD_INPUT;
    /* The empty subject is not one of the site's ids. */
    if (field_errors_none(&x->field_errors))
        error = external_id.len == 0
                    ? ERROR_NOT_FOUND
                    : external_user_find(x->service->db, issuer_of(x), external_id, &user);
    const bool found = !error;
    if (found)
        restriction_end_ban(x, &user);
    if (error == ERROR_NOT_FOUND || found) {
        struct json_writer w = json_writer_start(&x->response.body);
        /* `count` is 0 or 1, whatever page is asked for. */
        page_begin(x, &w, &page, found, "external_id");
        /* Beyond the first page there is nothing, as with any list. */
        error = found && page.offset == 0 ? show_user(x, &w, &user, external_id) : ERROR_NONE;
        page_end(x, &w, &page, found, "external_id");
    }
    buffer_free(&value);
    return error;
}

/* Finds the user of the path, and appends the site's id for it. */
static enum error find_user(struct exchange *x, struct user *user, struct buffer *external_id) {
    const enum error error =
        site_user_find(x->service->db, x->ids[0], issuer_of(x), user, external_id);
    if (!error)
        restriction_end_ban(x, user);
    return error;
}

/* The same without the site's id. */
static enum error find_only_user(struct exchange *x, struct user *user) {
    struct buffer unused = BUFFER_EMPTY;
    const enum error error = find_user(x, user, &unused);
    buffer_free(&unused);
    return error;
}

enum error site_users_update(struct exchange *x) {
    struct buffer external_id = BUFFER_EMPTY;
    struct change change;
    struct user user;
    read_change(x, &change);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    enum error error = find_user(x, &user, &external_id);
    if (!error)
        error = apply(x, &change, &user);
    if (!error) {
        struct json_writer w = json_writer_start(&x->response.body);
        error = show_user(x, &w, &user, (struct text){buffer_str(&external_id), external_id.len});
    }
    buffer_free(&external_id);
    return error;
}

/* Reads ?erase=keep|erase. Without it the user is only disabled; any other word is an error,
 * since what is erased does not come back. */
static bool read_erase(struct exchange *x, bool *is_given, bool *erases) {
    struct buffer value = BUFFER_EMPTY;
    bool valid = true;
    *is_given = request_query(x->request, "erase", &value, &valid);
    const struct text word = {buffer_str(&value), value.len};
    *erases = text_equals(word, text_of("erase"));
    if (*is_given && !*erases && !text_equals(word, text_of("keep")))
        field_errors_add(&x->field_errors, "erase", CODE_INVALID_CHOICE,
                         "Must be keep or erase.");
    buffer_free(&value);
    return field_errors_none(&x->field_errors);
}

enum error site_users_disable(struct exchange *x) {
    struct user user;
    bool has_erase, erases;
    if (!read_erase(x, &has_erase, &erases))
        return ERROR_BAD_INPUT;
    enum error error = find_only_user(x, &user);
    /* An erased account is disabled at once as well. */
    if (!error && has_erase)
        return erasures_begin(x, user.id, erases);
    if (!error)
        error = set_active(x, &user, false);
    if (!error)
        x->response.status = 204;
    return error;
}

enum error site_users_token(struct exchange *x) {
    char key[SECRET_KEY_SIZE];
    unsigned char hash[SECRET_HASH_SIZE];
    int64_t expires_at;
    struct user user;
    /* Found first: a key for a user who does not exist would be made for nothing. */
    enum error error = find_only_user(x, &user);
    secret_make_key(key);
    /* A token is added only for an active user: the statement checks it. */
    if (!error && !secret_hash_key(text_of(key), hash))
        error = ERROR_INTERNAL;
    if (!error)
        error = token_add_expiring(x->service->db, user.id, hash, x->service->config->token_days,
                                   &expires_at);
    /* Disabled between the two statements, or before. */
    if (error == ERROR_CONFLICT)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_USER_INACTIVE, "User inactive or deleted.");
    if (error)
        return error;
    x->response.status = 201;
    /* The only time that the key is shown; the database has its hash. */
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "token", key);
    json_write_member_time(&w, "expires_at", expires_at);
    json_write_object_end(&w);
    return ERROR_NONE;
}

enum error site_users_logout(struct exchange *x) {
    struct user_change change;
    struct user user;
    enum error error = find_only_user(x, &user);
    /* 0, 0: no credential is spared, as the request has an API key. */
    if (!error)
        error = user_end_credentials(x->service->db, user.id, 0, 0, &change);
    if (error)
        return error;
    publish_credentials_changed(x->service->redis, publisher_of(x), &change);
    x->response.status = 204;
    return ERROR_NONE;
}
