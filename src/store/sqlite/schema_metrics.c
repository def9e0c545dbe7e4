/* Tables of counts by minute, which the metrics are made of. */
#include "store/sqlite/schema.h"

const char schema_metrics[] =
    /* One row a minute and combination; changed in the transaction that changes what they count. */
    "CREATE TABLE request_minute(project_id INTEGER NOT NULL, minute INTEGER NOT NULL, source_id INTEGER NOT NULL,"
    " rejection_cause INTEGER NOT NULL, count INTEGER NOT NULL, discarded INTEGER NOT NULL, events INTEGER NOT NULL,"
    " ignored INTEGER NOT NULL, PRIMARY KEY(project_id, minute, source_id, rejection_cause)) WITHOUT ROWID;"
    "CREATE TABLE event_minute(project_id INTEGER NOT NULL, minute INTEGER NOT NULL, connection_id INTEGER NOT NULL,"
    " source_id INTEGER NOT NULL, destination_id INTEGER NOT NULL, status INTEGER NOT NULL, error_code INTEGER NOT NULL,"
    " response_status INTEGER NOT NULL, count INTEGER NOT NULL, attempts INTEGER NOT NULL,"
    " PRIMARY KEY(project_id, minute, connection_id, status, error_code, response_status)) WITHOUT ROWID;"
    "CREATE TABLE attempt_minute(project_id INTEGER NOT NULL, minute INTEGER NOT NULL, destination_id INTEGER NOT NULL,"
    " successful INTEGER NOT NULL, error_code INTEGER NOT NULL, attempt_trigger INTEGER NOT NULL,"
    " latency_step INTEGER NOT NULL, count INTEGER NOT NULL, response_ms INTEGER NOT NULL, response_count INTEGER NOT NULL,"
    " response_most_ms INTEGER NOT NULL, delivery_ms INTEGER NOT NULL, delivery_count INTEGER NOT NULL,"
    " PRIMARY KEY(project_id, minute, destination_id, successful, error_code, attempt_trigger, latency_step)) WITHOUT ROWID;"
    "CREATE TABLE queue_sample(project_id INTEGER NOT NULL, moment INTEGER NOT NULL, destination_id INTEGER NOT NULL,"
    " depth INTEGER NOT NULL, age_ms INTEGER NOT NULL, PRIMARY KEY(project_id, moment, destination_id)) WITHOUT ROWID;";
