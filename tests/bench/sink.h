#ifndef BENCH_SINK_H
#define BENCH_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "fault.h"
#include "tally.h"

/*
 * A destination that counts: an HTTP/1.1 server with keep-alive, on a thread of its own. Every
 * request is an arrival for the tally and gets the same answer, except the control pages of
 * sink_page.h.
 */

#define SINK_CONNECTIONS_MAX 16384u

struct sink_plan {
    unsigned status;   /* of every answer */
    uint64_t delay_ns; /* from the arrival to its answer */
    bool never;        /* take everything, answer nothing */
};

struct sink;

/* Listens on `address` (its port is filled in when it was 0). NULL and `fault` when that fails. */
struct sink *sink_open(struct address *address, const struct sink_plan *plan, struct fault *fault);

bool sink_start(struct sink *sink, struct fault *fault);

/* Ends the thread; the tally may be read in full afterwards. */
void sink_stop(struct sink *sink);

/* What it received; see tally.h for who may read what and when. */
const struct tally *sink_tally(const struct sink *sink);

/* CPU time of its thread; valid after sink_stop. */
uint64_t sink_cpu_ns(const struct sink *sink);

/* Stops first when still running. */
void sink_free(struct sink *sink);

#endif
