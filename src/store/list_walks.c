/* The tables of traffic, which are walked, and the indexes that a walk may take. */
#include "store/list_query.h"

#include <string.h>

#define PATHS(rows) rows, sizeof(rows) / sizeof(rows)[0]
#define BY_VALUES(index, field, column) {index, field, column, NULL, NULL, true, NULL}

static bool all_are(const struct store_filter *filter, bool (*test)(int64_t value))
{
    for (size_t i = 0; i < filter->count; i++) {
        if (filter->values[i].is_null || !test(filter->values[i].integer))
            return false;
    }
    return filter->operator == OP_IN && filter->count > 0;
}

/* Does the filter leave only values of `least` and more? */
static bool asks_from(const struct store_filter *filter, int64_t least)
{
    int64_t lowest = INT64_MAX;
    if (filter->operator == OP_GT || filter->operator == OP_GTE)
        return filter->values[0].integer >= least - (filter->operator == OP_GT);
    for (size_t i = 0; i < filter->count; i++)
        lowest = filter->values[i].is_null ? 0 : filter->values[i].integer < lowest ? filter->values[i].integer : lowest;
    return filter->operator == OP_IN && filter->count > 0 && lowest >= least;
}

/* Of a column in which 0 stands for null. */
static bool asks_for_some(const struct store_filter *filter)
{
    return filter->operator == OP_IS_NOT_NULL || filter->operator == OP_LT || filter->operator == OP_LTE ||
           asks_from(filter, 1);
}

/* ---- events ---- */

static bool is_notable_status(int64_t status)
{
    return status != EVENT_QUEUED && status != EVENT_SUCCESSFUL;
}

static bool is_waiting_status(int64_t status)
{
    return status == EVENT_QUEUED || status == EVENT_SCHEDULED;
}

static bool asks_for_notable(const struct store_filter *filter)
{
    switch (filter->field) {
    case FIELD_STATUS: return all_are(filter, is_notable_status);
    case FIELD_ATTEMPTS: return asks_from(filter, 2);
    case FIELD_RESPONSE_STATUS: return asks_from(filter, 300);
    case FIELD_ERROR_CODE:
    case FIELD_NEXT_ATTEMPT_AT: return asks_for_some(filter);
    default: return false;
    }
}

static bool asks_for_waiting(const struct store_filter *filter)
{
    return filter->field == FIELD_STATUS && all_are(filter, is_waiting_status);
}

static const struct list_path EVENT_PATHS[] = {
    BY_VALUES("event_request", FIELD_REQUEST_ID, "request_id"),
    {"issue_event", FIELD_ISSUE_ID, "issue_id", NULL, NULL, true, "event_id"},
    {"event_notable", FIELD_ID, NULL, EVENT_NOTABLE, asks_for_notable, true, NULL},
    {"event_bulk", FIELD_BULK_ID, "bulk_id", "bulk_id > 0", NULL, true, NULL},
    BY_VALUES("event_connection", FIELD_CONNECTION_ID, "connection_id"),
    {"event_due", FIELD_ID, NULL, "due_at > 0", asks_for_waiting, false, NULL},
};

/* ---- requests ---- */

static bool is_true(int64_t value)
{
    return value == 1;
}

static bool asks_for_rejected(const struct store_filter *filter)
{
    return (filter->field == FIELD_REJECTED && all_are(filter, is_true)) ||
           (filter->field == FIELD_REJECTION_CAUSE && asks_for_some(filter));
}

static const struct list_path REQUEST_PATHS[] = {
    {"request_rejected", FIELD_ID, NULL, "rejection_cause > 0", asks_for_rejected, true, NULL},
    BY_VALUES("request_source", FIELD_SOURCE_ID, "source_id"),
};

/* ---- the rest ---- */

static const struct list_path ATTEMPT_PATHS[] = {BY_VALUES("attempt_event", FIELD_EVENT_ID, "event_id")};
static const struct list_path IGNORED_PATHS[] = {BY_VALUES("ignored_event_request", FIELD_REQUEST_ID, "request_id")};
static const struct list_path EXECUTION_PATHS[] = {
    BY_VALUES("execution_transformation", FIELD_TRANSFORMATION_ID, "transformation_id")};

static const struct list_walk WALKS[] = {
    {"event", PATHS(EVENT_PATHS), &connection_list_kind, FIELD_CONNECTION_ID},
    {"request", PATHS(REQUEST_PATHS), &source_list_kind, FIELD_SOURCE_ID},
    {"attempt", PATHS(ATTEMPT_PATHS), NULL, FIELD_ID},
    {"ignored_event", PATHS(IGNORED_PATHS), NULL, FIELD_ID},
    {"execution", PATHS(EXECUTION_PATHS), NULL, FIELD_ID},
};

const struct list_walk *list_walk_of(const struct list_kind *kind)
{
    for (size_t i = 0; i < sizeof WALKS / sizeof WALKS[0]; i++) {
        if (strcmp(WALKS[i].table, kind->table) == 0)
            return &WALKS[i];
    }
    return NULL;
}
