#ifndef BENCH_TALLY_H
#define BENCH_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "bitmap.h"
#include "histogram.h"
#include "token.h"

/*
 * What a sink has received, kept apart by run id.
 *
 * received = unique + duplicates + rejected + unknown. An arrival that the sink answers with a
 * non-2xx status is rejected: it is no delivery. A duplicate is an accepted arrival after an
 * accepted one with the same run and sequence number. An arrival without a token, of a 17th run or
 * with a sequence number beyond BITMAP_MAX is unknown. The latency is send to first accepted
 * arrival.
 *
 * The sink's thread owns the tally. Another thread may read `unique` at any time, the rest after
 * that thread has ended.
 */

#define TALLY_RUNS_MAX 16u

struct tally_run {
    char name[TOKEN_RUN_MAX + 1];
    struct bitmap seen;
    uint64_t unique;
    uint64_t duplicates;
    uint64_t rejected;
    uint64_t
        first_ns; /* time of the first and the last first accepted arrival; 0 while there is none */
    uint64_t last_ns;
    struct histogram latency;
};

struct tally {
    struct tally_run *runs[TALLY_RUNS_MAX];
    unsigned run_count;
    uint64_t unknown;
    _Atomic uint64_t unique; /* over all runs */
};

void tally_record(struct tally *tally, const char *body, size_t length, bool accepted,
                  uint64_t now_ns);

/* NULL when nothing of that run has come. */
const struct tally_run *tally_find(const struct tally *tally, const char *run);

/* Back to nothing received. */
void tally_reset(struct tally *tally);

#endif
