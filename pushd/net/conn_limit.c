/* conn_limit: counters of connections by a 64-bit hash of the address. A connection counts in
 * `handshaking` by the address of its peer until its client is let in; in `opening`, once the
 * handshake is complete, and then in `open` by the address that trusted proxies forward. Failures
 * count for one minute by the monotonic clock. */
#include "net/conn_limit.h"

#include <string.h>

#include "http/cidr.h"

/* Valid credentials that are remembered; with more, all are forgotten. */
#define MAX_KNOWN 20000

#define MINUTE_MS 60000

bool conn_limit_is_proxy(const struct config *config, const char *address) {
    return strcmp(address, CONN_LIMIT_UNIX) == 0 ||
           cidr_list_contains(config->push_proxies, address) ||
           cidr_list_contains(config->trusted_proxies, address);
}

uint64_t conn_limit_key(const char *address) {
    /* An IPv6 client has a whole /64, so that counts as one address; IPv4 counts as it is. */
    char subscriber[CIDR_SUBSCRIBER_SIZE];
    cidr_subscriber(address, subscriber);
    /* Folded, since libwebsockets keeps it with a connection as a pointer of perhaps 32 bits. */
    const uint64_t hash = idmap_text_key(subscriber);
    const uintptr_t key = (uintptr_t)(hash ^ hash >> 32);
    return key ? key : 1;
}

uint64_t conn_limit_handshake_begin(struct conn_limit *limit, const struct config *config,
                                    const char *address) {
    const uint64_t key = conn_limit_key(address);
    /* The total holds for all addresses, also proxies: it keeps the process within its file
     * limit. */
    if (limit->handshaking_count + limit->open_count + limit->refused_count >=
        config->max_sockets + CONN_LIMIT_MARGIN)
        return 0;
    /* Count first, then compare: an address at its limit gives the count back. */
    if (idmap_increment(&limit->handshaking, key) > config->max_sockets_address &&
        !conn_limit_is_proxy(config, address)) {
        idmap_decrement(&limit->handshaking, key);
        return 0;
    }
    limit->handshaking_count++;
    return key;
}

void conn_limit_handshake_end(struct conn_limit *limit, uint64_t key) {
    idmap_decrement(&limit->handshaking, key);
    limit->handshaking_count--;
}

/* The total is checked first: if it is reached, the answer is 503 whatever the address has
 * (429). */
static enum conn_limit_result check(const struct conn_limit *limit, const struct config *config,
                                    uint64_t key, uint64_t opening) {
    if (limit->open_count + opening >= config->max_sockets)
        return CONN_LIMIT_TOTAL;
    if (idmap_counter(&limit->open, key) + opening >= config->max_sockets_address)
        return CONN_LIMIT_ADDRESS;
    return CONN_LIMIT_OK;
}

/* Sockets that the same address is opening count like its open ones, so that not more handshakes
 * complete at once than there are places. Those of other addresses do not count: their credentials
 * may be invalid. */
enum conn_limit_result conn_limit_check_sockets(const struct conn_limit *limit,
                                                const struct config *config, uint64_t key) {
    return check(limit, config, key, idmap_counter(&limit->opening, key));
}

void conn_limit_opening_begin(struct conn_limit *limit, uint64_t key) {
    idmap_increment(&limit->opening, key);
}

void conn_limit_opening_end(struct conn_limit *limit, uint64_t key) {
    idmap_decrement(&limit->opening, key);
}

bool conn_limit_admit(struct conn_limit *limit, const struct config *config, uint64_t key) {
    /* Others may have taken the last place since the handshake. */
    if (check(limit, config, key, 0))
        return false;
    conn_limit_opening_end(limit, key);
    idmap_increment(&limit->open, key);
    limit->open_count++;
    return true;
}

void conn_limit_remove(struct conn_limit *limit, uint64_t key) {
    idmap_decrement(&limit->open, key);
    limit->open_count--;
}

/* ---- invalid credentials ---- */

/* Forgets the failures of an earlier minute. */
static void begin_minute(struct conn_limit *limit, int64_t now_ms) {
    if (limit->minute == now_ms / MINUTE_MS)
        return;
    limit->minute = now_ms / MINUTE_MS;
    idmap_free(&limit->failures);
}

void conn_limit_note_failure(struct conn_limit *limit, uint64_t key, int64_t now_ms) {
    begin_minute(limit, now_ms);
    idmap_increment(&limit->failures, key);
}

/* A part of the hash, which is random. */
static uint64_t known_key(const unsigned char hash[SECRET_HASH_SIZE]) {
    uint64_t key;
    memcpy(&key, hash, sizeof(key));
    return key;
}

void conn_limit_note_valid(struct conn_limit *limit, const unsigned char hash[SECRET_HASH_SIZE]) {
    /* A bound on memory only: forgotten credentials are added again when they are used again. */
    if (idmap_count(&limit->known) >= MAX_KNOWN)
        idmap_free(&limit->known);
    /* The map is used as a set; the value only has to be a pointer that is not NULL. */
    idmap_put(&limit->known, known_key(hash), limit);
}

enum conn_limit_result conn_limit_check_failures(struct conn_limit *limit,
                                                 const struct config *config, uint64_t key,
                                                 const unsigned char *hash, int64_t now_ms) {
    begin_minute(limit, now_ms);
    /* A credential that was valid lately passes even from a blocked address, such as that of an
     * office. */
    if (config->rate_limits == CONFIG_OFF ||
        idmap_counter(&limit->failures, key) < config->rate_socket_failures ||
        (hash && idmap_get(&limit->known, known_key(hash))))
        return CONN_LIMIT_OK;
    return CONN_LIMIT_FAILURES;
}

void conn_limit_free(struct conn_limit *limit) {
    idmap_free(&limit->handshaking);
    idmap_free(&limit->opening);
    idmap_free(&limit->open);
    idmap_free(&limit->failures);
    idmap_free(&limit->known);
}
