/* A mail is plain text in ASCII, but for addresses in UTF-8, which libcurl announces (RFC 6531). No
 * text of a user is in it: a name has letters, digits and some signs, an address no controls. */
#include "mailer.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/log.h"
#include "secrets/secret.h"
#include "store/logins/account_mail.h"

#define CONNECT_SECONDS 10L
#define TOTAL_SECONDS 60L

/* ---- the text ---- */

/* Appends the link, or without page_url the token, which the user then enters by hand. In the link
 * the token follows "#": browsers send that part to no server, so it appears in no log. */
static void append_link(struct buffer *out, const struct config *config, const char *what,
                        const char *token) {
    if (config->page_url[0])
        buffer_printf(out, "    %s#%s=%s\r\n\r\n", config->page_url, what, token);
    else
        buffer_printf(out, "    %s\r\n\r\n", token);
}

/* Appends the text of a mail of this kind; lines end with CRLF (RFC 5322, section 2.3). */
static void append_text(struct buffer *out, const struct config *config,
                        const struct account_mail *mail, const char *token) {
    const bool is_reset = mail->kind == ACCOUNT_MAIL_RESET;
    const char *way = config->page_url[0] ? "Open this link" : "Enter this code";
    buffer_printf(out, "Hello %s,\r\n\r\n", mail->username);
    if (is_reset)
        buffer_printf(out,
                      "a new password was requested for your account. %s within %d\r\n"
                      "minutes to set one:\r\n\r\n",
                      way, ACCOUNT_MAIL_MINUTES);
    else
        buffer_printf(out,
                      "this address was entered for your account. %s within %d\r\n"
                      "minutes to confirm it:\r\n\r\n",
                      way, ACCOUNT_MAIL_MINUTES);
    append_link(out, config, is_reset ? "reset" : "email", token);
    buffer_append_str(out, "If it was not you, ignore this mail: nothing changes.\r\n");
}

/* The domain of an address, after its last "@". */
static struct text host_of(const char *from) {
    const char *at = strrchr(from, '@');
    const char *host = at ? at + 1 : from;
    return (struct text){host, strcspn(host, "> \t")};
}

/* The address in "Chat <chat@example.org>", or the whole text if it has no "<". */
static struct text address_of(const char *from) {
    const char *open = strchr(from, '<');
    const char *address = open ? open + 1 : from;
    return (struct text){address, strcspn(address, "> \t")};
}

/* Appends the whole mail: the header fields, which a mail server does not add, and the text. */
static void append_mail(struct buffer *out, const struct config *config,
                        const struct account_mail *mail, const char *token) {
    char date[64], id[33];
    const struct text host = host_of(config->mail_from);
    const time_t now = time(NULL);
    struct tm parts;
    /* Random, since it must be unique (RFC 5322, section 3.6.4). */
    secret_random_hex(id, 16);
    /* The locale is never set, so that days and months have their English names. */
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", gmtime_r(&now, &parts));
    buffer_printf(out, "Date: %s\r\nFrom: %s\r\nTo: <%s>\r\n", date, config->mail_from,
                  mail->email);
    buffer_printf(out, "Message-ID: <%s@%.*s>\r\n", id, (int)host.len, host.at);
    buffer_printf(out, "Subject: %s\r\n",
                  mail->kind == ACCOUNT_MAIL_RESET ? "New password" : "Confirm your address");
    /* Programs that answer mails for absent users leave these alone (RFC 3834, section 5). */
    buffer_append_str(out,
                      "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                      "Content-Type: text/plain; charset=utf-8\r\n\r\n");
    append_text(out, config, mail, token);
}

/* ---- sending ---- */

struct reader {
    struct text left;
};

/* Gives libcurl the next piece of the mail; 0 bytes are its end. */
static size_t on_read(char *out, size_t size, size_t count, void *context) {
    struct reader *reader = context;
    const size_t room = size * count;
    const size_t len = reader->left.len < room ? reader->left.len : room;
    memcpy(out, reader->left.at, len);
    reader->left = (struct text){reader->left.at + len, reader->left.len - len};
    return len;
}

/* The connection to mail_server, by SMTP or, from the beginning encrypted, SMTPS. */
static void set_server(CURL *easy, const struct config *config) {
    const bool checks = config->mail_tls == CONFIG_ON;
    curl_easy_setopt(easy, CURLOPT_URL, config->mail_server);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    /* Without mail_tls: encrypted if the server offers it, without checking its certificate. */
    curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(checks ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, checks ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, checks ? 2L : 0L);
    if (config->mail_user[0]) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, config->mail_user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, config->mail_password);
    }
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, TOTAL_SECONDS);
    /* No signals on a thread; proxies of the environment do not apply to mail. */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

/* Sends the mail; on failure *failure is the cause, a static text. */
static bool send_mail(const struct config *config, const struct account_mail *mail,
                      const struct buffer *text, const char **failure) {
    struct buffer from = BUFFER_EMPTY, to = BUFFER_EMPTY;
    struct reader reader = {{text->data, text->len}};
    /* mail_from may have a name; the envelope takes the address alone. */
    const struct text sender = address_of(config->mail_from);
    CURL *easy = curl_easy_init();
    if (!easy) {
        *failure = "out of memory";
        return false;
    }
    buffer_printf(&from, "<%.*s>", (int)sender.len, sender.at);
    buffer_printf(&to, "<%s>", mail->email);
    struct curl_slist *recipients = curl_slist_append(NULL, buffer_str(&to));
    set_server(easy, config);
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, buffer_str(&from));
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, &reader);
    const CURLcode code = curl_easy_perform(easy);
    *failure = curl_easy_strerror(code);
    curl_slist_free_all(recipients);
    curl_easy_cleanup(easy);
    buffer_free(&from);
    buffer_free(&to);
    return code == CURLE_OK;
}

enum error mailer_step(struct db *db, const struct config *config, bool *done) {
    char token[SECRET_KEY_SIZE];
    unsigned char hash[SECRET_HASH_SIZE];
    struct account_mail mail;
    struct buffer text = BUFFER_EMPTY;
    const char *failure;
    *done = false;
    /* Without mail_from there are no mails; those that are due expire after an hour. */
    if (!config->mail_from[0])
        return ERROR_NONE;
    /* A new token for each try: the database has only the hash of the last one. */
    secret_make_key(token);
    if (!secret_hash_key(text_of(token), hash))
        return ERROR_INTERNAL;
    const enum error error = account_mail_claim(db, hash, &mail);
    /* No mail is due, or another worker has taken it. */
    if (error || !mail.id)
        return error;
    *done = true;
    append_mail(&text, config, &mail, token);
    const bool was_sent = send_mail(config, &mail, &text, &failure);
    buffer_free(&text);
    /* The log has the id of the user, not the address. */
    if (!was_sent)
        log_warn("a mail to user %" PRIu64 " could not be sent: %s", mail.user_id, failure);
    /* A mail that failed stays due and is deleted after some tries. */
    return account_mail_record(db, mail.id, was_sent);
}
