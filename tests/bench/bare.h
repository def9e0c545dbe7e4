#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "fault.h"

/*
 * The least that a webhook gateway can do: take a POST, append its body to a journal that is synced
 * in groups, answer 200 when the body is on disk, and post the body on to one destination over
 * keep-alive connections. No routing, no records, no retries. What this does in a second is the
 * ceiling that a gateway on the same machine is compared with.
 */

#define BARE_CONNECTIONS_MAX 4096u

/*
 * How many answered bodies may wait for a free connection to the destination. When they are that
 * many, further answers are held back, so that webhooks come in no faster than they go out.
 */
#define BARE_WAITING_MAX 1024u

struct bare_plan {
    int listener;
    struct address destination;
    uint64_t connections;  /* to the destination */
    const char *directory; /* of the journal */
};

/* Serves on the calling thread until asked to stop (stop.h). False when it cannot go on. */
bool bare_serve(const struct bare_plan *plan, struct fault *fault);

#endif
