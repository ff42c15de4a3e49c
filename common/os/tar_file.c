/* The fields of a header are octal digits. A size that does not fit (8 GiB) is a number of 95 bits
 * with the first bit set, as GNU tar and bsdtar write and read it. */
#include "os/tar_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 512
#define PENDING_MOST ((size_t)64 * 1024)
#define PREFIX 155

bool tar_file_header(char out[BLOCK], const char *path, uint64_t size, int64_t time) {
    const char *slash = strrchr(path, '/');
    const size_t prefix = slash ? (size_t)(slash - path) : 0;
    const char *name = slash ? slash + 1 : path;
    unsigned sum = 0;
    char octal[16];
    memset(out, 0, BLOCK);
    if (strlen(name) > TAR_FILE_NAME || prefix > PREFIX)
        return false;
    /* The fields of a ustar header (POSIX, pax): name, mode, user, group, size, time. */
    memcpy(out, name, strlen(name));
    memcpy(out + 100, "0000600", 7);
    memcpy(out + 108, "0000000", 7);
    memcpy(out + 116, "0000000", 7);
    /* 11 octal digits hold 33 bits. Larger sizes are in binary, marked by the highest bit of the
     * field (GNU tar). */
    if (size >> 33 == 0) {
        snprintf(octal, sizeof(octal), "%011" PRIo64, size);
        memcpy(out + 124, octal, 11);
    } else {
        out[124] = (char)0x80;
        for (unsigned i = 0; i < 8; i++)
            out[135 - i] = (char)(size >> (8 * i) & 0xff);
    }
    /* Seconds since 1970, cut to the eleven digits of the field. */
    snprintf(octal, sizeof(octal), "%011" PRIo64, (uint64_t)(time / 1000000) & 077777777777);
    memcpy(out + 136, octal, 11);
    /* An ordinary file. */
    out[156] = '0';
    /* The format: "ustar", NUL, and the version "00". */
    memcpy(out + 257, "ustar\00000", 8);
    /* The folder has a field of its own, 155 bytes long. */
    memcpy(out + 345, path, prefix);
    /* The sum is made with blanks in its own place. */
    memset(out + 148, ' ', 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)out[i];
    snprintf(octal, sizeof(octal), "%06o", sum);
    memcpy(out + 148, octal, 7);
    return true;
}

struct tar_file tar_file_start(int fd) {
    return (struct tar_file){.fd = fd};
}

/* Writes what is pending; after an error nothing. */
static void flush(struct tar_file *tar) {
    size_t done = 0;
    /* After the first failure nothing more is written, so that its errno stays. */
    while (!tar->failed && done < tar->pending.len) {
        const ssize_t written = write(tar->fd, tar->pending.data + done, tar->pending.len - done);
        if (written > 0)
            done += (size_t)written;
        else
            tar->failed = written == 0 || errno != EINTR;
    }
    buffer_clear(&tar->pending);
}

void tar_file_write(struct tar_file *tar, struct text bytes) {
    buffer_append(&tar->pending, bytes.at, bytes.len);
    tar->at += bytes.len;
    if (tar->pending.len >= PENDING_MOST)
        flush(tar);
}

static void write_zeros(struct tar_file *tar, size_t count) {
    static const char ZEROS[2 * BLOCK];
    tar_file_write(tar, (struct text){ZEROS, count});
}

void tar_file_open(struct tar_file *tar, const char *path, int64_t time) {
    /* The header is left empty: tar_file_close knows the size and writes it. */
    tar->entry = tar->at;
    tar->time = time;
    snprintf(tar->path, sizeof(tar->path), "%s", path);
    write_zeros(tar, BLOCK);
}

void tar_file_close(struct tar_file *tar) {
    char header[BLOCK];
    const uint64_t size = tar->at - tar->entry - BLOCK;
    /* The content ends with a whole block. */
    write_zeros(tar, (BLOCK - size % BLOCK) % BLOCK);
    flush(tar);
    if (tar->failed)
        return;
    if (!tar_file_header(header, tar->path, size, tar->time))
        errno = ENAMETOOLONG;
    else if (pwrite(tar->fd, header, BLOCK, (off_t)tar->entry) == BLOCK)
        return;
    tar->failed = true;
}

bool tar_file_end(struct tar_file *tar, uint64_t *size) {
    /* Two blocks of zeros end an archive. */
    write_zeros(tar, 2 * BLOCK);
    flush(tar);
    *size = tar->at;
    /* EINVAL: the file is a pipe or a terminal, which has nothing to sync. */
    if (!tar->failed && fsync(tar->fd) != 0 && errno != EINVAL)
        tar->failed = true;
    buffer_free(&tar->pending);
    return !tar->failed;
}
