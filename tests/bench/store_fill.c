/*
 * Fills the store of a stopped gateway with a past: requests, events and attempts of the last week, spread over the
 * connections that are there. Straight into the tables, as the gateway would have written them.
 *
 *     fairlead-store-fill DIRECTORY EVENTS
 *
 * Of a thousand events 980 were delivered at the first attempt, 3 at the third, 16 failed, 1 was cancelled. The oldest
 * event of all failed in a way that no other did.
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"
#include "model/model.h"
#include "store/sqlite/schema.h"

enum { MOST_CONNECTIONS = 4096, WEEK_MS = 7 * 24 * 3600 * 1000, ROW_KEYS = 4 };

struct place {
    int64_t project_id, connection_id, source_id, destination_id;
};

struct fill {
    sqlite3 *db;
    struct place places[MOST_CONNECTIONS];
    size_t place_count;
    sqlite3_stmt *request, *event, *attempt;
};

static void must(struct fill *fill, int code, const char *what)
{
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
        return;
    fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(fill->db));
    exit(1);
}

static void execute(struct fill *fill, const char *sql)
{
    must(fill, sqlite3_exec(fill->db, sql, NULL, NULL, NULL), sql);
}

static sqlite3_stmt *prepare(struct fill *fill, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    must(fill, sqlite3_prepare_v2(fill->db, sql, -1, &statement, NULL), sql);
    return statement;
}

static void read_places(struct fill *fill)
{
    sqlite3_stmt *statement = prepare(fill, "SELECT project_id, id, source_id, destination_id FROM connection");
    while (fill->place_count < MOST_CONNECTIONS && sqlite3_step(statement) == SQLITE_ROW) {
        struct place *place = &fill->places[fill->place_count++];
        *place = (struct place){sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
                                sqlite3_column_int64(statement, 2), sqlite3_column_int64(statement, 3)};
    }
    sqlite3_finalize(statement);
    if (fill->place_count == 0) {
        fprintf(stderr, "the store has no connection\n");
        exit(1);
    }
}

static void insert(struct fill *fill, sqlite3_stmt *statement, const int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sqlite3_bind_int64(statement, (int)i + 1, values[i]);
    must(fill, sqlite3_step(statement), "insert");
    sqlite3_reset(statement);
}
#define INSERT(fill, statement, ...)                                                                    \
    insert(fill, statement, (int64_t[]){__VA_ARGS__}, sizeof(int64_t[]){__VA_ARGS__} / sizeof(int64_t))

static void text(sqlite3_stmt *statement, int index, const char *value)
{
    sqlite3_bind_text(statement, index, value, -1, SQLITE_TRANSIENT);
}

/* What became of event number `i`. */
static struct event outcome(size_t i)
{
    size_t share = i * 7919 % 1000;
    struct event event = {.status = EVENT_SUCCESSFUL, .attempts = 1, .response_status = 200};
    if (i == 0) {
        event.status = EVENT_FAILED;
        event.response_status = 418;
    } else if (share < 10) {
        event.status = EVENT_FAILED;
        event.response_status = share < 7 ? 500 : 404;
    } else if (share < 16) {
        event.status = EVENT_FAILED;
        event.response_status = 0;
        event.error_code = share < 14 ? ATTEMPT_ERROR_TIMEOUT : ATTEMPT_ERROR_CONNECTION_REFUSED;
    } else if (share < 17) {
        event.status = EVENT_CANCELLED;
        event.response_status = event.attempts = 0;
        event.error_code = ATTEMPT_ERROR_CANCELLED;
    } else if (share < 20) {
        event.attempts = 3;
    }
    return event;
}

static void add(struct fill *fill, size_t i, int64_t at)
{
    const struct place *place = &fill->places[i % fill->place_count];
    int64_t key = id_at_moment(at) + (int64_t)(i % 1000) * ROW_KEYS;
    struct event event = outcome(i);
    char body[256];
    bool successful = event.status == EVENT_SUCCESSFUL;
    snprintf(body, sizeof body, "{\"id\":%zu,\"type\":\"order.%s\",\"amount\":%zu,\"customer\":{\"id\":\"c-%zu\"},"
             "\"note\":\"something that is not looked for, to make the body as long as one that is\"}",
             i, i % 3 ? "paid" : "made", i % 977, i % 100003);
    text(fill->request, 11, i % 50 ? "/orders" : "/refunds");
    text(fill->request, 12, "content-type: application/json\nuser-agent: fill/1\n");
    text(fill->request, 13, body);
    INSERT(fill, fill->request, key, place->project_id, place->source_id, at, 0, 0, 1, 0, 0, at);
    INSERT(fill, fill->event, key + 1, place->project_id, key, place->connection_id, place->source_id,
           place->destination_id, event.status, 0, 0, 1, event.attempts, 0, event.attempts ? at + 20 : 0,
           successful ? at + 30 : 0, event.response_status, event.error_code, at, at + 30);
    if (event.attempts > 0)
        INSERT(fill, fill->attempt, key + 2, place->project_id, key + 1, place->destination_id, successful,
               event.attempts, 1, event.response_status, event.error_code, at + 20, at + 30, 20, 10);
}

int main(int count, char **arguments)
{
    static struct fill fill;
    char path[4096];
    size_t events = count == 3 ? strtoul(arguments[2], NULL, 10) : 0;
    if (events == 0) {
        fprintf(stderr, "usage: fairlead-store-fill DIRECTORY EVENTS\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/fairlead.db", arguments[1]);
    must(&fill, sqlite3_open_v2(path, &fill.db, SQLITE_OPEN_READWRITE, NULL), path);
    execute(&fill, "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA journal_mode = MEMORY; BEGIN");
    read_places(&fill);
    fill.request = prepare(&fill, "INSERT INTO request(" REQUEST_COLUMNS ", path, headers, body, method, query)"
                                  " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'POST', '')");
    fill.event = prepare(&fill, "INSERT INTO event(" EVENT_COLUMNS ")"
                                " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    fill.attempt = prepare(&fill, "INSERT INTO attempt(id, project_id, event_id, destination_id, successful, attempt_number,"
                                  " attempt_trigger, response_status, error_code, delivered_at, responded_at,"
                                  " delivery_latency_ms, response_latency_ms) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    int64_t first = clock_now_ms() - WEEK_MS;
    for (size_t i = 0; i < events; i++)
        add(&fill, i, first + (int64_t)((double)i / (double)events * (WEEK_MS - 3600 * 1000)));
    execute(&fill, "COMMIT; PRAGMA journal_mode = WAL;");
    sqlite3_finalize(fill.request);
    sqlite3_finalize(fill.event);
    sqlite3_finalize(fill.attempt);
    return sqlite3_close(fill.db) == SQLITE_OK ? 0 : 1;
}
