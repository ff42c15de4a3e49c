/* Reading the list of filter_file, once in each process, and what its words do to one text:
 * refuse, mask, hold or report. Matching is in unicode/word_filter.c, holding in
 * moderation/held.c. */
#include "filter.h"

#include <string.h>

#include "base/log.h"
#include "event/publish.h"
#include "store/moderation/abuse_report.h"
#include "unicode/word_filter.h"

bool filter_load(const struct config *config, struct word_filter **filter,
                 struct buffer *problems) {
    struct buffer lines = BUFFER_EMPTY;
    *filter = NULL;
    if (!*config->filter_file)
        return true;
    *filter = word_filter_read(config->filter_file, &lines);
    if (!*filter)
        buffer_printf(problems, "filter_file: %s", buffer_str(&lines));
    buffer_free(&lines);
    return *filter != NULL;
}

/* A list that cannot be read must not let everything through. */
static enum error load(struct service *service) {
    struct buffer problems = BUFFER_EMPTY;
    if (service->word_filter || filter_load(service->config, &service->word_filter, &problems))
        return ERROR_NONE;
    /* Only the first of the problems: a list with many wrong lines must not fill the log. */
    log_error("messages cannot be filtered: %.*s", (int)strcspn(buffer_str(&problems), "\n"),
              buffer_str(&problems));
    buffer_free(&problems);
    return ERROR_INTERNAL;
}

enum error filter_refuse(struct exchange *x, const char *field) {
    field_errors_add(&x->field_errors, field, CODE_FILTERED,
                     "The text has a word that is not allowed here.");
    return ERROR_BAD_INPUT;
}

enum error filter_text(struct exchange *x, const char *field, struct text *text,
                       struct filtered *filtered) {
    /* Set in every case: the caller frees it also after an error. */
    *filtered = (struct filtered){0, BUFFER_EMPTY};
    if (!*x->service->config->filter_file || text->len == 0)
        return ERROR_NONE;
    const enum error error = load(x->service);
    if (error)
        return error;
    filtered->actions = word_filter_match(x->service->word_filter, *text, &filtered->masked);
    /* Refusing comes first: a text with such a word is neither masked nor held, whatever else
     * it has. Holding and reporting are left to the caller, which knows the message. */
    if (filtered->actions & WORD_REFUSE)
        return filter_refuse(x, field);
    /* From here on *text borrows from `filtered`, which lives until the message is stored. */
    if (filtered->actions & WORD_MASK)
        *text = (struct text){buffer_str(&filtered->masked), filtered->masked.len};
    return ERROR_NONE;
}

void filter_free(struct filtered *filtered) {
    buffer_free(&filtered->masked);
}

void filter_report(struct exchange *x, const struct filtered *filtered, uint64_t message_id) {
    struct abuse_report_change change;
    /* After the commit of the message: the report needs its id, and a report that fails must
     * not take the message back. */
    if (!(filtered->actions & WORD_REPORT))
        return;
    const enum error error =
        abuse_report_add_by_filter(x->service->db, x->ids[0], message_id, &change);
    if (error)
        log_error("a message with a word of filter_file could not be reported");
    /* `changed` is false if the filter has reported this message before, as after an earlier
     * edit. The reporter 0 stands for the filter. */
    const struct text streams = {change.streams.data, change.streams.len};
    if (!error && change.changed)
        publish_report_created(x->service->redis, &x->service->publisher, x->ids[0],
                               change.report_id, 0, streams);
    buffer_free(&change.streams);
}
