/*
 * fuzz_orders: a whole pushd, where the input chooses the order of events. What clients must see
 * is asserted by fake_clients.
 *
 * The first byte chooses what fails; each random choice takes one or two of the others, and the run
 * ends with the last one.
 */
#include <stddef.h>
#include <stdint.h>

#include "../unit/support/fake_clients.h"

/* Bytes for a step, about, and the most steps. */
#define BYTES_A_STEP 4
#define STEPS 2000

struct bytes {
    const uint8_t *at;
    size_t len;
};

static uint64_t next(struct bytes *bytes) {
    if (bytes->len == 0)
        return 0;
    bytes->len--;
    return *bytes->at++;
}

static uint64_t below(void *context, uint64_t limit) {
    const uint64_t first = next(context);
    return (limit <= 256 ? first : first << 8 | next(context)) % limit;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    struct bytes bytes = {data + 1, size - 1};
    const struct fake_clients_random random = {"these bytes", below, &bytes};
    const size_t steps = size / BYTES_A_STEP;
    fake_clients_run(&random, (unsigned)(steps < STEPS ? steps : STEPS), data[0] & 1, data[0] & 2);
    return 0;
}
