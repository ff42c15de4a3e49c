/* Markup is between "<" and ">"; characters with a meaning are escaped as in HTML. The result is
 * plain text: names in place of ids, and addresses after the words that were their links. */
#include "import/slack_text.h"

/* Appends a text with its escaped characters. */
static void write_plain(struct buffer *out, struct text text) {
    static const struct {
        const char *escaped;
        char character;
    } ESCAPES[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}};
    while (text.len > 0) {
        bool found = false;
        /* Only these three are escaped. */
        for (size_t i = 0; !found && i < sizeof(ESCAPES) / sizeof(ESCAPES[0]); i++)
            if (text_skip(&text, ESCAPES[i].escaped)) {
                buffer_append_char(out, ESCAPES[i].character);
                found = true;
            }
        if (found)
            continue;
        /* Any other "&" stands for itself. */
        buffer_append_char(out, *text.at++);
        text.len--;
    }
}

/* "@" or "#" and a name: that of the id, else the label, else the id. */
static void write_name(struct buffer *out, char sign, struct text id, struct text label,
                       slack_text_name *name, void *context) {
    struct text shown = name(context, sign, id);
    if (shown.len == 0)
        shown = label.len > 0 ? label : id;
    /* Labels of groups have their sign already. */
    if (shown.len == 0 || shown.at[0] != sign)
        buffer_append_char(out, sign);
    write_plain(out, shown);
}

/* A command such as "!here", "!subteam^S1|@group" or "!date^123^{date}|2014-02-18". */
static void write_command(struct buffer *out, struct text command, struct text label,
                          slack_text_name *name, void *context) {
    /* The label is the date as Slack shows it. */
    if (text_skip(&command, "date^"))
        write_plain(out, label);
    else
        write_name(out, '@', command, label, name, context);
}

/* A link as plain text: its label, and its address if the label does not say it. */
static void write_link(struct buffer *out, struct text address, struct text label) {
    struct text bare = address;
    /* Those that Slack adds by itself to addresses of mail, telephone numbers and hosts. */
    if (!text_skip(&bare, "mailto:") && !text_skip(&bare, "tel:") && !text_skip(&bare, "https://"))
        text_skip(&bare, "http://");
    const bool has_scheme = bare.len < address.len;
    /* Slack makes links of words that are one: "<http://a.org|a.org>". */
    if (label.len == 0 || text_equals(label, address)) {
        write_plain(out, address);
    } else if (has_scheme && text_equals(label, bare)) {
        /* An address of mail is shown without its scheme. */
        write_plain(out, memchr(bare.at, '@', bare.len) ? bare : address);
    } else {
        write_plain(out, label);
        buffer_append_str(out, " (");
        write_plain(out, address);
        buffer_append_char(out, ')');
    }
}

/* What was between "<" and ">". */
static void write_markup(struct buffer *out, struct text inside, slack_text_name *name,
                         void *context) {
    /* What is left after the first "|" is the label. */
    struct text label = inside, target = {inside.at, 0};
    text_split(&label, '|', &target);
    /* The sign says what kind of target it is. */
    if (text_skip(&target, "@"))
        write_name(out, '@', target, label, name, context);
    else if (text_skip(&target, "#"))
        write_name(out, '#', target, label, name, context);
    else if (text_skip(&target, "!"))
        write_command(out, target, label, name, context);
    else
        write_link(out, target, label);
}

void slack_text_write(struct buffer *out, struct text text, slack_text_name *name, void *context) {
    while (text.len > 0) {
        const char *start = memchr(text.at, '<', text.len);
        const size_t before = start ? (size_t)(start - text.at) : text.len;
        write_plain(out, (struct text){text.at, before});
        text.at += before;
        text.len -= before;
        if (text.len == 0)
            return;
        const char *end = memchr(text.at, '>', text.len);
        /* A "<" by itself is not escaped by all programs that post. */
        if (!end || end == text.at + 1) {
            buffer_append_char(out, '<');
            text.at++;
            text.len--;
            continue;
        }
        /* Both brackets are left out. */
        write_markup(out, (struct text){text.at + 1, (size_t)(end - text.at - 1)}, name, context);
        text.len -= (size_t)(end + 1 - text.at);
        text.at = end + 1;
    }
}
