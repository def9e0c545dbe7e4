#ifndef BENCH_SINK_PAGE_H
#define BENCH_SINK_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "report.h"
#include "tally.h"

/*
 * The sink's control pages:
 *
 *     GET  /stats[?run=R]                     counts and delivery latency, of all runs or one
 *     GET  /missing?run=R&total=N[&limit=L]   which of the numbers 0 .. N-1 have not arrived
 *     POST /reset                             back to nothing received
 *
 * Webhooks must be delivered to other paths. At most SINK_PAGE_MISSING_MAX missing numbers are
 * listed (100 unless a limit is given); their count is always whole.
 */

#define SINK_PAGE_MISSING_MAX 100000u

/* Fills `report` and returns true when `line` ("GET /stats?run=a", not NUL-ended) asks for a page.
 */
bool sink_page(struct tally *tally, const char *line, size_t length, struct report *report);

/* The members of /stats, into an object that the caller has opened. `run` is NULL for all runs. */
void sink_page_stats(const struct tally *tally, const char *run, struct report *report);

#endif
