/*
 * metrics.h - numbers over time: what the metrics of the API ask the store for.
 *
 * A subject has measures, dimensions and filters, by the API's names (the tables of metrics_subjects.c say which). The
 * numbers come from the counts by hour and minute that the writer keeps. Only what these do not hold, and parts of a
 * range that are no whole minutes, is read from the records themselves, as far as limits.list_scan goes.
 */
#pragma once

#include "store/granularity.h"
#include "store/store.h"

enum metric_subject { METRIC_REQUESTS, METRIC_EVENTS, METRIC_ATTEMPTS, METRIC_QUEUE, METRIC_PENDING,
                      METRIC_EXECUTIONS, METRIC_ISSUES };
enum { METRIC_NAMES = 16 }; /* most measures, and most dimensions */

struct metric_filter {
    const char *name;
    enum store_operator operator;     /* OP_IN, OP_GTE, OP_LTE */
    const struct store_value *values; /* integers, texts (of delivery groups) and null */
    size_t count;
};

struct metric_query {
    enum metric_subject subject;
    int64_t project_id, start, end, now; /* start <= moment < end */
    struct granularity granularity;
    const char *measures[METRIC_NAMES], *dimensions[METRIC_NAMES];
    size_t measure_count, dimension_count;
    const struct metric_filter *filters;
    size_t filter_count;
};

struct metric_row {
    int64_t bucket;                              /* its start; 0 without a granularity */
    struct store_value dimensions[METRIC_NAMES]; /* in the query's order */
    double measures[METRIC_NAMES];               /* 0 where there is nothing to divide by */
};

struct metric_result {
    struct metric_row **rows; /* by bucket, then dimensions */
    size_t count;
    bool too_many_rows; /* more than limits.metric_rows */
    bool scan_ended;    /* more was to be read than the limits allow */
};

/* Buckets and combinations without anything have no row; without granularity and dimensions there is always one. */
bool store_read_metrics(struct store_reader *, struct arena *, const struct metric_query *, struct metric_result *,
                        struct error *);

/*
 * A thread that notes every limits.metric_sample_ms what waits for each destination, and takes away counts that are
 * older than limits.metric_minutes_days and limits.metric_hours_days.
 */
struct metric_sampler;
struct metric_sampler *metric_sampler_start(struct store *store, struct error *error);
void metric_sampler_stop(struct metric_sampler *sampler); /* before the store closes */
