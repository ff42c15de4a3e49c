/*
 * fuzz_fastcgi: the bytes of a FastCGI connection. The first byte of the input is the size of the
 * pieces in which they arrive, which changes nothing; a complete request has variables and a body
 * within the limit.
 */
#include <stdint.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "server/fastcgi.h"

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
    fuzz_require((whole.variables != NULL) ==
                     (whole.state == FASTCGI_BODY || whole.state == FASTCGI_WHOLE ||
                      whole.state == FASTCGI_TOO_LARGE ||
                      (whole.state == FASTCGI_INVALID && whole.variables)),
                 "the variables come before the body");
    for (char *const *variable = whole.variables; variable && *variable; variable++)
        fuzz_require(strchr(*variable, '=') || strlen(*variable) < size, "it is a string");
    fuzz_require(whole.body.len <= LIMIT || whole.state == FASTCGI_TOO_LARGE,
                 "the body is within the limit");
    fastcgi_write(&whole, &none, &whole.body, &out);
    fuzz_require(out.len >= whole.body.len, "a response has its body");
    fastcgi_reset(&whole);
    fuzz_require(whole.id == 0 && !whole.variables && whole.body.len == 0, "a reset clears it");
    fastcgi_free(&whole);
    fastcgi_free(&pieces);
    buffer_free(&out);
    return 0;
}
