/*
 * tar_file: writes an archive in the format of POSIX (ustar), which every system unpacks.
 *
 * The format is a block of 512 bytes before each file, so no library is needed. The archive is
 * written to a regular file, since the size of an entry is put in after its content.
 */
#ifndef CONFAB_COMMON_OS_TAR_FILE_H
#define CONFAB_COMMON_OS_TAR_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

/* A path in an archive: a folder of at most 155 bytes, and a name of at most 100. */
#define TAR_FILE_NAME 100

struct tar_file {
    int fd;
    bool failed; /* with errno */
    struct buffer pending;
    uint64_t at;    /* bytes written, with those pending */
    uint64_t entry; /* where the header of the entry is */
    char path[256 + 1];
    int64_t time;
};

/* Begins an archive in an empty file, which the caller closes. */
struct tar_file tar_file_start(int fd);

/* Begins an entry; `time` in microseconds. Its content follows by tar_file_write. */
void tar_file_open(struct tar_file *tar, const char *path, int64_t time);

/* Adds bytes to the content of the entry. An error is kept in tar->failed, with errno. */
void tar_file_write(struct tar_file *tar, struct text bytes);

/* Ends the entry: pads it, and writes its size into its header. */
void tar_file_close(struct tar_file *tar);

/* Ends the archive; *size is its size. False, with errno, if anything could not be written. */
bool tar_file_end(struct tar_file *tar, uint64_t *size);

/* Writes a header of 512 bytes. False if the path does not fit. */
bool tar_file_header(char out[512], const char *path, uint64_t size, int64_t time);

#endif
