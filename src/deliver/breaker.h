/*
 * breaker.h - whether a destination is delivered to at all, after what became of its last deliveries. Pure: moments are
 * passed in, in microseconds of one clock that never goes back.
 *
 *   CLOSED ──failures in a row──► OPEN ──its wait──► PROBING ──it answers──► RECOVERING ──a while──► CLOSED
 *                                   ▲──────failure──────┘                        │
 *                                   └─────────────few failures in a row──────────┘
 *
 * While it is OPEN nothing goes out and nothing is lost: events stay where they wait. A probe is one event, delivered as
 * any other; when it fails the next wait is twice as long. What waited then goes out a little at first, and more as it is
 * taken, so that who has just come back is not run over.
 *
 * Apart from that a destination can ask for a time without deliveries (Retry-After); the same little comes after it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/policy.h"

enum breaker_state {
    BREAKER_CLOSED,     /* deliveries go out */
    BREAKER_OPEN,       /* none does, until `next_us` */
    BREAKER_PROBING,    /* one is under way, and decides */
    BREAKER_RECOVERING, /* `allowed` at one time */
};

/* What a delivery's end says about its destination. */
enum breaker_end {
    BREAKER_WELL,    /* it answers, whatever it thinks of this one event */
    BREAKER_BADLY,   /* it could not be reached, did not answer, or says itself that it cannot */
    BREAKER_NOTHING, /* it was not asked */
};

struct breaker {
    struct breaker_rule rule; /* failures 0: it never opens */
    enum breaker_state state;
    int64_t failures;         /* in a row */
    int64_t failing_us;       /* since when there is nothing but failures */
    int64_t well_us;          /* the last delivery that ended well */
    int64_t wait_us;          /* before the last probe; 0: it has not been open since it was CLOSED */
    int64_t next_us;          /* OPEN: the next probe */
    int64_t until_us;         /* asked for by Retry-After; 0: nothing is */
    int64_t allowed;          /* RECOVERING */
    int64_t taken, grown_us;  /* RECOVERING: how many ended well since it allowed more, and when that was */
    int64_t recovering_us;    /* RECOVERING: since when */
};

/* Follows that rule from now on. What waited for a moment goes on at once: the destination may be another one. */
void breaker_set(struct breaker *breaker, struct breaker_rule rule, int64_t now_us);
/* It was open when the process before ended. */
void breaker_reopen(struct breaker *breaker, int64_t now_us);
/* The destination asks for no delivery before that moment. */
void breaker_slow(struct breaker *breaker, int64_t until_us);
/* When the next delivery may begin: not after now_us if at once. It may have to be asked again then. */
int64_t breaker_next_at(struct breaker *breaker, int64_t now_us);
/* None may begin until one of the `running` has ended. */
bool breaker_is_full(const struct breaker *breaker, int64_t running);
/* True when that one is the probe. */
bool breaker_begin(struct breaker *breaker);
void breaker_end(struct breaker *breaker, enum breaker_end end, bool probe, int64_t began_us, int64_t now_us);
/* Time alone ends a recovery. */
void breaker_turn(struct breaker *breaker, int64_t now_us);
/* From the opening until the recovery has ended. */
bool breaker_is_outage(const struct breaker *breaker);
/* Neither that, nor slowed, nor recovering from it. */
bool breaker_is_well(const struct breaker *breaker);
