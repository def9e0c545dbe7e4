/*
 * clock.h - the two clocks and the text form of a moment.
 *
 * Wall-clock moments are milliseconds since 1970-01-01 UTC in an int64_t, 0 meaning "never"; durations
 * are milliseconds. Only deadlines inside the process use the monotonic clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

int64_t clock_now_ms(void);        /* wall clock */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

enum { CLOCK_TEXT_SIZE = 25 }; /* "2026-11-24T10:20:30.123Z" and the NUL */
/* RFC 3339 in UTC with milliseconds. Moments outside the years 0 to 9999 are cut to the nearest of them. */
void clock_format(int64_t moment_ms, char out[CLOCK_TEXT_SIZE]);
/* RFC 3339 date-time (any offset, up to nanoseconds, which are cut) or a bare date "2026-11-24" (midnight UTC). */
bool clock_parse(struct text text, int64_t *moment_ms);
/* The three HTTP date forms of RFC 9110 section 5.6.7; only the first (IMF-fixdate) is required. */
bool clock_parse_http_date(struct text text, int64_t *moment_ms);
