/* Slots of keys (CRC16 of the hash tag), and the parser of CLUSTER NODES: a line for each server.
 * Its words are id, address, flags, primary, times, state; the ninth and later ones are slots. */
#include "redis/redis_slots.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

bool redis_slots_are_used(const struct config *config) {
    return config->redis_cluster == CONFIG_ON;
}

/* ---- slots ---- */

/* CRC-16/XMODEM: the polynomial 0x1021, beginning with 0. */
static unsigned crc16(struct text bytes) {
    unsigned crc = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (unsigned)(unsigned char)bytes.at[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000u ? crc << 1 ^ 0x1021u : crc << 1) & 0xffffu;
    }
    return crc;
}

unsigned redis_slots_of(struct text key) {
    const char *open = key.len ? memchr(key.at, '{', key.len) : NULL;
    const size_t rest = open ? key.len - (size_t)(open + 1 - key.at) : 0;
    const char *close = rest ? memchr(open + 1, '}', rest) : NULL;
    /* The first pair of braces counts, unless it is empty. */
    if (close && close > open + 1)
        key = (struct text){open + 1, (size_t)(close - open - 1)};
    return crc16(key) % REDIS_SLOTS;
}

int redis_slots_node(const struct redis_slots *slots, unsigned slot) {
    /* Numbers from 1 on; 0 is a slot without a server. */
    return (int)slots->owners[slot] - 1;
}

unsigned redis_slots_tag(const struct redis_slots *slots, unsigned node) {
    char text[16];
    /* The loop ends: each server has a slot (all_have_slots), and some number hashes to each
     * slot. */
    for (unsigned tag = 0;; tag++) {
        snprintf(text, sizeof(text), "%u", tag);
        if (redis_slots_node(slots, redis_slots_of(text_of(text))) == (int)node)
            return tag;
    }
}

/* ---- CLUSTER NODES ---- */

/* The words of a line. */
enum { WORD_ADDRESS = 1, WORD_FLAGS = 2, WORD_SLOTS = 8 };

/* Reads address:port@bus-port, perhaps followed by a comma and more. The address is empty if the
 * server does not know its own. */
static bool read_address(struct text word, const struct host_address *asked,
                         struct host_address *address) {
    struct text text = {NULL, 0};
    uint64_t port;
    text_split(&word, '@', &text);
    size_t colon = text.len;
    while (colon > 0 && text.at[colon - 1] != ':')
        colon--;
    /* A NUL would end the name early. */
    if (colon == 0 || colon > sizeof(address->name) || memchr(text.at, '\0', colon) ||
        !text_to_u64((struct text){text.at + colon, text.len - colon}, &port) || port == 0 ||
        port > 65535)
        return false;
    snprintf(address->name, sizeof(address->name), "%.*s", (int)(colon - 1), text.at);
    if (colon == 1)
        *address = *asked;
    address->port = (unsigned)port;
    return true;
}

/* A slot, or a range of them, 0-5460. [93->-...], one that is being moved, still belongs to the
 * server under its own number or range. */
static bool read_slots(struct redis_slots *slots, struct text word, unsigned node) {
    struct text first;
    uint64_t from, to;
    if (word.at[0] == '[')
        return true;
    const bool is_range = memchr(word.at, '-', word.len) != NULL;
    text_split(&word, '-', &first);
    if (!text_to_u64(first, &from))
        return false;
    to = from;
    if ((is_range && !text_to_u64(word, &to)) || from > to || to >= REDIS_SLOTS)
        return false;
    memset(slots->owners + from, (int)node + 1, (size_t)(to - from + 1));
    return true;
}

/* Whether a word is in the list of flags of a node, which has commas. */
static bool has_flag(struct text flags, const char *flag) {
    struct text word;
    while (text_split(&flags, ',', &word))
        if (text_equals(word, text_of(flag)))
            return true;
    return false;
}

/* Reads the line of one server, with its slots. False: the map is not valid. */
static bool read_line(struct redis_slots *slots, struct text line,
                      const struct host_address *asked) {
    struct host_address address = {.port = 0};
    struct text word;
    bool has_slots = false;
    for (unsigned i = 0; text_split(&line, ' ', &word); i++) {
        /* A server without an address is not to be reached. */
        if (i == WORD_ADDRESS && !read_address(word, asked, &address))
            return true;
        /* Replicas have no slots. */
        if (i == WORD_FLAGS && !has_flag(word, "master"))
            return true;
        /* The words between are the primary, times and the state. */
        if (i < WORD_SLOTS || word.len == 0)
            continue;
        if (slots->count == REDIS_SLOTS_NODES || !read_slots(slots, word, slots->count))
            return false;
        slots->nodes[slots->count] = address;
        has_slots = true;
    }
    slots->count += has_slots;
    return true;
}

/* Whether each server has a slot: if two servers claim the same ones, the first may have none
 * left. */
static bool all_have_slots(const struct redis_slots *slots) {
    bool has_slot[REDIS_SLOTS_NODES + 1] = {false};
    for (unsigned slot = 0; slot < REDIS_SLOTS; slot++)
        has_slot[slots->owners[slot]] = true;
    for (unsigned i = 0; i < slots->count; i++)
        if (!has_slot[i + 1])
            return false;
    return true;
}

bool redis_slots_parse(struct redis_slots *slots, struct text reply,
                       const struct host_address *asked) {
    struct redis_slots *read = xcalloc(1, sizeof(*read));
    struct text line;
    bool valid = true;
    while (valid && text_split(&reply, '\n', &line)) {
        if (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        valid = line.len == 0 || read_line(read, line, asked);
    }
    valid = valid && read->count > 0 && all_have_slots(read);
    /* Only a whole map replaces the known one. */
    if (valid)
        *slots = *read;
    free(read);
    return valid;
}

/* ---- names ---- */

const char *redis_slots_prefix(const char *redis_prefix, bool is_cluster, uint64_t tag,
                               char prefix[REDIS_SLOTS_PREFIX_SIZE]) {
    if (!is_cluster)
        return redis_prefix;
    snprintf(prefix, REDIS_SLOTS_PREFIX_SIZE, "%.200s{%" PRIu64 "}:", redis_prefix, tag);
    return prefix;
}

bool redis_slots_skip_prefix(struct text *name, const char *redis_prefix, bool is_cluster) {
    struct text tag;
    if (!text_skip(name, redis_prefix))
        return false;
    return !is_cluster ||
           (text_skip(name, "{") && text_split(name, '}', &tag) && text_skip(name, ":"));
}
