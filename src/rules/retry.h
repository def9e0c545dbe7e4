/*
 * retry.h - when a failed attempt is followed by another one. Pure.
 *
 * A rule is {type: "retry", strategy: "linear" | "exponential", interval (ms), count, response_status_codes}.
 * Linear waits `interval` before every retry; exponential doubles it each time. The wait counts from the start
 * of the attempt that failed. Status expressions: "500", "500-599", ">400", ">=500", "<500", "<=499", "!501"; a
 * retry is made when a positive expression matches (or there is none) and no "!" expression does. Attempts
 * without a reply are always retried. Retry-After of a reply wins over the interval and makes for a retry even
 * without a rule; "-1" stops the automatic retries. With limits.retry_jitter_percent a wait of the rule is longer by up to
 * that part, for each retry of each event by another one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

enum retry_strategy { RETRY_NONE, RETRY_LINEAR, RETRY_EXPONENTIAL };

enum { RETRY_EXPRESSIONS = 10, RETRY_DEFAULT_INTERVAL_MS = 60000, RETRY_DEFAULT_COUNT = 5 };

struct status_range {
    int first, last;
    bool excluded; /* written with "!" */
};

struct retry_rule {
    enum retry_strategy strategy;
    int64_t interval_ms;
    int64_t count;
    struct status_range ranges[RETRY_EXPRESSIONS];
    int range_count;
};

/* Reads one status expression; ERROR_INVALID says what is wrong with it. */
bool status_range_parse(struct text expression, struct status_range *range, struct error *error);

/* Reads the first retry rule of a connection's rules (a JSON array); strategy RETRY_NONE when there is none. */
bool retry_rule_read(struct text rules, struct retry_rule *rule, struct error *error);
/* The `delay` of the first delay rule in ms, 0 when there is none. */
int64_t delay_rule_read(struct text rules);

struct failed_attempt {
    int64_t started_at;        /* the attempt that failed */
    int64_t event_created_at;
    int64_t automatic_retries; /* made so far, this one included if it was one */
    int status;                /* 0: no reply */
    struct text retry_after;   /* the header's value, TEXT_NONE without */
    int64_t now;
    int64_t event_id;          /* so that the retries of many events are spread, if they are to be */
};

/* The moment a Retry-After header asks for, 0: it says nothing. INT64_MAX: one beyond limits.retry_span_ms. */
int64_t retry_after_read(struct text value, int64_t now);

/*
 * The moment of the next automatic attempt, 0: none. Never beyond limits.automatic_retries or
 * limits.retry_span_ms after the event's creation, and never in the past.
 */
int64_t retry_next_at(const struct retry_rule *rule, const struct failed_attempt *failed);
