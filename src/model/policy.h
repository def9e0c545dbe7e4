/*
 * policy.h - at what pace a destination is delivered to, as its config says it. Pure.
 *
 *   delivery_policy  {rate, period, groups: {key, rate, rate_period, overrides: {GROUP: {rate, rate_period}}}}
 *   delivery_order   {by: "connection" | "group"}
 *   circuit_breaker  {failures, lasting_ms}
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

enum rate_period { PERIOD_SECOND, PERIOD_MINUTE, PERIOD_HOUR, PERIOD_CONCURRENT };
int64_t rate_period_ms(enum rate_period period); /* 0 for PERIOD_CONCURRENT */

/* So many deliveries in any period, or at one time. */
struct rate {
    int64_t limit; /* 0: any number */
    enum rate_period period;
};

/* The lane of a delivery group, which its events wait in: a hash, positive. */
int64_t lane_of_group(struct text group);

struct group_override {
    int64_t lane;
    struct rate rate;
};

/* The next event of an ordered lane goes out when the one before it has ended. */
enum delivery_order { ORDER_NONE, ORDER_BY_CONNECTION, ORDER_BY_GROUP };

/* A destination's circuit breaker opens after so many failures in a row that have gone on for so long. */
struct breaker_rule {
    int64_t failures; /* 0: never */
    int64_t lasting_ms;
    bool retried_only; /* failures count only where the connection has them retried: others want one attempt, now */
};

struct delivery_policy {
    struct rate rate;                 /* of the whole destination */
    struct text group_key;            /* TEXT_NONE: no groups */
    struct rate group_rate;           /* of each group without an override */
    struct group_override *overrides; /* sorted by lane */
    size_t override_count;
    enum delivery_order order;
    struct breaker_rule breaker;      /* the gateway's own when the config says nothing */
};

/* From a config that the API has checked. Texts and overrides are in the arena. */
void delivery_policy_read(struct arena *arena, const json_t *config, struct delivery_policy *policy);
struct rate delivery_policy_group_rate(const struct delivery_policy *policy, int64_t lane);
