#include "histogram.h"

/* Below 2^STEPS microseconds every one has a place of its own; above, each doubling has
 * 2^STEPS places. */
#define STEPS 5
#define FIRST ((uint64_t)1 << STEPS)

static unsigned place_of(uint64_t us) {
    if (us < FIRST)
        return (unsigned)us;
    const unsigned doublings = 63 - (unsigned)__builtin_clzll(us) - STEPS;
    const unsigned place = (doublings << STEPS) + (unsigned)(us >> doublings);
    return place < HISTOGRAM_SIZE ? place : HISTOGRAM_SIZE - 1;
}

static double middle_of(unsigned place) {
    if (place < FIRST)
        return place;
    const unsigned doublings = (place >> STEPS) - 1;
    const uint64_t low = (FIRST + (place & (FIRST - 1))) << doublings;
    return (double)low + (double)((uint64_t)1 << doublings) / 2;
}

void histogram_add(struct histogram *histogram, int64_t us) {
    histogram->at[place_of(us < 0 ? 0 : (uint64_t)us)]++;
    histogram->count++;
}

double histogram_quantile(const struct histogram *histogram, double part) {
    const double wanted = part * (double)histogram->count;
    uint64_t seen = 0;
    for (unsigned place = 0; histogram->count > 0 && place < HISTOGRAM_SIZE; place++) {
        seen += histogram->at[place];
        if ((double)seen >= wanted)
            return middle_of(place);
    }
    return 0;
}
