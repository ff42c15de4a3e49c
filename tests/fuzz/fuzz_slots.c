/*
 * fuzz_slots: the reply to CLUSTER NODES. A map that was read has primaries with names and ports,
 * every slot belongs to one of them or to none, and each has a slot.
 */
#include <stdint.h>

#include "../unit/support/fuzz_input.h"
#include "redis/redis_slots.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct redis_slots slots;
    static const struct host_address ASKED = {"redis.example", 6379};
    const struct text reply = {(const char *)data, size};
    redis_slots_of(reply);
    if (!redis_slots_parse(&slots, reply, &ASKED))
        return 0;
    fuzz_require(slots.count > 0 && slots.count <= REDIS_SLOTS_NODES, "there are primaries");
    for (unsigned slot = 0; slot < REDIS_SLOTS; slot++)
        fuzz_require(redis_slots_node(&slots, slot) < (int)slots.count, "slots are of primaries");
    for (unsigned i = 0; i < slots.count; i++)
        redis_slots_tag(&slots, i);
    for (unsigned i = 0; i < slots.count; i++)
        fuzz_require(slots.nodes[i].name[0] && slots.nodes[i].port > 0 &&
                         slots.nodes[i].port < 65536,
                     "each primary has an address");
    return 0;
}
