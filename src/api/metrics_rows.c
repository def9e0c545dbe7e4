/* The metrics' part of the contract. */
#include "api/contract_rows.h"
#include "api/metrics.h"

#include "model/execution.h"

/* ---- names --------------------------------------------------------------------------------------- */

static const char *const request_status_names[] = {"ACCEPTED", "REJECTED", "accepted", "rejected", NULL};
static const char *const attempt_status_names[] = {"FAILED", "SUCCESSFUL", NULL};
static const char *const log_level_names[] = {"error", "warn", "info", "debug", "", NULL};

/* A name's place in its list, of which the last `count` are other spellings of the first. */
static bool find_name(const char *const *names, int64_t count, struct text name, int64_t *value)
{
    for (int64_t i = 0; names[i] != NULL; i++) {
        if (text_equal(name, text_of(names[i]))) {
            *value = i % count;
            return true;
        }
    }
    return false;
}

static const char *request_status_name(int64_t rejected)
{
    return request_status_names[rejected];
}

static bool request_status_parse(struct text name, int64_t *rejected)
{
    return find_name(request_status_names, 2, name, rejected);
}

static const char *attempt_status_name(int64_t successful)
{
    return attempt_status_names[successful];
}

static bool attempt_status_parse(struct text name, int64_t *successful)
{
    return find_name(attempt_status_names, 2, name, successful);
}

static const char *cause_name(int64_t cause)
{
    return rejection_cause_name((enum rejection_cause)cause);
}

static const char *status_name(int64_t status)
{
    return event_status_name((enum event_status)status);
}

static const char *error_name(int64_t error)
{
    return attempt_error_name((enum attempt_error)error);
}

static const char *trigger_name(int64_t trigger)
{
    return attempt_trigger_name((enum attempt_trigger)trigger);
}

static bool trigger_parse(struct text name, int64_t *trigger)
{
    for (int value = TRIGGER_INITIAL; value <= TRIGGER_UNPAUSE; value++) {
        if (text_equal(name, text_of(attempt_trigger_name((enum attempt_trigger)value)))) {
            *trigger = value;
            return true;
        }
    }
    return false;
}

static const char *level_name(int64_t level)
{
    return execution_log_level_name((enum execution_log_level)level);
}

/* ---- dimensions and filters as they are written -------------------------------------------------- */

#define AS_ID(name, kind) {name, SHOWN_ID, kind, NULL, NULL}
#define AS_NAME(name, name_of, parse) {name, SHOWN_NAME, (enum id_kind)0, name_of, parse}
#define AS_NUMBER(name) {name, SHOWN_NUMBER, (enum id_kind)0, NULL, NULL}
#define AS_NOTHING(name) {name, SHOWN_NEVER, (enum id_kind)0, NULL, NULL}
#define AS_GROUP {"delivery_group", SHOWN_TEXT, (enum id_kind)0, NULL, NULL}
#define PLACES                                                                                          \
    AS_ID("source_id", ID_SOURCE), AS_ID("webhook_id", ID_CONNECTION), AS_ID("destination_id", ID_DESTINATION)

static const struct metric_form request_forms[] = {
    AS_ID("source_id", ID_SOURCE), AS_NAME("rejection_cause", cause_name, rejection_cause_parse),
    AS_NAME("status", request_status_name, request_status_parse), AS_ID("bulk_retry_ids", ID_BULK),
    AS_NUMBER("events_count"), AS_NUMBER("ignored_count"), END,
};
static const struct metric_form event_forms[] = {
    PLACES, AS_NAME("status", status_name, event_status_parse), AS_NAME("error_code", error_name, attempt_error_parse),
    AS_ID("issue_ids", ID_ISSUE), AS_ID("bulk_retry_ids", ID_BULK), AS_ID("event_data_id", ID_EVENT_DATA),
    AS_NOTHING("cli_id"), AS_NOTHING("cli_user_id"), AS_GROUP, AS_NUMBER("attempts"),
    AS_NUMBER("response_status"), END,
};
static const struct metric_form attempt_forms[] = {
    AS_ID("destination_id", ID_DESTINATION), AS_ID("event_id", ID_EVENT),
    AS_NAME("status", attempt_status_name, attempt_status_parse), AS_NAME("error_code", error_name, attempt_error_parse),
    AS_NAME("trigger", trigger_name, trigger_parse), AS_ID("bulk_retry_id", ID_BULK), AS_GROUP, END,
};
static const struct metric_form queue_forms[] = {
    AS_ID("destination_id", ID_DESTINATION), AS_GROUP, END,
};
static const struct metric_form pending_forms[] = {AS_ID("destination_id", ID_DESTINATION), END};
static const struct metric_form execution_forms[] = {
    AS_ID("transformation_id", ID_TRANSFORMATION), AS_ID("webhook_id", ID_CONNECTION),
    AS_NAME("log_level", level_name, execution_log_level_parse), AS_ID("issue_id", ID_ISSUE), END,
};
static const struct metric_form issue_forms[] = {AS_ID("issue_id", ID_ISSUE), PLACES, END};

const struct metric_endpoint metric_endpoints[] = {
    {"queryRequestMetrics", METRIC_REQUESTS, request_forms},
    {"queryEventMetrics", METRIC_EVENTS, event_forms},
    {"queryAttemptMetrics", METRIC_ATTEMPTS, attempt_forms},
    {"queryQueueDepthMetrics", METRIC_QUEUE, queue_forms},
    {"queryTransformationMetrics", METRIC_EXECUTIONS, execution_forms},
    {"queryEventsByIssueMetrics", METRIC_ISSUES, issue_forms},
    {"queryEventsPendingTimeseriesMetrics", METRIC_PENDING, pending_forms},
    END,
};

/* ---- parameters ---------------------------------------------------------------------------------- */

static const struct field_row text_item[] = {{.name = "", VALUE_TEXT}, END};
static const struct field_row group_item[] = {{.name = "", VALUE_TEXT | VALUE_NULL, .any_text = true}, END};
static const struct field_row range_fields[] = {
    {.name = "start", VALUE_TEXT, .required = true}, {.name = "end", VALUE_TEXT, .required = true}, END};
static const struct field_row date_range_row[] = {{.name = "date_range", VALUE_OBJECT, .fields = range_fields}, END};
static const struct field_row granularity_row[] = {{.name = "granularity", VALUE_TEXT | VALUE_NULL}, END};
static const struct field_row bounds_fields[] = {
    {.name = "min", VALUE_INTEGER, .least = 0, .most = INT32_MAX},
    {.name = "max", VALUE_INTEGER, .least = 0, .most = INT32_MAX}, END};

#define ONE(title) {.name = title, VALUE_TEXT}
#define ANY(title) {.name = title, VALUE_TEXT | VALUE_ARRAY, .item = text_item}
#define ANY_OF(title, allowed, items) {.name = title, VALUE_TEXT | VALUE_ARRAY, .names = allowed, .item = items}
#define GROUPS {.name = "delivery_group", VALUE_TEXT | VALUE_ARRAY | VALUE_NULL, .any_text = true, .item = group_item}

static const struct field_row rejection_cause_item[] = {{.name = "", VALUE_TEXT, .names = rejection_cause_names}, END};
static const struct field_row request_status_item[] = {{.name = "", VALUE_TEXT, .names = request_status_names}, END};
static const struct field_row event_status_item[] = {{.name = "", VALUE_TEXT, .names = event_status_names}, END};
static const struct field_row attempt_status_item[] = {{.name = "", VALUE_TEXT, .names = attempt_status_names}, END};

static const struct field_row request_filters[] = {
    ANY("source_id"), ANY_OF("rejection_cause", rejection_cause_names, rejection_cause_item),
    ANY_OF("status", request_status_names, request_status_item),
    {.name = "bulk_retry_ids", VALUE_ARRAY, .item = text_item},
    {.name = "events_count", VALUE_OBJECT, .fields = bounds_fields},
    {.name = "ignored_count", VALUE_OBJECT, .fields = bounds_fields}, END,
};
static const struct field_row event_filters[] = {
    ANY("source_id"), ANY("webhook_id"), ANY("destination_id"), GROUPS,
    ANY_OF("status", event_status_names, event_status_item), ONE("error_code"),
    {.name = "issue_ids", VALUE_ARRAY, .item = text_item}, {.name = "bulk_retry_ids", VALUE_ARRAY, .item = text_item},
    ONE("event_data_id"), ONE("cli_id"), ONE("cli_user_id"),
    {.name = "attempts", VALUE_INTEGER, .least = 0, .most = INT32_MAX},
    {.name = "response_status", VALUE_INTEGER, .least = 100, .most = 599}, END,
};
static const struct field_row attempt_filters[] = {
    ANY("destination_id"), GROUPS, ONE("event_id"), ANY_OF("status", attempt_status_names, attempt_status_item),
    ONE("error_code"), ONE("bulk_retry_id"), ONE("trigger"), END,
};
static const struct field_row queue_filters[] = {ANY("destination_id"), GROUPS, END};
static const struct field_row pending_filters[] = {ANY("destination_id"), END};
static const struct field_row execution_filters[] = {
    ANY("transformation_id"), ONE("webhook_id"), {.name = "log_level", VALUE_TEXT, .names = log_level_names},
    ONE("issue_id"), END,
};
static const struct field_row issue_filters[] = {
    {.name = "issue_id", VALUE_TEXT | VALUE_ARRAY, .required = true, .least = 1, .item = text_item}, ONE("source_id"),
    ONE("destination_id"), ONE("webhook_id"), END,
};

/* The parameters of one endpoint: names of its measures and dimensions, and its filters. */
#define NAMES(noun, what, ...)                                                                          \
    static const char *const noun##_##what[] = {__VA_ARGS__, NULL};                                     \
    static const struct field_row noun##_##what##_item[] = {{.name = "", VALUE_TEXT, .names = noun##_##what}, END}
#define PARAMETERS(noun, filters_required)                                                              \
    static const struct field_row noun##_measures_row[] = {                                             \
        {.name = "measures", VALUE_ARRAY, .required = true, .item = noun##_measures_item}, END};        \
    static const struct field_row noun##_dimensions_row[] = {                                           \
        {.name = "dimensions", VALUE_ARRAY, .item = noun##_dimensions_item}, END};                      \
    static const struct field_row noun##_filters_row[] = {                                              \
        {.name = "filters", VALUE_OBJECT, .required = filters_required, .fields = noun##_filters}, END}; \
    static const struct parameter_row noun##_query[] = {                                           \
        {.name = "date_range", PARAMETER_FORM, .fields = date_range_row},                               \
        {.name = "granularity", PARAMETER_FORM, .fields = granularity_row},                             \
        {.name = "filters", PARAMETER_FORM, .fields = noun##_filters_row},                              \
        {.name = "measures", PARAMETER_FORM, .fields = noun##_measures_row},                            \
        {.name = "dimensions", PARAMETER_FORM, .fields = noun##_dimensions_row}, END}

NAMES(request, measures, "count", "accepted_count", "rejected_count", "discarded_count", "avg_events_per_request",
      "avg_ignored_per_request");
NAMES(request, dimensions, "source_id", "rejection_cause", "status", "bulk_retry_ids", "events_count", "ignored_count");
PARAMETERS(request, false);

NAMES(event, measures, "count", "successful_count", "failed_count", "scheduled_count", "paused_count", "error_rate",
      "avg_attempts", "scheduled_retry_count", "max_count_per_second");
NAMES(event, dimensions, "status", "source_id", "webhook_id", "destination_id", "delivery_group", "error_code",
      "event_data_id", "cli_id", "cli_user_id", "attempts", "response_status");
PARAMETERS(event, false);

NAMES(attempt, measures, "count", "successful_count", "failed_count", "delivered_count", "error_rate",
      "response_latency_avg", "response_latency_max", "response_latency_p95", "response_latency_p99",
      "delivery_latency_avg");
NAMES(attempt, dimensions, "destination_id", "delivery_group", "event_id", "status", "error_code", "bulk_retry_id",
      "trigger");
PARAMETERS(attempt, false);

NAMES(queue, measures, "max_depth", "max_age");
NAMES(queue, dimensions, "destination_id", "delivery_group");
PARAMETERS(queue, false);

NAMES(execution, measures, "count", "successful_count", "failed_count", "error_rate", "error_count", "warn_count",
      "info_count", "debug_count");
NAMES(execution, dimensions, "transformation_id", "webhook_id", "log_level", "issue_id");
PARAMETERS(execution, false);

NAMES(issue, measures, "count");
NAMES(issue, dimensions, "issue_id", "source_id", "destination_id", "webhook_id");
PARAMETERS(issue, true);

NAMES(pending, measures, "count");
NAMES(pending, dimensions, "destination_id");
PARAMETERS(pending, false);

/* ---- the contract ----------------------------------------------------------------------------------- */

static const struct field_row point_shape[] = {
    {.name = "time_bucket", VALUE_TEXT | VALUE_NULL, .required = true},
    {.name = "dimensions", VALUE_OBJECT, .required = true}, {.name = "metrics", VALUE_OBJECT, .required = true}, END};
static const struct field_row point_item[] = {{.name = "", VALUE_OBJECT, .fields = point_shape}, END};
static const struct field_row metadata_shape[] = {
    {.name = "granularity", VALUE_TEXT | VALUE_NULL, .required = true}, ALWAYS("query_time_ms", VALUE_NUMBER),
    {.name = "row_count", VALUE_INTEGER, .required = true}, {.name = "row_limit", VALUE_INTEGER, .required = true},
    {.name = "truncated", VALUE_BOOLEAN, .required = true}, {.name = "warning", VALUE_TEXT}, END,
};
static const struct field_row response_shape[] = {
    {.name = "data", VALUE_ARRAY, .required = true, .item = point_item},
    {.name = "metadata", VALUE_OBJECT, .required = true, .fields = metadata_shape}, END,
};
static const struct shape shapes[] = {{"MetricsResponse", response_shape}, END};

#define QUERY(path, id, of, parameters)                                                                 \
    {"GET", "/metrics/" path, id, "Query the metrics of " of, metrics_query, parameters, NULL, "MetricsResponse"}

static const struct operation operations[] = {
    QUERY("requests", "queryRequestMetrics", "requests", request_query),
    QUERY("events", "queryEventMetrics", "events", event_query),
    QUERY("attempts", "queryAttemptMetrics", "attempts", attempt_query),
    QUERY("queue-depth", "queryQueueDepthMetrics", "what waits", queue_query),
    QUERY("transformations", "queryTransformationMetrics", "transformations", execution_query),
    QUERY("events-by-issue", "queryEventsByIssueMetrics", "the events of issues", issue_query),
    QUERY("events-pending-timeseries", "queryEventsPendingTimeseriesMetrics", "how many events wait", pending_query),
};
OPERATIONS(metrics_operations, operations, shapes);
