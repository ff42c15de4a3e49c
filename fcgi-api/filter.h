/*
 * filter: applies the word filter (filter_file) to texts in requests. Without filter_file it does
 * nothing.
 */
#ifndef CONFAB_FCGI_API_FILTER_H
#define CONFAB_FCGI_API_FILTER_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "server/exchange.h"

/* Reads the list. The prefork parent does so at its start and at a reload; other processes when
 * they check the first text. False, with what is wrong appended to *problems, if it cannot be used.
 * *filter is NULL without filter_file; the caller frees it with word_filter_free. */
struct word_filter;
bool filter_load(const struct config *config, struct word_filter **filter,
                 struct buffer *problems);

struct filtered {
    unsigned actions;     /* enum word_action */
    struct buffer masked; /* the text, if words of it were masked */
};

/* Checks the text of a field, and replaces *text by filtered->masked if words are to be masked.
 * ERROR_BAD_INPUT, with the error of the field, if it is to be refused. Free with filter_free when
 * the text is not used any more, also after an error. */
enum error filter_text(struct exchange *x, const char *field, struct text *text,
                       struct filtered *filtered);
void filter_free(struct filtered *filtered);

/* Adds the error of a field that is refused. */
enum error filter_refuse(struct exchange *x, const char *field);

/* Reports a message that was posted or edited, if its words say so; errors are only logged. */
void filter_report(struct exchange *x, const struct filtered *filtered, uint64_t message_id);

#endif
