/* Addresses of files that need no credentials for some minutes: for what a browser loads by itself,
 * such as a video. The signature is over the number of the file and the time; its key is random and
 * lies in the database, so that all hosts have the same. */
#include "files/file_link.h"

#include <inttypes.h>

#include "base/clock.h"
#include "secrets/secret.h"
#include "store/site/site_value.h"

#define KEY_NAME "file_link_key"

/* Writes the text that is signed. */
static void write_signed(struct buffer *out, uint64_t file_id, uint64_t expires) {
    buffer_printf(out, "file %" PRIu64 " until %" PRIu64, file_id, expires);
}

enum error file_link_query(struct exchange *x, uint64_t file_id, struct buffer *out,
                           int64_t *expires_at) {
    /* Seconds since 1970: times of the API are in microseconds. */
    const uint64_t expires = (uint64_t)(clock_now() / 1000000) + FILE_LINK_SECONDS;
    char key[SITE_VALUE_SIZE], signature[SECRET_SIGNATURE_SIZE];
    struct buffer text = BUFFER_EMPTY;
    /* The key is made at its first use, by the first request that needs it. */
    const enum error error = site_value_secret(x->service->db, KEY_NAME, key);
    if (error)
        return error;
    write_signed(&text, file_id, expires);
    secret_sign(text_of(key), (struct text){text.data, text.len}, signature);
    buffer_printf(out, "?expires=%" PRIu64 "&signature=%s", expires, signature);
    *expires_at = (int64_t)expires * 1000000;
    buffer_free(&text);
    return ERROR_NONE;
}

/* Any error counts as not valid: the request is then refused like one without credentials. */
bool file_link_is_valid(struct exchange *x, uint64_t file_id) {
    struct buffer expires = BUFFER_EMPTY, signature = BUFFER_EMPTY, text = BUFFER_EMPTY;
    char key[SITE_VALUE_SIZE];
    uint64_t seconds = 0;
    bool one = false, other = false, valid = false;
    /* Both must be present and well encoded. */
    if (request_query(x->request, "expires", &expires, &one) &&
        request_query(x->request, "signature", &signature, &other) && one && other)
        valid = text_to_u64((struct text){buffer_str(&expires), expires.len}, &seconds);
    /* Neither expired, nor further ahead than any that was given out. */
    const uint64_t now = (uint64_t)(clock_now() / 1000000);
    valid = valid && seconds > now && seconds <= now + 2 * FILE_LINK_SECONDS;
    if (valid && !site_value_secret(x->service->db, KEY_NAME, key)) {
        write_signed(&text, file_id, seconds);
        /* Compares in constant time, so that a signature cannot be found byte by byte. */
        valid = secret_signature_is_valid(text_of(key), (struct text){text.data, text.len},
                                          (struct text){buffer_str(&signature), signature.len});
    } else {
        valid = false;
    }
    buffer_free(&expires);
    buffer_free(&signature);
    buffer_free(&text);
    return valid;
}
