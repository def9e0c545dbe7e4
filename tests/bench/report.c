#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void report_put(struct report *report, const char *text)
{
    buffer_append(&report->text, text, strlen(text));
}

static void report_key(struct report *report, const char *key)
{
    if (report->needs_comma)
        report_put(report, ",");
    report->needs_comma = true;
    if (!key)
        return;
    report_put(report, "\"");
    report_put(report, key);
    report_put(report, "\":");
}

void report_open(struct report *report, const char *key, char bracket)
{
    report_key(report, key);
    buffer_append(&report->text, &bracket, 1);
    report->needs_comma = false;
}

void report_close(struct report *report, char bracket)
{
    buffer_append(&report->text, &bracket, 1);
    report->needs_comma = true;
}

void report_count(struct report *report, const char *key, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    report_key(report, key);
    report_put(report, text);
}

void report_number(struct report *report, const char *key, double value)
{
    char text[64];
    snprintf(text, sizeof text, "%.6g", value);
    report_key(report, key);
    report_put(report, isfinite(value) ? text : "null");
}

void report_truth(struct report *report, const char *key, bool value)
{
    report_key(report, key);
    report_put(report, value ? "true" : "false");
}

void report_text(struct report *report, const char *key, const char *value)
{
    report_key(report, key);
    report_put(report, "\"");
    report_put(report, value);
    report_put(report, "\"");
}

void report_histogram(struct report *report, const char *key, const struct histogram *histogram)
{
    static const struct {
        const char *name;
        double percent;
    } percentiles[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p999", 99.9}};

    report_open(report, key, '{');
    report_count(report, "count", histogram->total);
    report_number(report, "mean", histogram_mean(histogram) / 1e6);
    report_number(report, "min", histogram->total ? (double)histogram->min_ns / 1e6 : 0.0);
    for (unsigned i = 0; i < sizeof percentiles / sizeof *percentiles; i++)
        report_number(report, percentiles[i].name,
                      (double)histogram_percentile(histogram, percentiles[i].percent) / 1e6);
    report_number(report, "max", (double)histogram->max_ns / 1e6);
    report_close(report, '}');
}

void report_print(const struct report *report)
{
    printf("%.*s\n", (int)report->text.length, report->text.data ? report->text.data : "");
    fflush(stdout);
}

void report_free(struct report *report)
{
    buffer_free(&report->text);
}
