#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "bitmap.h"
#include "fault.h"
#include "histogram.h"

/*
 * The sender of webhooks: keep-alive connections that post numbered payloads and wait for the ack.
 *
 * Without a rate the loop is closed: every connection sends its next webhook as soon as the last
 * one is answered. With a rate it is open: webhook k is due at start + k / rate whatever the
 * answers do, and all latency (the ack's, and the delivery's by the time in the token) counts from
 * that moment, so a gateway that stalls cannot hide the webhooks it kept from being sent.
 *
 * A webhook is sent once. Lost connections, timeouts and malformed answers are errors of its
 * sequence number; nothing is sent again, so that a duplicate at the sink is never the sender's.
 */

#define LOAD_URLS_MAX 16u
#define LOAD_HEADERS_MAX 16u
#define LOAD_CONNECTIONS_MAX 4096u
#define LOAD_RATE_MAX 1000000.0

struct load_plan {
    const char *urls[LOAD_URLS_MAX]; /* connection i talks to URL i modulo url_count */
    unsigned url_count;
    const char *headers[LOAD_HEADERS_MAX]; /* "Name: value" */
    unsigned header_count;
    const char *run;
    uint64_t connections;
    double rate;       /* webhooks a second; 0: closed loop */
    uint64_t count;    /* 0: as many as the duration allows */
    double duration_s; /* 0: until count is reached */
    uint64_t size;     /* of a body, in bytes */
    double timeout_s;  /* for one answer */
    double give_up_s;  /* without any connection up */
};

struct load_result {
    uint64_t sent; /* = acked + non_2xx + lost + timeouts + malformed */
    uint64_t acked;
    uint64_t non_2xx;
    int last_non_2xx; /* a status, to see what went wrong */
    uint64_t lost;    /* the connection ended before the answer */
    uint64_t timeouts;
    uint64_t malformed;
    uint64_t connect_failures;
    bool gave_up;
    uint64_t first_send_ns;
    uint64_t last_ack_ns;
    uint64_t cpu_ns; /* of the sending thread */
    struct histogram ack;
    struct histogram lag; /* how much later than intended a webhook was sent */
    struct bitmap acked_set;
};

/*
 * Sends on the calling thread until done, given up or asked to stop (stop.h). False only when it
 * could not begin. The caller frees the result with load_result_free in either case; `result` must
 * be zeroed.
 */
bool load_send(const struct load_plan *plan, struct load_result *result, struct fault *fault);

void load_result_free(struct load_result *result);

#endif
