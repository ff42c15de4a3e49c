/* The records of a request (FastCGI specification 1.0): a state machine over bytes, and their
 * encoding once it is complete. A request is one BEGIN, then the variables as a stream of PARAMS
 * records, then the body as a stream of STDIN records; an empty record ends a stream. A record is a
 * header of 8 bytes (version, type, id, content length, padding length, 0) with content and
 * padding.
 * Collecting here means that libfcgi, which blocks, gets a request only as a whole. */
#include "server/fastcgi.h"

#include <string.h>

#include "base/text.h"

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
#define END_SIZE 8

/* The longest content of a record that is a multiple of 8. */
#define CONTENT_MAX FASTCGI_PIECE

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
    /* Big-endian, without the flag in the highest bit. */
    *length =
        (size_t)(bytes[0] & 0x7f) << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
    *at += 4;
    return true;
}

/* Checks the pairs, and notes what CONTENT_LENGTH announces; false if they are malformed. A pair is
 * the length of the name, the length of the value, the name and the value. */
static bool check_pairs(struct fastcgi *fastcgi) {
    const unsigned char *at = (const unsigned char *)buffer_str(&fastcgi->pairs);
    const unsigned char *end = at + fastcgi->pairs.len;
    while (at < end) {
        size_t name, value;
        if (!take_length(&at, end, &name) || !take_length(&at, end, &value))
            return false;
        const size_t left = (size_t)(end - at);
        /* In this order, so that neither sum overflows. */
        if (name > left || value > left - name)
            return false;
        const struct text length = {(const char *)at + name, value};
        /* Not a number: announced stays 0, and the gateway refuses the header. */
        if (text_equals((struct text){(const char *)at, name}, text_of("CONTENT_LENGTH")))
            text_to_u64(length, &fastcgi->announced);
        at += name + value;
    }
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
    /* The only version. */
    if (header[0] != 1)
        return false;
    if (id == 0) /* of management, which a responder may ignore */
        return type > STDIN;
    if (type == BEGIN) {
        /* One request per connection at a time: a second BEGIN is refused. */
        const bool first = fastcgi->id == 0;
        fastcgi->id = (uint16_t)id;
        return first && fastcgi->content == BEGIN_SIZE;
    }
    /* ABORT: the client is gone, so the connection is dropped. */
    if (id != fastcgi->id || type == ABORT || type == END)
        return false;
    /* In the right order: no body before the variables are complete. */
    if (type == PARAMS || type == STDIN)
        return fastcgi->state == (type == PARAMS ? FASTCGI_VARIABLES : FASTCGI_BODY);
    /* Other types are ignored, with their content. */
    return true;
}

/* Takes bytes of the content of a record. */
static void take_content(struct fastcgi *fastcgi, const char *bytes, size_t len, size_t limit) {
    const unsigned type = type_of(fastcgi);
    const bool ours = fastcgi->header[2] || fastcgi->header[3];
    if (ours && type == BEGIN) {
        /* Content: role (two bytes), flags, five reserved bytes. */
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
        /* Checked while they arrive: memory stays bounded. */
        if (fastcgi->pairs.len > FASTCGI_MAX_VARIABLES)
            fastcgi->state = FASTCGI_INVALID;
    } else if (ours && type == STDIN) {
        buffer_append(&fastcgi->body, bytes, len);
        /* The rest is not read. */
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
    /* Only the role of a responder: no authorizer, no filter. */
    if (type == BEGIN && (fastcgi->begin[0] != 0 || fastcgi->begin[1] != RESPONDER))
        fastcgi->state = FASTCGI_INVALID;
    if (type == PARAMS && fastcgi->content == 0)
        fastcgi->state = check_pairs(fastcgi) ? FASTCGI_BODY : FASTCGI_INVALID;
    /* The end of the body, unless it was too large before. */
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
    /* One step per round: some of the header, of the content, or of the padding; whatever the bytes
     * end in, the next call continues there. */
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
        /* Also for a record without content. */
        if (is_open(fastcgi) && fastcgi->position == fastcgi->content && fastcgi->padding == 0)
            end_record(fastcgi);
    }
    return used;
}

/* ---- writing ---- */

/* The header of a record (FastCGI 1.0, section 3.3). */
static void write_header(const struct fastcgi *fastcgi, unsigned type, size_t content,
                         struct buffer *out) {
    /* The id is that of the request, length in two bytes, no padding. */
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

/* Writes a stream in records, with the empty one that ends it. */
static void write_stream(const struct fastcgi *fastcgi, unsigned type, const struct buffer *bytes,
                         struct buffer *out) {
    /* 65,535 bytes at most; a multiple of 8 keeps records aligned, as the specification advises. */
    for (size_t at = 0; at < bytes->len; at += CONTENT_MAX) {
        const size_t content = smaller(bytes->len - at, CONTENT_MAX);
        write_header(fastcgi, type, content, out);
        buffer_append(out, bytes->data + at, content);
    }
    write_header(fastcgi, type, 0, out);
}

void fastcgi_write(const struct fastcgi *fastcgi, struct buffer *out) {
    /* Role 1 and the flag KEEP_CONN: libfcgi must not close the file. */
    static const char begin[BEGIN_SIZE] = {0, RESPONDER, KEEP_CONNECTION};
    write_header(fastcgi, BEGIN, sizeof(begin), out);
    buffer_append(out, begin, sizeof(begin));
    write_stream(fastcgi, PARAMS, &fastcgi->pairs, out);
    write_stream(fastcgi, STDIN, &fastcgi->body, out);
}

void fastcgi_write_piece(const struct fastcgi *fastcgi, struct text piece, struct buffer *out) {
    write_header(fastcgi, STDOUT, piece.len, out);
    buffer_append(out, piece.at, piece.len);
}

void fastcgi_write_end(const struct fastcgi *fastcgi, struct buffer *out) {
    /* The status of a program that exits with 0, and "request complete". */
    static const char end[END_SIZE] = {0};
    write_header(fastcgi, STDOUT, 0, out);
    write_header(fastcgi, END, sizeof(end), out);
    buffer_append(out, end, sizeof(end));
}

/* ---- memory ---- */

/* Keeps the memory, unless one large request has made it grow. */
static void empty(struct buffer *buffer) {
    if (buffer->cap > KEEP_SIZE)
        buffer_free(buffer);
    else
        buffer_clear(buffer);
}

void fastcgi_reset(struct fastcgi *fastcgi) {
    /* The buffers survive, everything else is zero. */
    struct fastcgi former = *fastcgi;
    empty(&former.body);
    empty(&former.pairs);
    *fastcgi = (struct fastcgi){.body = former.body, .pairs = former.pairs};
}

void fastcgi_free(struct fastcgi *fastcgi) {
    buffer_free(&fastcgi->body);
    buffer_free(&fastcgi->pairs);
}
