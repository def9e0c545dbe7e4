#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

/*
 * All times of the bench are CLOCK_MONOTONIC nanoseconds. That clock is shared by all processes of
 * one machine, so a time written into a message by the sender can be subtracted from the time at
 * the sink.
 */

#define CLOCK_SECOND_NS 1000000000ULL
#define CLOCK_MS_NS 1000000ULL

static inline uint64_t clock_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * CLOCK_SECOND_NS + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_from_seconds(double seconds)
{
    return (uint64_t)(seconds * 1e9);
}

static inline double clock_to_seconds(uint64_t span_ns)
{
    return (double)span_ns / 1e9;
}

#endif
