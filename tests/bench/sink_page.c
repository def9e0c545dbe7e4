#include "sink_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define SINK_PAGE_MISSING_DEFAULT 100u

/* Copies the value of `name` ("run=") out of a query; an absent one is the empty text. */
static void query_value(const char *query, const char *name, char *value, size_t size)
{
    value[0] = '\0';
    for (const char *at = query; *at; at += *at == '&') {
        size_t length = strcspn(at, "&");
        if (strncmp(at, name, strlen(name)) == 0) {
            snprintf(value, size, "%.*s", (int)(length - strlen(name)), at + strlen(name));
            return;
        }
        at += length;
    }
}

static uint64_t query_count(const char *query, const char *name, uint64_t otherwise, uint64_t limit)
{
    char value[32];
    query_value(query, name, value, sizeof value);
    uint64_t number = value[0] ? strtoull(value, NULL, 10) : otherwise;
    return number < limit ? number : limit;
}

void sink_page_stats(const struct tally *tally, const char *run, struct report *report)
{
    static struct histogram latency; /* the sink's thread is the only one that asks while it runs */
    uint64_t unique = 0;
    uint64_t duplicates = 0;
    uint64_t rejected = 0;
    uint64_t first_ns = 0;
    uint64_t last_ns = 0;
    latency = (struct histogram){0};
    for (unsigned i = 0; i < tally->run_count; i++) {
        const struct tally_run *one = tally->runs[i];
        if (run && strcmp(one->name, run) != 0)
            continue;
        unique += one->unique;
        duplicates += one->duplicates;
        rejected += one->rejected;
        if (one->first_ns && (!first_ns || one->first_ns < first_ns))
            first_ns = one->first_ns;
        last_ns = one->last_ns > last_ns ? one->last_ns : last_ns;
        histogram_merge(&latency, &one->latency);
    }
    uint64_t unknown = run ? 0 : tally->unknown;
    report_count(report, "received", unique + duplicates + rejected + unknown);
    report_count(report, "unique", unique);
    report_count(report, "duplicates", duplicates);
    report_count(report, "rejected", rejected);
    report_count(report, "unknown", unknown);
    report_number(report, "seconds", clock_to_seconds(last_ns - first_ns));
    report_histogram(report, "delivery_ms", &latency);
}

static void page_stats(struct tally *tally, const char *query, struct report *report)
{
    char run[TOKEN_RUN_MAX + 1];
    query_value(query, "run=", run, sizeof run);
    sink_page_stats(tally, run[0] ? run : NULL, report);
}

static void page_missing(struct tally *tally, const char *query, struct report *report)
{
    char name[TOKEN_RUN_MAX + 1];
    query_value(query, "run=", name, sizeof name);
    uint64_t total = query_count(query, "total=", 0, BITMAP_MAX);
    uint64_t limit = query_count(query, "limit=", SINK_PAGE_MISSING_DEFAULT, SINK_PAGE_MISSING_MAX);
    const struct tally_run *run = tally_find(tally, name);
    uint64_t count = 0;
    report_open(report, "missing", '[');
    for (uint64_t sequence = 0; sequence < total; sequence++) {
        if (run && bitmap_has(&run->seen, sequence))
            continue;
        if (count++ < limit)
            report_count(report, NULL, sequence);
    }
    report_close(report, ']');
    report_count(report, "count", count);
}

static void page_reset(struct tally *tally, const char *query, struct report *report)
{
    (void)query;
    tally_reset(tally);
    report_truth(report, "reset", true);
}

bool sink_page(struct tally *tally, const char *line, size_t length, struct report *report)
{
    static const struct {
        const char *line;
        void (*answer)(struct tally *tally, const char *query, struct report *report);
    } pages[] = {
        {"GET /stats", page_stats}, {"GET /missing", page_missing}, {"POST /reset", page_reset}};

    for (unsigned i = 0; i < sizeof pages / sizeof *pages; i++) {
        size_t path = strlen(pages[i].line);
        if (length < path || memcmp(line, pages[i].line, path) != 0 ||
            (length > path && line[path] != '?'))
            continue;
        char query[256] = "";
        if (length > path)
            snprintf(query, sizeof query, "%.*s", (int)(length - path - 1), line + path + 1);
        report_open(report, NULL, '{');
        pages[i].answer(tally, query, report);
        report_close(report, '}');
        return true;
    }
    return false;
}
