#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "histogram.h"

/*
 * One JSON value, written piece by piece into a buffer. A zeroed struct is an empty report; the
 * owner calls report_free. Names and texts are the bench's own or checked run ids and are written
 * unescaped. `key` is NULL for the outermost value and inside a list.
 */
struct report {
    struct buffer text;
    bool needs_comma;
};

void report_open(struct report *report, const char *key, char bracket); /* '{' or '[' */
void report_close(struct report *report, char bracket);                 /* '}' or ']' */
void report_count(struct report *report, const char *key, uint64_t value);
void report_number(struct report *report, const char *key, double value); /* null when not finite */
void report_truth(struct report *report, const char *key, bool value);
void report_text(struct report *report, const char *key, const char *value);

/* {"count","mean","min","p50","p90","p99","p999","max"}, all but the count in milliseconds. */
void report_histogram(struct report *report, const char *key, const struct histogram *histogram);

/* One line on standard output. */
void report_print(const struct report *report);
void report_free(struct report *report);

#endif
