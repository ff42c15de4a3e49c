/* Width and height of a WebP, JPEG or PNG, without decoding it: three formats, each with its
 * own place for the size. Reading ends with the bytes that are there; whatever is wrong is not
 * a picture. */
#include "files/image_head.h"

#include <string.h>

static const char *const TYPES[] = {
    [IMAGE_WEBP] = "image/webp",
    [IMAGE_JPEG] = "image/jpeg",
    [IMAGE_PNG] = "image/png",
};

const char *image_kind_type(enum image_kind kind) {
    return kind <= IMAGE_PNG ? TYPES[kind] : NULL;
}

/* Numbers of 16 to 32 bits in either order of bytes; the bytes must be there. */
static uint32_t byte(struct text bytes, size_t at) {
    return (unsigned char)bytes.at[at];
}

/* A number with its highest byte first. */
static uint32_t big(struct text bytes, size_t at, size_t count) {
    uint32_t number = 0;
    for (size_t i = 0; i < count; i++)
        number = number << 8 | byte(bytes, at + i);
    return number;
}

/* A number with its lowest byte first. */
static uint32_t little(struct text bytes, size_t at, size_t count) {
    uint32_t number = 0;
    for (size_t i = count; i-- > 0;)
        number = number << 8 | byte(bytes, at + i);
    return number;
}

/* Whether these bytes are at this place, if there are as many. */
static bool has(struct text bytes, size_t at, const char *magic, size_t len) {
    return bytes.len >= at + len && memcmp(bytes.at + at, magic, len) == 0;
}

/* PNG (RFC 2083): after eight bytes of signature comes the chunk IHDR with width and height. */
static bool read_png(struct text bytes, struct image_head *head) {
    if (!has(bytes, 0, "\x89PNG\r\n\x1a\n", 8) || !has(bytes, 8, "\0\0\0\rIHDR", 8) ||
        bytes.len < 24)
        return false;
    *head = (struct image_head){IMAGE_PNG, big(bytes, 16, 4), big(bytes, 20, 4)};
    return true;
}

/* WebP: three kinds of a first chunk. */
static bool read_webp(struct text bytes, struct image_head *head) {
    *head = (struct image_head){.kind = IMAGE_WEBP};
    if (!has(bytes, 0, "RIFF", 4) || !has(bytes, 8, "WEBP", 4) || bytes.len < 30)
        return false;
    /* The extended form: the size of the canvas less one, 24 bits each. */
    if (has(bytes, 12, "VP8X", 4)) {
        head->width = little(bytes, 24, 3) + 1;
        head->height = little(bytes, 27, 3) + 1;
        return true;
    }
    /* Without loss: both sizes less one, 14 bits each, after a signature. */
    if (has(bytes, 12, "VP8L", 4) && byte(bytes, 20) == 0x2f) {
        const uint32_t bits = little(bytes, 21, 4);
        head->width = (bits & 0x3fff) + 1;
        head->height = (bits >> 14 & 0x3fff) + 1;
        return true;
    }
    /* A key frame of VP8; the upper two bits of each size are a scale. */
    if (has(bytes, 12, "VP8 ", 4) && has(bytes, 23, "\x9d\x01\x2a", 3)) {
        head->width = little(bytes, 26, 2) & 0x3fff;
        head->height = little(bytes, 28, 2) & 0x3fff;
        return true;
    }
    return false;
}

/* The markers of a JPEG's frames: C0 to CF but for tables (C4, CC) and an extension (C8). */
static bool is_frame(uint32_t marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* JPEG: segments, each with a marker and its length, until that of the frame. */
static bool read_jpeg(struct text bytes, struct image_head *head) {
    /* After the marker that begins the picture (FF D8). */
    size_t at = 2;
    if (!has(bytes, 0, "\xff\xd8\xff", 3))
        return false;
    while (at + 4 <= bytes.len) {
        if (byte(bytes, at) != 0xff)
            return false;
        /* The marker alone, or with a length of two bytes, which counts itself. */
        const uint32_t marker = byte(bytes, at + 1);
        /* Any number of FF may come before a marker. */
        if (marker == 0xff) {
            at++;
            continue;
        }
        /* Those without a segment; the picture itself, or its end, comes after the frame. */
        if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
            at += 2;
            continue;
        }
        if (marker == 0x00 || marker == 0xda || marker == 0xd9)
            return false;
        const uint32_t len = big(bytes, at + 2, 2);
        if (len < 2)
            return false;
        /* Length, precision in bits, height, width. */
        if (is_frame(marker) && at + 9 <= bytes.len) {
            *head = (struct image_head){IMAGE_JPEG, big(bytes, at + 7, 2), big(bytes, at + 5, 2)};
            return true;
        }
        if (is_frame(marker))
            return false;
        at += 2 + len;
    }
    return false;
}

/* PNG and WebP first, as they are told apart by their first bytes. */
bool image_head_read(struct text bytes, struct image_head *head) {
    return (read_png(bytes, head) || read_webp(bytes, head) || read_jpeg(bytes, head)) &&
           head->width > 0 && head->height > 0;
}
