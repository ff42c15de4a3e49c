/* The file is written beside its path and renamed, so that no reader sees half of it. */
#include "os/ports_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"

bool ports_file_write(const char *path, const char *lines) {
    struct buffer fresh = BUFFER_EMPTY;
    buffer_printf(&fresh, "%s.new", path);
    FILE *file = fopen(buffer_str(&fresh), "w");
    bool written = file && fputs(lines, file) >= 0;
    /* fclose reports what could not be written, as on a full disk. */
    if (file)
        written = fclose(file) == 0 && written;
    written = written && rename(buffer_str(&fresh), path) == 0;
    if (!written)
        log_error("cannot write %s: %s", path, strerror(errno));
    buffer_free(&fresh);
    return written;
}
