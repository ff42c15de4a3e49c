#include "net/conn_limit.h"

#include <string.h>

#include "net/tally.h"

bool door_is_proxy(const struct config *config, const char *address) {
    return strcmp(address, DOOR_LOCAL) == 0 ||
           config_address_listed(config->push_proxies, address) ||
           config_address_listed(config->trusted_proxies, address);
}

uint64_t door_knock(struct door *door, const struct config *config, const char *address) {
    const uint64_t key = tally_key(address);
    if (door->knocking_count + door->sitting_count >= config->max_sockets + DOOR_ROOM)
        return 0;
    if (tally_more(&door->knocking, key) > config->max_sockets_address &&
        !door_is_proxy(config, address)) {
        tally_less(&door->knocking, key);
        return 0;
    }
    door->knocking_count++;
    return key;
}

void door_leave(struct door *door, uint64_t key) {
    tally_less(&door->knocking, key);
    door->knocking_count--;
}

enum door_answer door_ask(const struct door *door, const struct config *config,
                          const char *address) {
    if (door->sitting_count >= config->max_sockets)
        return DOOR_FULL;
    return tally_count(&door->sitting, tally_key(address)) >= config->max_sockets_address
               ? DOOR_CROWDED
               : DOOR_OPEN;
}

uint64_t door_sit(struct door *door, const char *address) {
    const uint64_t key = tally_key(address);
    tally_more(&door->sitting, key);
    door->sitting_count++;
    return key;
}

void door_rise(struct door *door, uint64_t key) {
    tally_less(&door->sitting, key);
    door->sitting_count--;
}

void door_free(struct door *door) {
    idmap_free(&door->knocking);
    idmap_free(&door->sitting);
}
