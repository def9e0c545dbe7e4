/*
 * granularity.h - the buckets that metrics cut time into.
 *
 * Buckets of seconds, minutes, hours and days are multiples from 1970-01-01T00:00:00Z, those of weeks from the Monday
 * after it; months are those of the calendar, several of them counted from January 1970. All in UTC.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { GRANULARITY_TEXT_SIZE = 8 };

struct granularity {
    int64_t count;
    char unit; /* s, m, h, d, w, M; 0: one bucket for all */
};

/* "5m". False unless it is 1 to 60 s or m, 1 to 24 h, 1 to 31 d, 1 to 4 w or 1 to 12 M. */
bool granularity_parse(struct text text, struct granularity *granularity);
/* The start of the bucket that the moment lies in; 0 for the one bucket. */
int64_t granularity_bucket(struct granularity granularity, int64_t moment_ms);
/* True when no bucket begins or ends within a span of so many ms (a divisor of a day, counted from 1970). */
bool granularity_holds(struct granularity granularity, int64_t span_ms);
/* How many buckets start <= moment < end touches, at most. */
int64_t granularity_buckets(struct granularity granularity, int64_t start_ms, int64_t end_ms);
