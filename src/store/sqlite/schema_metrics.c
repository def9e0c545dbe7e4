/* Tables of counts over time, which the metrics are made of. */
#include "store/sqlite/schema.h"

/* span and moment: the minute or the hour that is counted, in ms (metrics_keep.h) */
#define TIME_COLUMNS "project_id INTEGER NOT NULL, span INTEGER NOT NULL, moment INTEGER NOT NULL, "

const char schema_metrics[] =
    "CREATE TABLE request_count(" TIME_COLUMNS "source_id INTEGER NOT NULL, rejection_cause INTEGER NOT NULL,"
    " count INTEGER NOT NULL, discarded INTEGER NOT NULL, events INTEGER NOT NULL, ignored INTEGER NOT NULL,"
    " PRIMARY KEY(project_id, span, moment, source_id, rejection_cause)) WITHOUT ROWID;"
    "CREATE TABLE event_count(" TIME_COLUMNS "connection_id INTEGER NOT NULL, source_id INTEGER NOT NULL,"
    " destination_id INTEGER NOT NULL, status INTEGER NOT NULL, error_code INTEGER NOT NULL,"
    " response_status INTEGER NOT NULL, count INTEGER NOT NULL, attempts INTEGER NOT NULL, retries INTEGER NOT NULL,"
    " PRIMARY KEY(project_id, span, moment, connection_id, status, error_code, response_status)) WITHOUT ROWID;"
    "CREATE TABLE attempt_count(" TIME_COLUMNS "destination_id INTEGER NOT NULL, successful INTEGER NOT NULL,"
    " error_code INTEGER NOT NULL, attempt_trigger INTEGER NOT NULL, count INTEGER NOT NULL, responses INTEGER NOT NULL,"
    " response_ms INTEGER NOT NULL, response_most_ms INTEGER NOT NULL, deliveries INTEGER NOT NULL,"
    " delivery_ms INTEGER NOT NULL, latencies BLOB NOT NULL,"
    " PRIMARY KEY(project_id, span, moment, destination_id, successful, error_code, attempt_trigger)) WITHOUT ROWID;"
    /* The most that waited within the span; destination 0: the most of all together */
    "CREATE TABLE queue_count(" TIME_COLUMNS "destination_id INTEGER NOT NULL, depth INTEGER NOT NULL,"
    " age_ms INTEGER NOT NULL, PRIMARY KEY(project_id, span, moment, destination_id)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS issue_event(issue_id INTEGER NOT NULL, event_id INTEGER NOT NULL,"
    " PRIMARY KEY(issue_id, event_id)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS issue_event_event ON issue_event(event_id);";
