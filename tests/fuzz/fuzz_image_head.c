/*
 * fuzz_image_head: heads of pictures. A head that is recognized has a kind and a size, and is still
 * recognized with more bytes after it.
 */
#include <stdint.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "base/buffer.h"
#include "files/image_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buffer copy = BUFFER_EMPTY;
    struct image_head head, longer;
    /* The fuzzer's own bytes end where they end. */
    const struct text bytes = {(const char *)data, size};
    if (!image_head_read(bytes, &head))
        return 0;
    fuzz_require(image_kind_type(head.kind) != NULL, "a kind");
    fuzz_require(head.width > 0 && head.height > 0, "a size");
    buffer_append(&copy, data, size);
    buffer_append_str(&copy, "<html>");
    fuzz_require(image_head_read((struct text){copy.data, copy.len}, &longer) &&
                     memcmp(&head, &longer, sizeof(head)) == 0,
                 "what follows changes nothing");
    buffer_free(&copy);
    return 0;
}
