/*
 * table: prints rows in aligned columns.
 *
 * A column is as wide as its widest cell on a terminal: East Asian wide characters take two
 * columns, combining ones none. LC_CTYPE must be a UTF-8 locale. Control characters in cells
 * are replaced: see table_clean.
 */
#ifndef CONFAB_CONFABCTL_TABLE_H
#define CONFAB_CONFABCTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

struct table;

/* Returns an empty table. A column whose heading starts with > is aligned to the right; the >
 * is not printed. The headings must stay valid. Never NULL. */
struct table *table_new(const char *const *headings, size_t columns);

/* Frees the table. */
void table_free(struct table *table);

/* Adds the next cell, from left to right, row by row. */
void table_text(struct table *table, struct text text);
void table_str(struct table *table, const char *str);
void table_u64(struct table *table, uint64_t number);
void table_bool(struct table *table, bool value);     /* yes or no */
void table_time(struct table *table, int64_t micros); /* UTC, to the second; 0 is "-" */

/* Appends the headings and the rows, one line each. */
void table_write(const struct table *table, struct buffer *out);

/* Appends the text with U+FFFD in place of invalid UTF-8, control characters, line separators
 * and characters that change the direction of writing. */
void table_clean(struct buffer *out, struct text text);

/* Returns the number of columns that clean text takes on a terminal. */
size_t table_width(struct text text);

#endif
