#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

/*
 * A histogram of durations in nanoseconds with a small relative error.
 *
 * Values below 256 ns are counted exactly; above, every octave is cut into 128 equal buckets and a
 * bucket is read as its middle, so a percentile is off by at most 1/256 (0.4 %). Durations of 2^42
 * ns (73 minutes) and more are counted in the last bucket; the minimum, maximum and mean are exact.
 * The size is fixed. One thread owns a histogram; another may read it only after that thread has
 * ended.
 */

#define HISTOGRAM_OCTAVE_BUCKETS 128u
#define HISTOGRAM_TOP_OCTAVE 41u
#define HISTOGRAM_BUCKETS (256u + (HISTOGRAM_TOP_OCTAVE - 7u) * HISTOGRAM_OCTAVE_BUCKETS)

struct histogram {
    uint64_t total;
    uint64_t sum_ns;
    uint64_t min_ns; /* meaningless while total is 0 */
    uint64_t max_ns;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t value_ns);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The value that `percent` (0 .. 100) of the durations do not exceed; 0 when there are none. */
uint64_t histogram_percentile(const struct histogram *histogram, double percent);

double histogram_mean(const struct histogram *histogram);

#endif
