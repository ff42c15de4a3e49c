/* head_scan: a state machine over the bytes of a head. */
#include "net/head_scan.h"

#include <string.h>

#include "base/text.h"

enum state { METHOD, TARGET, ESCAPE, ESCAPED, VERSION, LINE_END, LINE, NAME, VALUE, LAST_LF };

/* The name without its last letter. */
static const char EXTENSIONS[] = "sec-websocket-extension";

/* A character of a method or a name (RFC 9110, section 5.6.2). */
static bool is_token(unsigned char c) {
    return text_is_alnum_or(c, "!#$%&'*+-.^_`|~");
}

static bool is_control(unsigned char c) {
    return c < ' ' || c == 0x7f;
}

/* ---- words ---- */

static void add_to_word(struct head_scan *scan, unsigned char c) {
    if (scan->word_len < sizeof(scan->word))
        scan->word[scan->word_len++] = (char)c;
}

static bool word_is(const struct head_scan *scan, const char *word) {
    return text_equals((struct text){scan->word, scan->word_len}, text_of(word));
}

static bool word_is_nocase(const struct head_scan *scan, const char *word) {
    return text_equals_nocase((struct text){scan->word, scan->word_len}, text_of(word));
}

/* The last argument of a step: what follows. Returns 0, no error. */
static unsigned next(struct head_scan *scan, enum state state) {
    scan->state = state;
    scan->word_len = 0;
    return 0;
}

/* ---- the request line ---- */

/* Another method may have a body, too. */
static unsigned end_method(struct head_scan *scan) {
    if (word_is(scan, "GET"))
        return next(scan, TARGET);
    return scan->word_len > 0 ? 426 : 400;
}

/* Takes a byte of the request target; the return values are those of head_scan. */
static unsigned take_target(struct head_scan *scan, unsigned char c) {
    if (c == ' ')
        return scan->target_len > 0 ? next(scan, VERSION) : 400;
    if (is_control(c) || (scan->target_len == 0 && c != '/'))
        return 400;
    if (++scan->target_len > HEAD_SCAN_MAX_TARGET)
        return 414;
    /* libwebsockets splits the query here, and each piece takes a place in its table. */
    if (c == '&' || c == ';') {
        scan->pieces++;
        return ++scan->separators > HEAD_SCAN_MAX_SEPARATORS ? 414 : 0;
    }
    return c == '%' ? next(scan, ESCAPE) : 0;
}

/* A digit of an escape, which must not be that of a null byte. */
static unsigned take_escape(struct head_scan *scan, unsigned char c) {
    scan->target_len++;
    if (text_hex_value(c) < 0 || (scan->state == ESCAPED && c == '0' && scan->escape == '0'))
        return 400;
    scan->escape = c;
    return next(scan, scan->state == ESCAPE ? ESCAPED : TARGET);
}

static unsigned end_version(struct head_scan *scan) {
    return word_is(scan, "HTTP/1.1") || word_is(scan, "HTTP/1.0") ? next(scan, LINE_END) : 400;
}

/* ---- headers ---- */

/* Takes a byte of a header's name, and notes the headers that matter here. */
static unsigned take_name(struct head_scan *scan, unsigned char *c) {
    if (*c == ':' && scan->word_len > 0) {
        scan->is_upgrade = word_is_nocase(scan, "upgrade");
        scan->own_tokens += word_is_nocase(scan, "x-confab-token");
        scan->users += word_is_nocase(scan, "x-confab-user");
        return next(scan, VALUE);
    }
    if (!is_token(*c))
        return 400;
    /* Hides Sec-WebSocket-Extensions; see head_scan.h. */
    if ((*c == 's' || *c == 'S') && word_is_nocase(scan, EXTENSIONS))
        *c = 'x';
    add_to_word(scan, *c);
    return 0;
}

/* Takes a byte of a header's value. */
static unsigned take_value(struct head_scan *scan, unsigned char c) {
    if (c == '\r') {
        if (scan->is_upgrade && scan->word_len > 0 && !word_is_nocase(scan, "websocket"))
            return 426;
        return next(scan, LINE_END);
    }
    if (is_control(c) && c != '\t')
        return 400;
    /* Blanks before a value do not belong to it. */
    if (c != ' ' || scan->word_len > 0)
        add_to_word(scan, c);
    return 0;
}

/* The first byte of a line: of a name, or of the end of the head. */
static unsigned begin_line(struct head_scan *scan, unsigned char *c) {
    if (*c == '\r')
        return next(scan, LAST_LF);
    next(scan, NAME);
    return ++scan->pieces > HEAD_SCAN_MAX_PIECES ? 431 : take_name(scan, c);
}

/* ---- all ---- */

/* Takes the next byte in the present state. 0, or the status of an error. */
static unsigned take(struct head_scan *scan, unsigned char *c) {
    switch ((enum state)scan->state) {
    case METHOD:
        if (*c == ' ')
            return end_method(scan);
        add_to_word(scan, *c);
        return is_token(*c) ? 0 : 400;
    case TARGET:
        return take_target(scan, *c);
    case ESCAPE:
    case ESCAPED:
        return take_escape(scan, *c);
    case VERSION:
        if (*c == '\r')
            return end_version(scan);
        add_to_word(scan, *c);
        return is_control(*c) ? 400 : 0;
    case LINE_END:
        return *c == '\n' ? next(scan, LINE) : 400;
    case LINE:
        return begin_line(scan, c);
    case NAME:
        return take_name(scan, c);
    case VALUE:
        return take_value(scan, *c);
    default: /* LAST_LF */
        scan->complete = *c == '\n';
        return scan->complete ? 0 : 400;
    }
}

unsigned head_scan(struct head_scan *scan, unsigned char *bytes, size_t len, size_t *used) {
    unsigned status = 0;
    for (*used = 0; *used < len && !scan->complete && !status; ++*used)
        status = ++scan->len > HEAD_SCAN_MAX ? 431 : take(scan, &bytes[*used]);
    return status;
}
