/*
 * metrics_keep.h - keeps the counts that metrics are read from, along with what they count. Internal to store/.
 *
 * The tables request_count, event_count and attempt_count hold rows for minutes and for hours (column span, in ms; moment
 * is the start). Whoever writes a request, an event or an attempt notes the change here; the writer puts all changes of
 * a group of jobs into the tables before it commits, so that the counts always equal the records.
 *
 * A request counts for the minute of its ingest, an event for that of its creation, whatever becomes of it later, and
 * an attempt for that of its start.
 */
#pragma once

#include "model/model.h"
#include "store/sqlite/metrics_deltas.h"
#include "store/sqlite/database.h"

enum { MINUTE_MS = 60000, HOUR_MS = 3600000, DELTAS_MOST = 1000 };

/* What is counted of a request or an event; those that are changed are counted out as they were, and in again. */
struct request_counted {
    int64_t project_id, source_id, ingested_at, rejection_cause, events, ignored;
};
struct event_counted {
    int64_t project_id, connection_id, source_id, destination_id, created_at;
    int64_t status, error_code, response_status, attempts, next_attempt_at;
};
struct attempt_counted {
    int64_t project_id, destination_id, delivered_at, successful, error_code, trigger;
    int64_t response_latency_ms, delivery_latency_ms;
};

/* `sign` 1 or -1 */
void keep_request(struct deltas *deltas, const struct request_counted *request, int64_t sign);
void keep_event(struct deltas *deltas, const struct event_counted *event, int64_t sign);
void keep_attempt(struct deltas *deltas, const struct attempt_counted *attempt);

struct event_counted counted_of_event(const struct event *event);
/* Reads what is counted of a stored event; false when there is none. */
bool keep_read_event(struct store_reader *database, int64_t id, struct event_counted *event, struct error *error);
bool keep_read_request(struct store_reader *database, int64_t id, struct request_counted *request, struct error *error);

/* Puts the changes into the tables and forgets them. Inside the transaction. */
bool keep_flush(struct store_reader *database, struct deltas *deltas, struct error *error);
/* Once for the writing connection: functions that the statements use. */
bool keep_prepare(struct store_reader *database, struct error *error);
/* Counts all records that are there: for a store from before the counts. Inside a transaction. */
bool keep_count_all(struct store_reader *database, struct error *error);
