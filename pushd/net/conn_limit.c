/* conn_limit: counters of handshakes and sockets by a hash of the address. */
#include "net/conn_limit.h"

#include <string.h>

#include "http/cidr.h"

bool conn_limit_is_proxy(const struct config *config, const char *address) {
    return strcmp(address, CONN_LIMIT_UNIX) == 0 ||
           cidr_list_contains(config->push_proxies, address) ||
           cidr_list_contains(config->trusted_proxies, address);
}

uint64_t conn_limit_handshake_begin(struct conn_limit *limit, const struct config *config,
                                    const char *address) {
    const uint64_t key = idmap_text_key(address);
    if (limit->handshaking_count + limit->open_count >= config->max_sockets + CONN_LIMIT_MARGIN)
        return 0;
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

enum conn_limit_result conn_limit_check(const struct conn_limit *limit, const struct config *config,
                                        const char *address) {
    if (limit->open_count >= config->max_sockets)
        return CONN_LIMIT_TOTAL;
    if (idmap_counter(&limit->open, idmap_text_key(address)) >= config->max_sockets_address)
        return CONN_LIMIT_ADDRESS;
    return CONN_LIMIT_OK;
}

uint64_t conn_limit_add(struct conn_limit *limit, const char *address) {
    const uint64_t key = idmap_text_key(address);
    idmap_increment(&limit->open, key);
    limit->open_count++;
    return key;
}

void conn_limit_remove(struct conn_limit *limit, uint64_t key) {
    idmap_decrement(&limit->open, key);
    limit->open_count--;
}

void conn_limit_free(struct conn_limit *limit) {
    idmap_free(&limit->handshaking);
    idmap_free(&limit->open);
}
