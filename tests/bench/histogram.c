#include "histogram.h"

#include <math.h>

#define HISTOGRAM_EXACT 256u

static unsigned histogram_bucket(uint64_t value)
{
    if (value < HISTOGRAM_EXACT)
        return (unsigned)value;
    unsigned octave = 63u - (unsigned)__builtin_clzll(value);
    if (octave > HISTOGRAM_TOP_OCTAVE)
        return HISTOGRAM_BUCKETS - 1;
    unsigned within = (unsigned)(value >> (octave - 7)) - HISTOGRAM_OCTAVE_BUCKETS;
    return HISTOGRAM_EXACT + (octave - 8) * HISTOGRAM_OCTAVE_BUCKETS + within;
}

static uint64_t histogram_middle(unsigned bucket)
{
    if (bucket < HISTOGRAM_EXACT)
        return bucket;
    unsigned octave = 8 + (bucket - HISTOGRAM_EXACT) / HISTOGRAM_OCTAVE_BUCKETS;
    uint64_t within = (bucket - HISTOGRAM_EXACT) % HISTOGRAM_OCTAVE_BUCKETS;
    uint64_t width = 1ULL << (octave - 7);
    return (HISTOGRAM_OCTAVE_BUCKETS + within) * width + width / 2;
}

void histogram_add(struct histogram *histogram, uint64_t value_ns)
{
    if (!histogram->total || value_ns < histogram->min_ns)
        histogram->min_ns = value_ns;
    if (value_ns > histogram->max_ns)
        histogram->max_ns = value_ns;
    histogram->total++;
    histogram->sum_ns += value_ns;
    histogram->buckets[histogram_bucket(value_ns)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    if (!from->total)
        return;
    if (!into->total || from->min_ns < into->min_ns)
        into->min_ns = from->min_ns;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
    into->total += from->total;
    into->sum_ns += from->sum_ns;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
        into->buckets[bucket] += from->buckets[bucket];
}

uint64_t histogram_percentile(const struct histogram *histogram, double percent)
{
    if (!histogram->total)
        return 0;
    uint64_t rank = (uint64_t)ceil(percent / 100.0 * (double)histogram->total);
    uint64_t seen = 0;
    unsigned bucket = 0;
    for (; bucket < HISTOGRAM_BUCKETS - 1; bucket++) {
        seen += histogram->buckets[bucket];
        if (seen >= rank && seen)
            break;
    }
    uint64_t value = histogram_middle(bucket);
    if (bucket == HISTOGRAM_BUCKETS - 1 || value > histogram->max_ns)
        return histogram->max_ns;
    return value < histogram->min_ns ? histogram->min_ns : value;
}

double histogram_mean(const struct histogram *histogram)
{
    return histogram->total ? (double)histogram->sum_ns / (double)histogram->total : 0.0;
}
