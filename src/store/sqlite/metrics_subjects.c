#include "store/sqlite/metrics_subjects.h"

#define IN_SPANS " WHERE project_id = ?1 AND span = ?2 AND moment >= ?3 AND moment < ?4"
#define COUNTED IN_SPANS " AND count > 0"
#define IN_KEYS(id) " WHERE " id " >= ?5 AND " id " < ?6 AND project_id = ?1"
#define IN_MOMENTS " WHERE moment >= ?3 AND moment < ?4"
/* Fields that the counts hold, and those that only the records tell. */
#define KEPT(name, sql) {name, sql, false, false, false, false}
#define RECORDED(name, sql) {name, sql, true, false, false, false}

/* ---- requests ---- */

static const struct metric_field REQUEST_FIELDS[] = {
    KEPT("source_id", "source_id"),
    KEPT("rejection_cause", "nullif(rejection_cause, 0)"),
    KEPT("status", "(rejection_cause > 0)"),
    RECORDED("bulk_retry_ids", "(SELECT nullif(max(bulk_id), 0) FROM event WHERE event.request_id = request_key)"),
    RECORDED("events_count", "events"),
    RECORDED("ignored_count", "ignored"),
    {0},
};
static const struct metric_measure REQUEST_MEASURES[] = {
    {"count", METRIC_SUM, "count", NULL, 0, false},
    {"accepted_count", METRIC_SUM, "count * (rejection_cause = 0)", NULL, 0, false},
    {"rejected_count", METRIC_SUM, "count * (rejection_cause > 0)", NULL, 0, false},
    {"discarded_count", METRIC_SUM, "discarded", NULL, 0, false},
    {"avg_events_per_request", METRIC_RATIO, "events", "count", 0, false},
    {"avg_ignored_per_request", METRIC_RATIO, "ignored", "count", 0, false},
    {0},
};

/* ---- events ---- */

static const struct metric_field EVENT_FIELDS[] = {
    KEPT("status", "status"),
    KEPT("source_id", "source_id"),
    KEPT("webhook_id", "connection_id"),
    KEPT("destination_id", "destination_id"),
    KEPT("error_code", "nullif(error_code, 0)"),
    KEPT("response_status", "nullif(response_status, 0)"),
    RECORDED("event_data_id", "request_id"),
    RECORDED("attempts", "attempts"),
    {"issue_ids", "id IN (SELECT event_id FROM issue_event WHERE issue_id", true, true, false, false},
    RECORDED("bulk_retry_ids", "nullif(bulk_id, 0)"),
    {"delivery_group", "delivery_group", true, false, true, false},
    /* of something that this version has none of */
    KEPT("cli_id", "NULL"),
    KEPT("cli_user_id", "NULL"),
    {0},
};
static const struct metric_measure EVENT_MEASURES[] = {
    {"count", METRIC_SUM, "count", NULL, 0, false},
    {"successful_count", METRIC_SUM, "count * (status = 4)", NULL, 0, false},
    {"failed_count", METRIC_SUM, "count * (status = 5)", NULL, 0, false},
    {"scheduled_count", METRIC_SUM, "count * (status = 1)", NULL, 0, false},
    {"paused_count", METRIC_SUM, "count * (status = 3)", NULL, 0, false},
    {"error_rate", METRIC_RATIO, "count * (status = 5)", "count * (status IN (4, 5))", 0, false},
    {"avg_attempts", METRIC_RATIO, "attempts", "count", 0, false},
    {"scheduled_retry_count", METRIC_SUM, "retries", NULL, 0, false},
    {"max_count_per_second", METRIC_PEAK, "count", "moment / 1000", 0, true},
    {0},
};

/* ---- attempts ---- */

static const struct metric_field ATTEMPT_FIELDS[] = {
    KEPT("destination_id", "destination_id"),
    KEPT("status", "successful"),
    KEPT("error_code", "nullif(error_code, 0)"),
    KEPT("trigger", "attempt_trigger"),
    RECORDED("event_id", "event_id"),
    RECORDED("bulk_retry_id", "nullif(bulk_id, 0)"),
    {"delivery_group", "(SELECT delivery_group FROM event WHERE event.id = event_id)", true, false, true, false},
    {0},
};
static const struct metric_measure ATTEMPT_MEASURES[] = {
    {"count", METRIC_SUM, "count", NULL, 0, false},
    {"successful_count", METRIC_SUM, "count * successful", NULL, 0, false},
    {"failed_count", METRIC_SUM, "count * (successful = 0)", NULL, 0, false},
    {"delivered_count", METRIC_SUM, "responses", NULL, 0, false},
    {"error_rate", METRIC_RATIO, "count * (successful = 0)", "count", 0, false},
    {"response_latency_avg", METRIC_RATIO, "response_ms", "responses", 0, false},
    {"response_latency_max", METRIC_MAXIMUM, "response_most_ms", NULL, 0, false},
    {"response_latency_p95", METRIC_PERCENTILE, "latencies", NULL, 95, false},
    {"response_latency_p99", METRIC_PERCENTILE, "latencies", NULL, 99, false},
    {"delivery_latency_avg", METRIC_RATIO, "delivery_ms", "deliveries", 0, false},
    {0},
};

/* ---- what waits ---- */

static const struct metric_field QUEUE_FIELDS[] = {
    KEPT("destination_id", "destination_id"),
    {"delivery_group", "delivery_group", false, false, true, true},
    {0},
};
static const struct metric_field PENDING_FIELDS[] = {KEPT("destination_id", "destination_id"), {0}};
static const struct metric_measure QUEUE_MEASURES[] = {
    {"max_depth", METRIC_MAXIMUM, "depth", NULL, 0, false},
    {"max_age", METRIC_MAXIMUM, "age_ms", NULL, 0, false},
    {0},
};
/* Those of several destinations are summed up: their most within one span need not have been at one moment. */
static const struct metric_measure PENDING_MEASURES[] = {{"count", METRIC_PEAK, "depth", "moment", 0, false}, {0}};
#define QUEUES "queue_count" IN_SPANS " AND destination_id > 0"
/*
 * What waited at a destination that had no groups then waited without a group. The cast gives both halves one type, without
 * which SQLite would sort all of it instead of merging the two in their order.
 */
#define GROUP_QUEUES                                                                                    \
    "(SELECT moment, destination_id, delivery_group, depth, age_ms FROM group_queue_count" IN_SPANS     \
    " UNION ALL SELECT moment, destination_id, CAST(NULL AS TEXT), depth, age_ms FROM " QUEUES          \
    " AND NOT EXISTS (SELECT 1 FROM group_queue_count AS g WHERE g.project_id = ?1 AND g.span = ?2"     \
    " AND g.moment = queue_count.moment AND g.destination_id = queue_count.destination_id)) WHERE true"
#define ALL_QUEUES "queue_count" IN_SPANS " AND destination_id = 0"

/* ---- executions of transformations ---- */

static const struct metric_field EXECUTION_FIELDS[] = {
    KEPT("transformation_id", "transformation_id"),
    KEPT("webhook_id", "nullif(connection_id, 0)"),
    KEPT("log_level", "min(log_level, 4)"),
    KEPT("issue_id", "nullif(issue_id, 0)"),
    {0},
};
/* An execution is as bad as the worst line it logged, and failed without a result; fatal ones are errors here. */
#define FAILED "(log_level = 5)"
static const struct metric_measure EXECUTION_MEASURES[] = {
    {"count", METRIC_SUM, "1", NULL, 0, false},
    {"successful_count", METRIC_SUM, "1 - " FAILED, NULL, 0, false},
    {"failed_count", METRIC_SUM, FAILED, NULL, 0, false},
    {"error_rate", METRIC_RATIO, FAILED, "1", 0, false},
    {"error_count", METRIC_SUM, "log_level >= 4", NULL, 0, false},
    {"warn_count", METRIC_SUM, "log_level = 3", NULL, 0, false},
    {"info_count", METRIC_SUM, "log_level = 2", NULL, 0, false},
    {"debug_count", METRIC_SUM, "log_level = 1", NULL, 0, false},
    {0},
};

/* ---- events of issues ---- */

static const struct metric_field ISSUE_FIELDS[] = {
    KEPT("issue_id", "issue_id"),
    KEPT("source_id", "source_id"),
    KEPT("destination_id", "destination_id"),
    KEPT("webhook_id", "connection_id"),
    {0},
};
static const struct metric_measure ISSUE_MEASURES[] = {{"count", METRIC_SUM, "1", NULL, 0, false}, {0}};

const struct metric_subject_row metric_subjects[] = {
    [METRIC_REQUESTS] = {
        "request_count" COUNTED, NULL, NULL,
        "(SELECT id, id AS request_key, ingested_at AS moment, source_id, rejection_cause, 1 AS count,"
        " (events_count + cli_events_count = 0) AS discarded,"
        " events_count + cli_events_count AS events, ignored_count AS ignored FROM request" IN_KEYS("id") ")"
        IN_MOMENTS,
        "id", REQUEST_FIELDS, REQUEST_MEASURES},
    [METRIC_EVENTS] = {
        "event_count" COUNTED, NULL, NULL,
        "(SELECT id, created_at AS moment, status, source_id, connection_id, destination_id, error_code,"
        " response_status, request_id, attempts, bulk_id, delivery_group, 1 AS count,"
        " (status = 5 AND next_attempt_at > 0) AS retries FROM event" IN_KEYS("id") ")" IN_MOMENTS,
        "id", EVENT_FIELDS, EVENT_MEASURES},
    [METRIC_ATTEMPTS] = {
        "attempt_count" COUNTED, NULL, NULL,
        "(SELECT id, delivered_at AS moment, destination_id, successful, error_code, attempt_trigger, event_id,"
        " bulk_id, 1 AS count, response_latency_ms AS latencies, (response_latency_ms >= 0) AS responses,"
        " max(response_latency_ms, 0) AS response_ms, max(response_latency_ms, 0) AS response_most_ms,"
        " (delivery_latency_ms >= 0) AS deliveries, max(delivery_latency_ms, 0) AS delivery_ms FROM attempt"
        IN_KEYS("id") ")" IN_MOMENTS,
        "id", ATTEMPT_FIELDS, ATTEMPT_MEASURES},
    [METRIC_QUEUE] = {QUEUES, NULL, GROUP_QUEUES, NULL, NULL, QUEUE_FIELDS, QUEUE_MEASURES},
    [METRIC_PENDING] = {QUEUES, ALL_QUEUES, NULL, NULL, NULL, PENDING_FIELDS, PENDING_MEASURES},
    [METRIC_EXECUTIONS] = {
        NULL, NULL, NULL,
        "(SELECT id, created_at AS moment, transformation_id, connection_id, log_level, issue_id"
        " FROM execution" IN_KEYS("id") ")" IN_MOMENTS,
        "id", EXECUTION_FIELDS, EXECUTION_MEASURES},
    [METRIC_ISSUES] = {
        NULL, NULL, NULL,
        "(SELECT event_id, created_at AS moment, issue_id, source_id, destination_id, connection_id FROM issue_event"
        " CROSS JOIN event ON event.id = event_id" IN_KEYS("event_id") ")" IN_MOMENTS,
        NULL, ISSUE_FIELDS, ISSUE_MEASURES},
};
