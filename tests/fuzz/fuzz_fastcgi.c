/*
 * fuzz_fastcgi: the bytes of a FastCGI connection. The first byte of the input is the size of the
 * pieces in which they arrive, which changes nothing; a complete request has variables and a body
 * within the limit.
 */
#include <stdint.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "server/responder.h"

#define LIMIT 4096

/* Gives the bytes in pieces; returns how many were used. */
static size_t give(struct fastcgi *fastcgi, const char *bytes, size_t len, size_t step) {
    size_t at = 0;
    while (at < len) {
        const size_t size = len - at < step ? len - at : step;
        const size_t used = fastcgi_read(fastcgi, bytes + at, size, LIMIT);
        at += used;
        if (used < size)
            break;
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fastcgi pieces = {0}, whole = {0};
    struct buffer out = BUFFER_EMPTY, none = BUFFER_EMPTY;
    if (size == 0)
        return 0;
    const char *bytes = (const char *)data + 1;
    const size_t used = give(&whole, bytes, size - 1, size);
    give(&pieces, bytes, size - 1, (size_t)data[0] % 16 + 1);
    fuzz_require(used <= size - 1, "no more is used than was given");
    fuzz_require(pieces.state == whole.state && pieces.body.len == whole.body.len,
                 "the size of the pieces changes nothing");
    fuzz_require(whole.body.len <= LIMIT || whole.state == FASTCGI_TOO_LARGE,
                 "the body is within the limit");
    /* libfcgi accepts what is complete, and reads the same body. */
    if (whole.state == FASTCGI_WHOLE) {
        struct responder *responder = responder_new();
        struct text body;
        char *const *variables = responder_read(responder, &whole, &body);
        fuzz_require(variables && body.len == whole.body.len, "libfcgi reads the body");
        responder_write(responder, &whole.body, &none, &out);
        fuzz_require(out.len >= whole.body.len, "a response has its body");
        responder_free(responder);
    }
    fastcgi_reset(&whole);
    fuzz_require(whole.id == 0 && whole.pairs.len == 0 && whole.body.len == 0, "a reset clears it");
    fastcgi_free(&whole);
    fastcgi_free(&pieces);
    buffer_free(&out);
    return 0;
}
