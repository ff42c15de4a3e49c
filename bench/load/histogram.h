/*
 * histogram: how long things took, in microseconds, to about three percent.
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

/* Counts a time; one below zero counts as zero. */
void histogram_add(struct histogram *histogram, int64_t us);

/* The time that `part` (0 to 1) of all stay at or below; 0 if nothing was counted. */
double histogram_quantile(const struct histogram *histogram, double part);

#endif
