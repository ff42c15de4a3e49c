/*
 * histogram: durations in microseconds, exact to about three percent.
 */
#ifndef BENCH_LOAD_HISTOGRAM_H
#define BENCH_LOAD_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SIZE 1024

/* Zeroed is empty. */
struct histogram {
    uint64_t count;
    uint64_t at[HISTOGRAM_SIZE];
};

/* Counts a duration; a negative one counts as zero. */
void histogram_add(struct histogram *histogram, int64_t us);

/* The duration that `part` (0 to 1) of all do not exceed; 0 if there is none. */
double histogram_quantile(const struct histogram *histogram, double part);

#endif
