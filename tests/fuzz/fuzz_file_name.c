/*
 * fuzz_file_name: names of files. What is written of a valid name can neither end the header nor
 * its quotes, and is one segment of a path, from which the name can be read again.
 */
#include <stdint.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "http/file_name.h"
#include "server/request.h"

static void check_disposition(struct text name) {
    struct buffer out = BUFFER_EMPTY;
    size_t quotes = 0;
    file_name_disposition(&out, true, name);
    for (size_t i = 0; i < out.len; i++) {
        fuzz_require(out.data[i] >= ' ' && out.data[i] < 0x7f, "a header is printable ASCII");
        quotes += out.data[i] == '"';
    }
    fuzz_require(quotes == 2, "only the quotes around the name");
    buffer_free(&out);
}

static void check_path(struct text name) {
    struct buffer out = BUFFER_EMPTY, decoded = BUFFER_EMPTY;
    const struct text before = text_of("api/chat/files/7/");
    file_name_path(&out, 7, name);
    const struct text segment = {out.data + before.len, out.len - before.len};
    fuzz_require(!memchr(segment.at, '/', segment.len), "one segment");
    fuzz_require(request_decode(segment, false, &decoded), "it can be decoded");
    struct text again = {decoded.data, decoded.len};
    fuzz_require(text_equals(again, name) || (text_skip(&again, "_") && text_equals(again, name)),
                 "to the name");
    buffer_free(&out);
    buffer_free(&decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text whole = {(const char *)data, size};
    const struct text name = fuzz_line(&whole);
    if (file_name_is_valid(name)) {
        fuzz_require(name.len > 0 && name.len <= FILE_NAME_MOST, "a length");
        check_disposition(name);
        check_path(name);
    }
    fuzz_free(name);
    return 0;
}
