/*
 * fuzz_file_list: the column with the files of a message, and media types as clients write them. It
 * ends, and what is read points into it.
 */
#include <stdint.h>

#include "../unit/support/fuzz_input.h"
#include "files/media_type.h"
#include "store/messages/file_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char type[MEDIA_TYPE_SIZE], again[MEDIA_TYPE_SIZE];
    const struct text whole = {(const char *)data, size};
    struct text rest = whole;
    struct file_shown file;
    while (file_list_next(&rest, &file)) {
        fuzz_require(file.name.len > 0 && fuzz_is_inside(file.name, whole), "a name");
        fuzz_require(file.media_type.len == 0 || fuzz_is_inside(file.media_type, whole), "a type");
    }
    if (media_type_normalize(whole, type))
        fuzz_require(media_type_normalize(text_of(type), again) &&
                         text_equals(text_of(type), text_of(again)),
                     "a spelling is final");
    return 0;
}
