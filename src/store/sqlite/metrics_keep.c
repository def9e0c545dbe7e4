#include "store/sqlite/metrics_keep.h"

#include <stdlib.h>

/* ---- what is counted ---- */

static int64_t minute_of(int64_t moment)
{
    return moment - (moment % MINUTE_MS + MINUTE_MS) % MINUTE_MS;
}

void keep_request(struct deltas *deltas, const struct request_counted *request, int64_t sign)
{
    struct delta_key key = {DELTA_REQUEST, minute_of(request->ingested_at),
                            {request->project_id, request->source_id, request->rejection_cause}};
    struct delta *delta = deltas_change(deltas, &key, -1);
    delta->values[0] += sign;
    delta->values[1] += request->events == 0 ? sign : 0;
    delta->values[2] += sign * request->events;
    delta->values[3] += sign * request->ignored;
}

void keep_event(struct deltas *deltas, const struct event_counted *event, int64_t sign)
{
    struct delta_key key = {DELTA_EVENT, minute_of(event->created_at),
                            {event->project_id, event->connection_id, event->source_id, event->destination_id,
                             event->status, event->error_code, event->response_status}};
    struct delta *delta = deltas_change(deltas, &key, -1);
    delta->values[0] += sign;
    delta->values[1] += sign * event->attempts;
    delta->values[2] += event->status == EVENT_FAILED && event->next_attempt_at > 0 ? sign : 0;
}

void keep_attempt(struct deltas *deltas, const struct attempt_counted *attempt)
{
    bool replied = attempt->response_latency_ms >= 0;
    struct delta_key key = {DELTA_ATTEMPT, minute_of(attempt->delivered_at),
                            {attempt->project_id, attempt->destination_id, attempt->successful, attempt->error_code,
                             attempt->trigger}};
    struct delta *delta =
        deltas_change(deltas, &key, replied ? (int64_t)latency_step(attempt->response_latency_ms) : -1);
    delta->values[0]++;
    if (replied) {
        delta->values[1]++;
        delta->values[2] += attempt->response_latency_ms;
        if (delta->values[3] < attempt->response_latency_ms)
            delta->values[3] = attempt->response_latency_ms;
    }
    if (attempt->delivery_latency_ms >= 0) {
        delta->values[4]++;
        delta->values[5] += attempt->delivery_latency_ms;
    }
}

struct event_counted counted_of_event(const struct event *event)
{
    return (struct event_counted){event->project_id, event->connection_id, event->source_id, event->destination_id,
                                  event->created_at, (int64_t)event->status, (int64_t)event->error_code,
                                  event->response_status, event->attempts, event->next_attempt_at};
}

/* ---- reading what is counted ---- */

#define REQUEST_COUNTED                                                                                 \
    "SELECT project_id, source_id, ingested_at, rejection_cause, events_count + cli_events_count, ignored_count FROM request"
#define EVENT_COUNTED                                                                                   \
    "SELECT project_id, connection_id, source_id, destination_id, created_at, status, error_code, response_status," \
    " attempts, next_attempt_at FROM event"
#define ATTEMPT_COUNTED                                                                                 \
    "SELECT project_id, destination_id, delivered_at, successful, error_code, attempt_trigger, response_latency_ms," \
    " delivery_latency_ms FROM attempt"

/* The columns of these statements are the members of the structs, all of them integers. */
static void read_columns(sqlite3_stmt *statement, void *counted)
{
    int64_t *members = counted;
    for (int i = 0; i < sqlite3_column_count(statement); i++)
        members[i] = sqlite3_column_int64(statement, i);
}

static bool read_counted(struct store_reader *database, const char *sql, int64_t id, void *counted, struct error *error)
{
    sqlite3_stmt *s = database_statement(database, sql, error);
    if (s == NULL)
        return false;
    BIND(s, id);
    if (database_step(database, s, error) != 1)
        return false;
    read_columns(s, counted);
    sqlite3_reset(s);
    return true;
}

bool keep_read_event(struct store_reader *database, int64_t id, struct event_counted *event, struct error *error)
{
    return read_counted(database, EVENT_COUNTED " WHERE id = ?", id, event, error);
}

bool keep_read_request(struct store_reader *database, int64_t id, struct request_counted *request, struct error *error)
{
    return read_counted(database, REQUEST_COUNTED " WHERE id = ?", id, request, error);
}

/* ---- into the tables ---- */

#define ADDED(column) #column " = " #column " + excluded." #column

static const struct kept_table {
    const char *upsert; /* project, span, moment, columns, values, latencies */
    size_t columns, values;
} TABLES[] = {
    [DELTA_REQUEST] = {
        "INSERT INTO request_count(project_id, span, moment, source_id, rejection_cause, count, discarded, events, ignored)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET " ADDED(count) ", " ADDED(discarded) ", "
        ADDED(events) ", " ADDED(ignored), 2, 4},
    [DELTA_EVENT] = {
        "INSERT INTO event_count(project_id, span, moment, connection_id, source_id, destination_id, status, error_code,"
        " response_status, count, attempts, retries) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET " ADDED(count) ", " ADDED(attempts) ", " ADDED(retries), 6, 3},
    [DELTA_ATTEMPT] = {
        "INSERT INTO attempt_count(project_id, span, moment, destination_id, successful, error_code, attempt_trigger, count,"
        " responses, response_ms, response_most_ms, deliveries, delivery_ms, latencies)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET " ADDED(count) ", " ADDED(responses)
        ", " ADDED(response_ms) ", response_most_ms = max(response_most_ms, excluded.response_most_ms), "
        ADDED(deliveries) ", " ADDED(delivery_ms) ", latencies = latencies_sum(latencies, excluded.latencies)", 4, 6},
};

static bool is_nothing(const struct delta *delta)
{
    for (size_t i = 0; i < DELTA_VALUES; i++) {
        if (delta->values[i] != 0)
            return false;
    }
    return true;
}

static bool put(struct store_reader *database, const struct delta *delta, int64_t span, struct text latencies,
                struct error *error)
{
    const struct kept_table *table = &TABLES[delta->key.kind];
    sqlite3_stmt *s = database_statement(database, table->upsert, error);
    if (s == NULL)
        return false;
    BIND(s, delta->key.columns[0], span, delta->key.minute - delta->key.minute % span);
    bind_integers(s, 4, delta->key.columns + 1, table->columns);
    bind_integers(s, 4 + (int)table->columns, delta->values, table->values);
    if (delta->latencies != NULL)
        bind_bytes(s, 4 + (int)(table->columns + table->values), latencies);
    return database_run(database, s, error);
}

bool keep_flush(struct store_reader *database, struct deltas *deltas, struct error *error)
{
    unsigned char packed[LATENCY_BYTES];
    for (size_t i = 0; i < deltas->count; i++) {
        const struct delta *delta = &deltas->items[i];
        struct text latencies = {(const char *)packed, 0};
        if (is_nothing(delta))
            continue;
        if (delta->latencies != NULL)
            latencies.size = latency_pack(delta->latencies, packed);
        if (!put(database, delta, MINUTE_MS, latencies, error) || !put(database, delta, HOUR_MS, latencies, error))
            return false;
    }
    deltas_clear(deltas);
    return true;
}

static void latencies_sum(sqlite3_context *context, int count, sqlite3_value **values)
{
    int64_t counts[LATENCY_STEPS] = {0};
    unsigned char packed[LATENCY_BYTES];
    for (int i = 0; i < count; i++)
        latency_add_packed(counts, (struct text){sqlite3_value_blob(values[i]), (size_t)sqlite3_value_bytes(values[i])});
    sqlite3_result_blob(context, packed, (int)latency_pack(counts, packed), SQLITE_TRANSIENT);
}

bool keep_prepare(struct store_reader *database, struct error *error)
{
    return sqlite3_create_function(database->db, "latencies_sum", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                   latencies_sum, NULL, NULL) == SQLITE_OK || database_fail(database, error);
}

/* ---- stores from before ---- */

static void count_row(struct deltas *deltas, enum delta_kind kind, sqlite3_stmt *statement)
{
    union {
        struct request_counted request;
        struct event_counted event;
        struct attempt_counted attempt;
    } counted;
    read_columns(statement, &counted);
    switch (kind) {
    case DELTA_REQUEST: keep_request(deltas, &counted.request, 1); break;
    case DELTA_EVENT: keep_event(deltas, &counted.event, 1); break;
    case DELTA_ATTEMPT: keep_attempt(deltas, &counted.attempt); break;
    }
}

/* In the order of their keys, which is that of time: few rows of the counts are in the making at one time. */
bool keep_count_all(struct store_reader *database, struct error *error)
{
    static const char *const records[] = {[DELTA_REQUEST] = REQUEST_COUNTED " ORDER BY id",
                                          [DELTA_EVENT] = EVENT_COUNTED " ORDER BY id",
                                          [DELTA_ATTEMPT] = ATTEMPT_COUNTED " ORDER BY id"};
    struct deltas deltas = {0};
    bool done = true;
    for (int kind = DELTA_REQUEST; done && kind <= DELTA_ATTEMPT; kind++) {
        int row = 0;
        sqlite3_stmt *s = database_statement(database, records[kind], error);
        done = s != NULL;
        while (done && (row = database_step(database, s, error)) == 1) {
            count_row(&deltas, (enum delta_kind)kind, s);
            done = deltas.count < DELTAS_MOST || keep_flush(database, &deltas, error);
        }
        if (s != NULL)
            sqlite3_reset(s);
        done = done && row == 0 && keep_flush(database, &deltas, error);
    }
    deltas_free(&deltas);
    return done;
}
