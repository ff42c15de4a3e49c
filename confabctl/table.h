/*
 * table: rows for people, in aligned columns.
 *
 * Columns are as wide as their widest cell on a terminal (East Asian wide characters
 * count two, combining ones none), for which LC_CTYPE must be a UTF-8 locale. What came
 * from users cannot steer the terminal: see table_clean.
 */
#ifndef CONFABCTL_TABLE_H
#define CONFABCTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

struct table;

/* An empty table. A heading that starts with > is of numbers: its column is aligned to
 * the right, and the > is not shown. The headings must stay valid. Never NULL. */
struct table *table_new(const char *const *headings, size_t columns);

/* Frees the table. */
void table_free(struct table *table);

/* Adds the next cell, row by row from the left. */
void table_text(struct table *table, struct text text);
void table_str(struct table *table, const char *str);
void table_u64(struct table *table, uint64_t number);
void table_bool(struct table *table, bool value);     /* yes or no */
void table_time(struct table *table, int64_t micros); /* UTC, to the second; 0 is "-" */

/* Appends headings and rows, a line each. */
void table_write(const struct table *table, struct buffer *out);

/* Appends the text with U+FFFD in place of bytes that are not UTF-8 and of characters
 * that would end the line, steer the terminal, or turn the direction of writing. */
void table_clean(struct buffer *out, struct text text);

/* Columns that clean text takes on a terminal. */
size_t table_width(struct text text);

#endif
