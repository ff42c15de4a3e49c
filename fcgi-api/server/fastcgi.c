/* The records of FastCGI: a state machine over bytes, and the encoding of a response. */
#include "server/fastcgi.h"

#include <string.h>

/* Types of records, and what BEGIN has (sections 3.3 and 5.1). */
#define BEGIN 1
#define ABORT 2
#define END 3
#define PARAMS 4
#define STDIN 5
#define STDOUT 6
#define RESPONDER 1
#define KEEP_CONNECTION 1
#define BEGIN_SIZE 8

/* The longest content of a record that is a multiple of 8. */
#define CONTENT_MAX 65528

/* Buffers larger than this are freed after a request. */
#define KEEP_SIZE 65536

/* ---- the variables ---- */

/* Takes a length in one byte, or in four with the highest bit set (section 3.4). */
static bool take_length(const unsigned char **at, const unsigned char *end, size_t *length) {
    if (*at == end)
        return false;
    if (**at < 0x80) {
        *length = *(*at)++;
        return true;
    }
    if (end - *at < 4)
        return false;
    const unsigned char *bytes = *at;
    *length =
        (size_t)(bytes[0] & 0x7f) << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
    *at += 4;
    return true;
}

/* Decodes the pairs to strings "NAME=value"; false if they are malformed. */
static bool decode_pairs(struct fastcgi *fastcgi, size_t *count) {
    const unsigned char *at = (const unsigned char *)buffer_str(&fastcgi->pairs);
    const unsigned char *end = at + fastcgi->pairs.len;
    *count = 0;
    while (at < end) {
        size_t name, value;
        if (!take_length(&at, end, &name) || !take_length(&at, end, &value))
            return false;
        const size_t left = (size_t)(end - at);
        if (name > left || value > left - name)
            return false;
        buffer_append(&fastcgi->strings, at, name);
        buffer_append_char(&fastcgi->strings, '=');
        buffer_append(&fastcgi->strings, at + name, value);
        buffer_append_char(&fastcgi->strings, '\0');
        at += name + value;
        (*count)++;
    }
    return true;
}

/* Makes the list of variables. A value with a NUL ends there, as in the environment. */
static bool end_variables(struct fastcgi *fastcgi) {
    size_t count;
    if (!decode_pairs(fastcgi, &count))
        return false;
    char **list = (char **)(void *)buffer_reserve(&fastcgi->list, (count + 1) * sizeof(*list));
    const unsigned char *pair = (const unsigned char *)buffer_str(&fastcgi->pairs);
    const unsigned char *end = pair + fastcgi->pairs.len;
    char *string = fastcgi->strings.data;
    for (size_t i = 0; i < count; i++) {
        size_t name = 0, value = 0;
        take_length(&pair, end, &name);
        take_length(&pair, end, &value);
        list[i] = string;
        string += name + value + 2;
        pair += name + value;
    }
    list[count] = NULL;
    fastcgi->variables = list;
    return true;
}

/* ---- reading ---- */

static unsigned type_of(const struct fastcgi *fastcgi) {
    return fastcgi->header[1];
}

/* A header is complete: checks whether this record may come now. */
static bool begin_record(struct fastcgi *fastcgi) {
    const unsigned char *header = fastcgi->header;
    const unsigned id = (unsigned)header[2] << 8 | header[3];
    const unsigned type = type_of(fastcgi);
    fastcgi->content = (size_t)header[4] << 8 | header[5];
    fastcgi->padding = header[6];
    fastcgi->position = 0;
    if (header[0] != 1)
        return false;
    if (id == 0) /* of management, which a responder may ignore */
        return type > STDIN;
    if (type == BEGIN) {
        const bool first = fastcgi->id == 0;
        fastcgi->id = (uint16_t)id;
        return first && fastcgi->content == BEGIN_SIZE;
    }
    if (id != fastcgi->id || type == ABORT || type == END)
        return false;
    if (type == PARAMS || type == STDIN)
        return fastcgi->state == (type == PARAMS ? FASTCGI_VARIABLES : FASTCGI_BODY);
    return true;
}

/* Takes bytes of the content of a record. */
static void take_content(struct fastcgi *fastcgi, const char *bytes, size_t len, size_t limit) {
    const unsigned type = type_of(fastcgi);
    const bool ours = fastcgi->header[2] || fastcgi->header[3];
    if (ours && type == BEGIN) {
        for (size_t i = 0; i < len; i++) {
            const unsigned char byte = (unsigned char)bytes[i];
            const size_t position = fastcgi->position + i;
            if (position < sizeof(fastcgi->begin))
                fastcgi->begin[position] = byte;
            else if (position == sizeof(fastcgi->begin))
                fastcgi->keep_connection = (byte & KEEP_CONNECTION) != 0;
        }
    } else if (ours && type == PARAMS) {
        buffer_append(&fastcgi->pairs, bytes, len);
        if (fastcgi->pairs.len > FASTCGI_MAX_VARIABLES)
            fastcgi->state = FASTCGI_INVALID;
    } else if (ours && type == STDIN) {
        buffer_append(&fastcgi->body, bytes, len);
        if (fastcgi->body.len > limit)
            fastcgi->state = FASTCGI_TOO_LARGE;
    }
    fastcgi->position += len;
}

/* A record is complete; an empty one ends its stream. */
static void end_record(struct fastcgi *fastcgi) {
    const unsigned type = type_of(fastcgi);
    const bool ours = fastcgi->header[2] || fastcgi->header[3];
    fastcgi->header_len = 0;
    if (!ours)
        return;
    if (type == BEGIN && (fastcgi->begin[0] != 0 || fastcgi->begin[1] != RESPONDER))
        fastcgi->state = FASTCGI_INVALID;
    if (type == PARAMS && fastcgi->content == 0)
        fastcgi->state = end_variables(fastcgi) ? FASTCGI_BODY : FASTCGI_INVALID;
    else if (type == STDIN && fastcgi->content == 0)
        fastcgi->state = fastcgi->state == FASTCGI_BODY ? FASTCGI_WHOLE : FASTCGI_INVALID;
}

static bool is_open(const struct fastcgi *fastcgi) {
    return fastcgi->state == FASTCGI_VARIABLES || fastcgi->state == FASTCGI_BODY;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t fastcgi_read(struct fastcgi *fastcgi, const char *bytes, size_t len, size_t limit) {
    size_t used = 0;
    while (used < len && is_open(fastcgi)) {
        if (fastcgi->header_len < FASTCGI_HEADER) {
            const size_t more = smaller(FASTCGI_HEADER - fastcgi->header_len, len - used);
            memcpy(fastcgi->header + fastcgi->header_len, bytes + used, more);
            fastcgi->header_len += more;
            used += more;
            if (fastcgi->header_len < FASTCGI_HEADER)
                break;
            if (!begin_record(fastcgi)) {
                fastcgi->state = FASTCGI_INVALID;
                break;
            }
        } else if (fastcgi->position < fastcgi->content) {
            const size_t more = smaller(fastcgi->content - fastcgi->position, len - used);
            take_content(fastcgi, bytes + used, more, limit);
            used += more;
        } else {
            const size_t more = smaller(fastcgi->padding, len - used);
            fastcgi->padding -= more;
            used += more;
        }
        if (is_open(fastcgi) && fastcgi->position == fastcgi->content && fastcgi->padding == 0)
            end_record(fastcgi);
    }
    return used;
}

/* ---- writing ---- */

static void write_header(const struct fastcgi *fastcgi, unsigned type, size_t content,
                         struct buffer *out) {
    const char header[FASTCGI_HEADER] = {1,
                                         (char)type,
                                         (char)(fastcgi->id >> 8),
                                         (char)fastcgi->id,
                                         (char)(content >> 8),
                                         (char)content,
                                         0,
                                         0};
    buffer_append(out, header, sizeof(header));
}

static void write_stream(const struct fastcgi *fastcgi, const struct buffer *bytes,
                         struct buffer *out) {
    for (size_t at = 0; at < bytes->len; at += CONTENT_MAX) {
        const size_t content = smaller(bytes->len - at, CONTENT_MAX);
        write_header(fastcgi, STDOUT, content, out);
        buffer_append(out, bytes->data + at, content);
    }
}

void fastcgi_write(const struct fastcgi *fastcgi, const struct buffer *head,
                   const struct buffer *body, struct buffer *out) {
    static const char complete[BEGIN_SIZE] = {0}; /* status 0, FCGI_REQUEST_COMPLETE */
    write_stream(fastcgi, head, out);
    write_stream(fastcgi, body, out);
    write_header(fastcgi, STDOUT, 0, out);
    write_header(fastcgi, END, sizeof(complete), out);
    buffer_append(out, complete, sizeof(complete));
}

/* ---- memory ---- */

static void empty(struct buffer *buffer) {
    if (buffer->cap > KEEP_SIZE)
        buffer_free(buffer);
    else
        buffer_clear(buffer);
}

void fastcgi_reset(struct fastcgi *fastcgi) {
    struct fastcgi former = *fastcgi;
    empty(&former.body);
    empty(&former.pairs);
    empty(&former.strings);
    empty(&former.list);
    *fastcgi = (struct fastcgi){
        .body = former.body, .pairs = former.pairs, .strings = former.strings, .list = former.list};
}

void fastcgi_free(struct fastcgi *fastcgi) {
    buffer_free(&fastcgi->body);
    buffer_free(&fastcgi->pairs);
    buffer_free(&fastcgi->strings);
    buffer_free(&fastcgi->list);
}
