/*
 * image_head: the size of a picture, from the head of the file. Nothing is decoded.
 */
#ifndef CONFAB_FCGI_API_FILES_IMAGE_HEAD_H
#define CONFAB_FCGI_API_FILES_IMAGE_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* The numbers are stored in the database (file.thumbnail). */
enum image_kind { IMAGE_NONE = 0, IMAGE_WEBP = 1, IMAGE_JPEG = 2, IMAGE_PNG = 3 };

struct image_head {
    enum image_kind kind;
    uint32_t width, height; /* in pixels */
};

/* Reads the head of a WebP, JPEG or PNG; false if it is none of these, or has no size. */
bool image_head_read(struct text bytes, struct image_head *head);

/* The media type of a kind ("image/webp"); NULL for IMAGE_NONE. */
const char *image_kind_type(enum image_kind kind);

#endif
