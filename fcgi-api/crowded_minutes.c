#include "crowded_minutes.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* Most clients ask for the first page, and of the same size. */
#define PLACES 64

struct place {
    uint64_t end; /* 0: none */
    int64_t at;
    int64_t noted;
};

struct crowded_minutes {
    struct place places[PLACES];
};

struct crowded_minutes *crowded_minutes_new(void) {
    return xcalloc(1, sizeof(struct crowded_minutes));
}

void crowded_minutes_free(struct crowded_minutes *minutes) {
    free(minutes);
}

int64_t crowded_minutes_find(const struct crowded_minutes *minutes, uint64_t end, int64_t now) {
    const struct place *place = &minutes->places[end % PLACES];
    return place->end == end && now - place->noted < CROWDED_MINUTES_MS ? place->at : 0;
}

void crowded_minutes_note(struct crowded_minutes *minutes, uint64_t end, int64_t at, int64_t now) {
    minutes->places[end % PLACES] = (struct place){end, at, now};
}

void crowded_minutes_narrow(struct crowded_minutes *minutes, uint64_t end, int64_t at) {
    struct place *place = &minutes->places[end % PLACES];
    if (place->end == end && place->at < at)
        place->at = at;
}
