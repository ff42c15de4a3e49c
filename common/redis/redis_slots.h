/*
 * redis_slots: Redis Cluster (redis_cluster): which server has which keys and channels.
 *
 * Every key and shard channel belongs to one of 16384 slots, by its hash tag, the part in braces,
 * and every slot to one primary. What belongs to a room or user has its id as the hash tag.
 */
#ifndef CONFAB_REDIS_SLOTS_H
#define CONFAB_REDIS_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "config/config.h"
#include "os/host_list.h"

#define REDIS_SLOTS 16384
#define REDIS_SLOTS_NODES 128

/* The primaries, and by slot the index of the primary plus 1; 0: none. */
struct redis_slots {
    unsigned count;
    struct host_address nodes[REDIS_SLOTS_NODES];
    unsigned char owners[REDIS_SLOTS];
};

/* Whether the configuration names a cluster; redis_host then lists some of its servers. */
bool redis_slots_are_used(const struct config *config);

/* The slot of a key or channel. */
unsigned redis_slots_of(struct text key);

/* Reads the reply to CLUSTER NODES of the server at `asked`. False, with *slots as it was, if it is
 * malformed, no primary has a slot, or two claim the same one so that one has none. */
bool redis_slots_parse(struct redis_slots *slots, struct text reply,
                       const struct host_address *asked);

/* The index of the primary of a slot; -1: none. */
int redis_slots_node(const struct redis_slots *slots, unsigned slot);

/* The smallest number that as a hash tag belongs to a primary: keys with it are at that server. The
 * primary must have a slot. */
unsigned redis_slots_tag(const struct redis_slots *slots, unsigned node);

#define REDIS_SLOTS_PREFIX_SIZE 240

/* The prefix of keys and channels: redis_prefix; in a cluster written to `prefix`, and followed by
 * the tag, "{7}:". */
const char *redis_slots_prefix(const char *redis_prefix, bool is_cluster, uint64_t tag,
                               char prefix[REDIS_SLOTS_PREFIX_SIZE]);

/* Takes this prefix, whatever its tag, off the front of a name; false if it has another one. */
bool redis_slots_skip_prefix(struct text *name, const char *redis_prefix, bool is_cluster);

#endif
