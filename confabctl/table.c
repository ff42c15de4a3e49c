/* table: cells are cleaned when added, and measured when the table is written. The array of cells
 * is flat, row by row, in the order in which the caller adds them; a row is complete after
 * `columns` cells. A heading that begins with `>` is of a column of numbers, aligned to the
 * right. */
#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/xalloc.h"

/* Blanks between two columns. */
#define GAP 2

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* Length of "2024-01-15T10:30:00" */
#define TIME_LEN 19

struct table {
    const char *const *headings;
    size_t columns;
    char **cells; /* clean; row by row */
    size_t count;
    size_t space;
};

struct table *table_new(const char *const *headings, size_t columns) {
    struct table *table = xcalloc(1, sizeof(*table));
    table->headings = headings;
    table->columns = columns;
    return table;
}

void table_free(struct table *table) {
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

/* ---- cells ---- */

/* C0, DEL and C1; line and paragraph separators; directional marks, embeddings, overrides and
 * isolates. */
static bool is_control(uint32_t point) {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x061C || point == 0x200E ||
           point == 0x200F || (point >= 0x2028 && point <= 0x202E) ||
           (point >= 0x2066 && point <= 0x2069);
}

void table_clean(struct buffer *out, struct text text) {
    /* Bytes that are not UTF-8 are replaced one by one. U+FFFD for each, so that a table stays
     * aligned whatever is in it. */
    while (text.len > 0) {
        uint32_t point = 0;
        const size_t size = text_decode(text.at, text.len, &point);
        if (size == 0 || is_control(point))
            buffer_append_str(out, REPLACEMENT);
        else
            buffer_append(out, text.at, size);
        text.at += size ? size : 1;
        text.len -= size ? size : 1;
    }
}

void table_text(struct table *table, struct text text) {
    struct buffer clean = BUFFER_EMPTY;
    table->cells =
        array_reserve(table->cells, &table->space, table->count + 1, sizeof(*table->cells));
    table_clean(&clean, text);
    /* The table owns the copy. */
    table->cells[table->count++] = xstrndup(buffer_str(&clean), clean.len);
    buffer_free(&clean);
}

void table_str(struct table *table, const char *str) {
    table_text(table, text_of(str));
}

/* 20 digits and the terminator fit. */
void table_u64(struct table *table, uint64_t number) {
    char digits[24];
    snprintf(digits, sizeof(digits), "%" PRIu64, number);
    table_str(table, digits);
}

void table_bool(struct table *table, bool value) {
    table_str(table, value ? "yes" : "no");
}

void table_time(struct table *table, int64_t micros) {
    char time[CLOCK_TEXT_SIZE];
    /* 0 stands for no time. */
    if (micros == 0) {
        table_str(table, "-");
        return;
    }
    clock_format(micros, time);
    /* "2024-01-15 10:30:00": without the fraction and the zone, which the heading names. */
    time[10] = ' ';
    table_text(table, (struct text){time, TIME_LEN});
}

/* ---- writing ---- */

size_t table_width(struct text text) {
    size_t width = 0;
    while (text.len > 0) {
        uint32_t point = 0;
        size_t size = text_decode(text.at, text.len, &point);
        /* wcwidth says 0 for combining characters, 2 for wide ones such as Chinese, -1 if it does
         * not know. */
        const int columns = size ? wcwidth((wchar_t)point) : 1;
        /* A character unknown to the locale is probably newer than it, and narrow. */
        width += columns < 0 ? 1 : (size_t)columns;
        size = size ? size : 1;
        text.at += size;
        text.len -= size;
    }
    return width;
}

static bool is_right(const struct table *table, size_t column) {
    return table->headings[column][0] == '>';
}

static const char *heading(const struct table *table, size_t column) {
    return table->headings[column] + (is_right(table, column) ? 1 : 0);
}

static void append_blanks(struct buffer *out, size_t count) {
    while (count-- > 0)
        buffer_append_char(out, ' ');
}

/* Appends a cell with the blanks before it (aligned right) or after it; the last column has none
 * after it. */
static void append_cell(const struct table *table, const size_t *widths, size_t column,
                        const char *cell, struct buffer *out) {
    /* Never below 0, since the width is that of the widest. */
    const size_t padding = widths[column] - table_width(text_of(cell));
    const bool last = column + 1 == table->columns;
    if (is_right(table, column))
        append_blanks(out, padding);
    buffer_append_str(out, cell);
    if (last)
        buffer_append_char(out, '\n');
    else
        append_blanks(out, GAP + (is_right(table, column) ? 0 : padding));
}

/* Returns the column of the next cell; the first one follows the last. */
static size_t next_column(const struct table *table, size_t column) {
    return column + 1 < table->columns ? column + 1 : 0;
}

void table_write(const struct table *table, struct buffer *out) {
    /* The width of a column is that of its widest cell or heading. */
    size_t *widths = xcalloc(table->columns, sizeof(*widths));
    /* At least as wide as the heading. */
    for (size_t i = 0; i < table->columns; i++)
        widths[i] = table_width(text_of(heading(table, i)));
    for (size_t i = 0, column = 0; i < table->count; i++, column = next_column(table, column)) {
        const size_t width = table_width(text_of(table->cells[i]));
        if (width > widths[column])
            widths[column] = width;
    }
    /* The heading is a row like the others. */
    for (size_t i = 0; i < table->columns; i++)
        append_cell(table, widths, i, heading(table, i), out);
    for (size_t i = 0, column = 0; i < table->count; i++, column = next_column(table, column))
        append_cell(table, widths, column, table->cells[i], out);
    free(widths);
}
