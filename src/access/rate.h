/*
 * rate.h - how many calls a minute each API key makes.
 *
 * A bucket for each key that called lately: it holds as many calls as the key may make in a minute and fills up evenly.
 * A bucket that is full again says nothing and may be dropped, so their number is bounded (limits.rate_buckets).
 *
 * Threads: all functions may be called from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rate;

/* How a key stands after a call. */
struct rate_state {
    int64_t limit;     /* calls a minute; 0: none */
    int64_t remaining; /* calls that may follow at once */
    int64_t reset_ms;  /* from now, until `limit` calls may follow at once again */
    int64_t wait_ms;   /* of a refused call: until one may follow */
};

struct rate *rate_create(void);
void rate_free(struct rate *rate);
/* Counts a call; false when it is one too many. Limit 0 is none. `now_us`: the monotonic clock. */
bool rate_take(struct rate *rate, int64_t key_id, int64_t limit, int64_t now_us, struct rate_state *state);
