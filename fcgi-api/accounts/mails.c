/* /api/auth/email/ and /api/auth/reset/: the address of a user, and new passwords by a link in a
 * mail, which the worker sends. No answer tells whether there is an account of an address. */
#include <string.h>

#include "event/publish.h"
#include "accounts/accounts.h"
#include "handlers/handlers.h"
#include "http/cidr.h"
#include "limit.h"
#include "password_worker.h"
#include "rest/field.h"
#include "store/logins/account_mail.h"
#include "store/users/profile.h"

/* Without mail_from the server sends no mail. */
static bool has_mail(const struct exchange *x) {
    return x->service->config->mail_from[0] != '\0';
}

/* 202: the worker sends the mail. The answer is the same if it sends none. */
static enum error accepted(struct exchange *x) {
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_object_end(&w);
    x->response.status = 202;
    return ERROR_NONE;
}

static enum error no_content(struct exchange *x) {
    x->response.status = 204;
    return ERROR_NONE;
}

/* Counted by client, not by user: mails to many accounts come from one address. */
static enum error count_mail(struct exchange *x) {
    char address[CIDR_SUBSCRIBER_SIZE];
    cidr_subscriber(x->request->address, address);
    return limit_take(x, LIMIT_MAILS, address);
}

/* Mails go to this address as it is entered, so that it must not be able to add lines or
 * addresses. */
static bool read_email(struct exchange *x, struct text *email) {
    if (!field_text(x, "email", email))
        return false;
    const char *problem = profile_fields_check_email(*email);
    /* In a mail these would end the address. */
    if (!problem && (memchr(email->at, '<', email->len) || memchr(email->at, '>', email->len)))
        problem = "Enter a valid email address.";
    if (problem)
        field_errors_add(&x->field_errors, "email", CODE_INVALID, "%s", problem);
    return problem == NULL;
}

/* ---- the address ---- */

/* The address that was confirmed; one that waits for its mail is not shown. */
static void write_email(void *context, const struct profile *profile) {
    struct json_writer *w = context;
    json_write_object(w);
    json_write_member_text_or_null(w, "email", profile->email);
    json_write_member_bool(w, "is_confirmed", profile->email.len > 0 && profile->email_verified);
    json_write_object_end(w);
}

enum error mails_get(struct exchange *x) {
    struct json_writer w = json_writer_start(&x->response.body);
    return profile_get(x->service->db, x->identity.user.id, write_email, &w);
}

enum error mails_add(struct exchange *x) {
    struct text email, password;
    /* Both errors are reported, and the password is not tested needlessly. */
    read_email(x, &email);
    field_text(x, "password", &password);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    if (!has_mail(x))
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_MAIL_OFF, "This server sends no mail.");
    enum error error = accounts_prove(x);
    /* After the password, so that guessing one uses up the limit of logins. */
    if (!error)
        error = count_mail(x);
    /* The address becomes that of the user only with the token of the mail. */
    if (!error)
        error = account_mail_confirm(x->service->db, x->identity.user.id, email);
    return error ? error : accepted(x);
}

enum error mails_remove(struct exchange *x) {
    /* Given and empty: both columns become NULL. */
    const struct profile none = {.given = PROFILE_EMAIL | PROFILE_EMAIL_VERIFIED};
    bool changed;
    const enum error error = profile_set(x->service->db, x->identity.user.id, &none, &changed);
    return error ? error : no_content(x);
}

/* ---- tokens ---- */

/* The answer does not tell whether a token is wrong, old or used. */
static enum error refuse_token(struct exchange *x) {
    field_errors_add(&x->field_errors, "token", CODE_WRONG_TOKEN,
                     "The link is wrong, has expired, or was used before.");
    return ERROR_BAD_INPUT;
}

/* Reads the token; *fits is false if it cannot be one. */
static bool read_token(struct exchange *x, unsigned char hash[SECRET_HASH_SIZE], bool *fits) {
    struct text token;
    if (!field_text(x, "token", &token))
        return false;
    *fits = secret_hash_key(token, hash);
    return true;
}

enum error mails_confirm(struct exchange *x) {
    unsigned char hash[SECRET_HASH_SIZE];
    /* A text that cannot be a token needs no statement. */
    bool fits;
    if (!read_token(x, hash, &fits))
        return ERROR_BAD_INPUT;
    const enum error error =
        fits ? account_mail_use_confirm(x->service->db, hash) : ERROR_NOT_FOUND;
    if (error == ERROR_NOT_FOUND)
        return refuse_token(x);
    return error ? error : no_content(x);
}

/* ---- a new password ---- */

/* The answer is 202 in every case, and the account is looked up later, by the worker: neither
 * status nor time tells whether there is one. */
enum error mails_reset(struct exchange *x) {
    struct text email;
    enum error error = accounts_check_passwords(x);
    if (error)
        return error;
    if (!read_email(x, &email))
        return ERROR_BAD_INPUT;
    error = count_mail(x);
    if (!error && has_mail(x))
        error = account_mail_reset(x->service->db, email);
    return error ? error : accepted(x);
}

/* A token from a mail in place of the old password: used up, then the password is set, and all
 * credentials end. */
enum error mails_reset_confirm(struct exchange *x) {
    const struct service *service = x->service;
    unsigned char hash[SECRET_HASH_SIZE];
    char password_hash[SECRET_PASSWORD_SIZE];
    struct account_mail mail;
    struct user_change change;
    struct text password;
    bool fits = false;
    enum error error = accounts_check_passwords(x);
    if (error)
        return error;
    const bool has_token = read_token(x, hash, &fits);
    const bool has_password = field_text(x, "new_password", &password);
    /* Fields first, so that a token is not used up by a request that lacks the password. */
    if (!has_token || !has_password)
        return ERROR_BAD_INPUT;
    error =
        fits ? account_mail_find(service->db, ACCOUNT_MAIL_RESET, hash, &mail) : ERROR_NOT_FOUND;
    if (error == ERROR_NOT_FOUND)
        return refuse_token(x);
    /* The token stays good for another password. */
    if (!error && !accounts_check_common(x, "new_password", password, text_of(mail.username)))
        return ERROR_BAD_INPUT;
    if (!error)
        error = password_worker_hash(service->config, service->shared, password, password_hash);
    /* One of two concurrent requests is first. */
    if (!error)
        error = account_mail_use_reset(service->db, hash);
    if (error == ERROR_NOT_FOUND)
        return refuse_token(x);
    /* NULL: no former password is compared; 0, 0: no credential survives. */
    if (!error)
        error = user_set_password(service->db, mail.user_id, NULL, password_hash, 0, 0, &change);
    if (error)
        return error;
    publish_credentials_changed(service->redis, publisher_of(x), &change);
    return no_content(x);
}
