#ifndef BENCH_TRIAL_H
#define BENCH_TRIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fault.h"
#include "load.h"
#include "report.h"
#include "sink.h"

/*
 * One measurement from end to end: a load is sent to a gateway while a sink on another thread
 * counts what comes out, then the trial waits until every acked webhook has arrived.
 */

struct trial_plan {
    struct load_plan load;
    double drain_s;  /* how long to wait without a new arrival before the rest counts as lost */
    double settle_s; /* after that: time for late duplicates and trailing work of the gateway */
    pid_t pid;       /* the gateway's process, to be measured; 0: none */
};

/*
 * Starts and stops `sink`, and writes the members "send", "sink", "deliveries_per_s", "lost" and so
 * on into `report`, whose object the caller has opened. `lost` is the number of webhooks that were
 * acked and never accepted by the sink. False only when the trial could not begin.
 */
bool trial_run(const struct trial_plan *plan, struct sink *sink, struct report *report,
               uint64_t *lost, struct fault *fault);

/* The result of a load, as the member `key`. */
void trial_report_load(struct report *report, const char *key, const struct load_result *result);

#endif
