/* The counts that metrics are made of: gathered in memory, equal to the records whatever happens. */
#include "store_fixture.h"

#include <signal.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "base/limits.h"
#include "store/execution.h"
#include "store/metrics.h"
#include "store/project.h"
#include "store/sqlite/metrics_deltas.h"
#include "store/sqlite/schema.h"

/* ---- the changes in memory ---- */

static struct delta *change(struct deltas *deltas, int64_t kind, int64_t number, int64_t step)
{
    struct delta_key key = {kind, 60000 * number, {PROJECT, number}};
    return deltas_change(deltas, &key, step);
}

static void changes_of_one_row_come_together(void **state)
{
    enum { ROWS_OF_COUNTS = 5000, ROUNDS = 3 };
    struct deltas deltas = {0};
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < ROWS_OF_COUNTS; i++)
            change(&deltas, DELTA_EVENT, i, -1)->values[0] += i;
    }
    assert_int_equal(deltas.count, ROWS_OF_COUNTS);
    for (int i = 0; i < ROWS_OF_COUNTS; i++)
        assert_int_equal(change(&deltas, DELTA_EVENT, i, -1)->values[0], i * ROUNDS);
    deltas_clear(&deltas);
    assert_int_equal(deltas.count, 0);
    assert_int_equal(change(&deltas, DELTA_EVENT, 1, -1)->values[0], 0);
    deltas_free(&deltas);
}

static void latencies_stay_with_their_row_when_it_grows(void **state)
{
    struct deltas deltas = {0};
    (void)state;
    change(&deltas, DELTA_ATTEMPT, 1, 17);
    for (int i = 2; i < 2000; i++)
        change(&deltas, i % 2 ? DELTA_ATTEMPT : DELTA_REQUEST, i, i % 2 ? 3 : -1);
    assert_int_equal(change(&deltas, DELTA_ATTEMPT, 1, 17)->latencies[17], 2);
    assert_int_equal(change(&deltas, DELTA_ATTEMPT, 1, -1)->latencies[3], 0);
    deltas_free(&deltas);
}

static void what_an_undone_job_changed_is_taken_back(void **state)
{
    struct deltas deltas = {0};
    (void)state;
    change(&deltas, DELTA_ATTEMPT, 1, 5)->values[0] = 7;
    deltas_mark(&deltas);
    change(&deltas, DELTA_ATTEMPT, 1, 5)->values[0] = 100;
    change(&deltas, DELTA_ATTEMPT, 1, 6)->values[0] = 200;
    change(&deltas, DELTA_REQUEST, 2, -1)->values[1] = 1;
    deltas_unmark(&deltas, true);
    change(&deltas, DELTA_REQUEST, 3, -1)->values[1] = 1;
    deltas_mark(&deltas);
    change(&deltas, DELTA_REQUEST, 3, -1)->values[1] += 1;
    deltas_unmark(&deltas, false);
    struct delta *first = change(&deltas, DELTA_ATTEMPT, 1, -1);
    assert_int_equal(first->values[0], 7);
    assert_int_equal(first->latencies[5], 1);
    assert_int_equal(first->latencies[6], 0);
    assert_int_equal(change(&deltas, DELTA_REQUEST, 2, -1)->values[1], 0);
    assert_int_equal(change(&deltas, DELTA_REQUEST, 3, -1)->values[1], 2);
    deltas_free(&deltas);
}

/* ---- the tables against the records ---- */

static int64_t integer_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

/* What is in one of the two and not in the other. */
static void must_be_the_same(sqlite3 *db, const char *counted, const char *records)
{
    char sql[2048];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM (SELECT * FROM (%s) EXCEPT SELECT * FROM (%s))", counted, records);
    if (integer_of(db, sql) != 0)
        fail_msg("counted, but not there: %s", sql);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM (SELECT * FROM (%s) EXCEPT SELECT * FROM (%s))", records, counted);
    if (integer_of(db, sql) != 0)
        fail_msg("there, but not counted: %s", sql);
}

#define SAME(db, span, table, columns, values, record, moment, sums)                                    \
    must_be_the_same(db, "SELECT moment, " columns ", " values " FROM " table " WHERE span = " span " AND count <> 0", \
                     "SELECT " moment " / " span " * " span " AS m, " columns ", " sums " FROM " record " GROUP BY m, " columns)
#define SAME_OF_SPAN(db, span)                                                                          \
    SAME(db, span, "request_count", "project_id, source_id, rejection_cause", "count, discarded, events, ignored", \
         "request", "ingested_at", "count(*), sum(events_count + cli_events_count = 0),"                \
         " sum(events_count + cli_events_count), sum(ignored_count)");                                  \
    SAME(db, span, "event_count", "project_id, connection_id, source_id, destination_id, status, error_code," \
         " response_status", "count, attempts, retries", "event", "created_at",                         \
         "count(*), sum(attempts), sum(status = 5 AND next_attempt_at > 0)");                           \
    SAME(db, span, "attempt_count", "project_id, destination_id, successful, error_code, attempt_trigger", \
         "count, responses, response_ms, response_most_ms, deliveries, delivery_ms", "attempt", "delivered_at", \
         "count(*), sum(response_latency_ms >= 0), sum(max(response_latency_ms, 0)),"                    \
         " max(max(response_latency_ms, 0)), sum(delivery_latency_ms >= 0), sum(max(delivery_latency_ms, 0))")

static void counts_must_equal_records(const char *directory, int64_t least_attempts)
{
    char path[128];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/fairlead.db", directory);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    SAME_OF_SPAN(db, "60000");
    SAME_OF_SPAN(db, "3600000");
    assert_true(integer_of(db, "SELECT count(*) FROM attempt") >= least_attempts);
    sqlite3_close(db);
}

/* ---- what happens to a store ---- */

static const int64_t FIRST_MOMENT = 1764000000000, DAY_MS = 86400000;

struct life {
    const struct fixture *fixture;
    unsigned seed;
    int64_t moment, keys;
    struct event events[16]; /* the last ones */
    size_t count;
    bool fails;
};

static int any(struct life *life, int most)
{
    life->seed = life->seed * 1103515245u + 12345u;
    return (int)(life->seed >> 8) % most;
}

static int64_t key(struct life *life)
{
    return id_at_moment(life->moment) + life->keys++ % 10000;
}

static bool add_webhook(struct store_transaction *transaction, struct life *life, struct error *error)
{
    struct request request = a_request(life->fixture->source_id, TEXT("{}"));
    life->moment += any(life, 20000);
    request.id = key(life);
    struct event event = an_event(life->fixture, request.id, 5);
    event.id = request.id;
    request.ingested_at = event.created_at = life->moment;
    request.rejection_cause = any(life, 5) == 0 ? REJECTION_UNPARSABLE_JSON : REJECTION_NONE;
    request.events_count = request.rejection_cause == REJECTION_NONE;
    request.ignored_count = any(life, 3);
    life->events[life->count++ % 16] = event;
    return store_insert_request(transaction, &request, error) && store_insert_event(transaction, &event, false, error) &&
           (any(life, 4) > 0 || store_add_request_counts(transaction, request.id, 1, 0, 1, life->moment, error));
}

static bool add_attempt(struct store_transaction *transaction, struct life *life, struct error *error)
{
    struct event *event = &life->events[any(life, life->count < 16 ? (int)life->count : 16)];
    bool successful = any(life, 3) > 0;
    event->status = successful ? EVENT_SUCCESSFUL : EVENT_FAILED;
    event->response_status = successful ? 200 : any(life, 2) ? 500 : 0;
    event->error_code = event->response_status == 0 ? ATTEMPT_ERROR_TIMEOUT : ATTEMPT_ERROR_NONE;
    event->next_attempt_at = event->due_at = successful ? 0 : any(life, 2) ? life->moment : 0;
    event->attempts++;
    struct attempt attempt = {.id = key(life), .project_id = PROJECT, .event_id = event->id,
                              .destination_id = event->destination_id, .successful = successful,
                              .attempt_number = event->attempts, .trigger = (enum attempt_trigger)(1 + any(life, 5)),
                              .response_status = event->response_status, .error_code = event->error_code,
                              .delivered_at = life->moment, .response_latency_ms = event->response_status ? any(life, 3000) : -1,
                              .delivery_latency_ms = event->attempts == 1 ? any(life, 50) : -1};
    return store_record_attempt(transaction, &attempt, event, error);
}

static bool live(struct store_transaction *transaction, void *argument, struct error *error)
{
    struct life *life = argument;
    size_t changed;
    bool done = true;
    for (int i = 1 + any(life, 4); done && i > 0; i--)
        done = add_webhook(transaction, life, error);
    for (int i = any(life, 8); done && i > 0; i--)
        done = add_attempt(transaction, life, error);
    int64_t connection_id = life->fixture->connection_id;
    switch (any(life, 12)) {
    case 0: done = done && store_hold_events(transaction, connection_id, life->moment, 5, &changed, error); break;
    case 1: done = done && store_resume_events(transaction, connection_id, life->moment, 5, &changed, error); break;
    case 2: done = done && store_cancel_events(transaction, connection_id, life->moment, 5, &changed, error); break;
    case 3: { /* one that is not there changes nothing */
        struct event nowhere = an_event(life->fixture, 1, 5);
        done = done && store_update_event(transaction, &nowhere, error) &&
               store_add_request_counts(transaction, nowhere.id, 1, 1, 1, 5, error);
        break;
    }
    }
    if (done && life->fails)
        return error_set(error, ERROR_REFUSED, "undone");
    return done;
}

static struct life a_life(const struct fixture *fixture, unsigned seed)
{
    return (struct life){.fixture = fixture, .seed = seed, .moment = FIRST_MOMENT + seed * DAY_MS};
}

static void counts_equal_the_records(void **state)
{
    enum { JOBS = 400 };
    struct fixture *f = *state;
    struct life life = a_life(f, 1);
    for (int i = 0; i < JOBS; i++) {
        struct life before = life;
        life.fails = any(&life, 4) == 0;
        if (write_step(f->store, true, live, &life, &f->error) == life.fails)
            fail_msg("%s", f->error.message);
        if (life.fails) {
            before.seed = life.seed;
            life = before;
        }
    }
    counts_must_equal_records(f->directory, JOBS / 4);
}

/* Writes until it is killed. */
static void live_for_ever(struct fixture *f, unsigned seed)
{
    struct life life = a_life(f, seed);
    open_store(f);
    for (;;)
        write_step(f->store, true, live, &life, &f->error);
}

static void counts_equal_the_records_after_kills(void **state)
{
    enum { KILLS = 8 };
    struct fixture *f = *state;
    close_store(f);
    for (unsigned i = 0; i < KILLS; i++) {
        pid_t child = fork();
        if (child == 0)
            live_for_ever(f, i + 1);
        usleep(150000 + i * 17000);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        open_store(f);
        close_store(f);
        counts_must_equal_records(f->directory, 0); /* on a busy machine it may not have come far */
    }
    counts_must_equal_records(f->directory, 1);
    open_store(f);
}

static void execute(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

/* Copies what the first schema has of a table. */
static void copy_table(sqlite3 *db, const char *table)
{
    char sql[2048], columns[512];
    sqlite3_stmt *statement;
    snprintf(sql, sizeof sql, "SELECT group_concat(name) FROM pragma_table_info('%s')", table);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    snprintf(columns, sizeof columns, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    snprintf(sql, sizeof sql, "INSERT INTO main.%s(%s) SELECT %s FROM newer.%s", table, columns, columns, table);
    execute(db, sql);
}

static void a_store_from_before_the_counts_is_counted(void **state)
{
    static const char *const tables[] = {"request", "event", "attempt"};
    struct fixture *f = *state;
    struct life life = a_life(f, 3);
    char path[128], newer[128], sql[512];
    sqlite3 *db;
    for (int i = 0; i < 100; i++)
        MUST_WRITE(f, live, &life);
    close_store(f);
    snprintf(path, sizeof path, "%s/fairlead.db", f->directory);
    snprintf(newer, sizeof newer, "%s/newer.db", f->directory);
    assert_int_equal(rename(path, newer), 0);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    execute(db, schema_core);
    snprintf(sql, sizeof sql, "PRAGMA user_version = 1; ATTACH '%s' AS newer", newer);
    execute(db, sql);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        copy_table(db, tables[i]);
    sqlite3_close(db);
    unlink(newer);
    open_store(f);
    counts_must_equal_records(f->directory, 100);
}

/* ---- what is read ---- */

static struct metric_query a_query(enum metric_subject subject, const char *measure)
{
    struct metric_query query = {.subject = subject, .project_id = PROJECT, .start = FIRST_MOMENT,
                                 .end = FIRST_MOMENT + 30 * DAY_MS, .now = FIRST_MOMENT + 30 * DAY_MS,
                                 .measure_count = 1};
    query.measures[0] = measure;
    return query;
}

static double total_of(struct fixture *f, const struct metric_query *query)
{
    struct metric_result result;
    double total = 0;
    if (!store_read_metrics(f->reader, &f->arena, query, &result, &f->error))
        fail_msg("%s", f->error.message);
    assert_false(result.scan_ended || result.too_many_rows);
    for (size_t i = 0; i < result.count; i++)
        total += result.rows[i]->measures[0];
    return total;
}

/* However the range lies to minutes and hours: a dimension that the counts do not hold tells what the records say. */
static void counts_and_records_tell_the_same(void **state)
{
    struct fixture *f = *state;
    struct life life = a_life(f, 4);
    double seen = 0;
    for (int i = 0; i < 200; i++)
        MUST_WRITE(f, live, &life);
    for (int i = 0; i < 50; i++) {
        struct metric_query query = a_query(METRIC_EVENTS, i % 2 ? "count" : "failed_count");
        query.start = FIRST_MOMENT + 4 * DAY_MS + (int64_t)any(&life, 3600) * 1000;
        query.end = query.start + 1 + (int64_t)any(&life, 7200) * 700;
        query.now = FIRST_MOMENT + (i % 4 == 0 ? 1000 : i % 4 == 1 ? 20 : 10) * DAY_MS; /* some counts are gone */
        query.granularity = i % 3 == 0 ? (struct granularity){0, 0} : i % 3 == 1 ? (struct granularity){5, 'm'}
                                                                                   : (struct granularity){7, 's'};
        double counted = total_of(f, &query);
        query.dimensions[query.dimension_count++] = "event_data_id";
        assert_int_equal((int64_t)counted, (int64_t)total_of(f, &query));
        seen += counted;
    }
    assert_true(seen > 1000);
}

static bool run_executions(struct store_transaction *transaction, void *argument, struct error *error)
{
    const struct life *life = argument;
    bool done = true;
    for (int i = 0; done && i < 10; i++) {
        struct execution execution = {
            .id = id_at_moment(life->moment) + i, .project_id = i == 9 ? PROJECT + 1 : PROJECT, .transformation_id = 1 + i % 2,
            .connection_id = i % 3, .log_level = (enum execution_log_level)(1 + i % 5), .created_at = life->moment,
            .logs = TEXT("[]")};
        done = store_insert_execution(transaction, &execution, error);
    }
    return done;
}

static void executions_are_counted(void **state)
{
    static const struct {
        const char *measure;
        double value;
    } rows[] = {{"count", 9}, {"successful_count", 8}, {"failed_count", 1}, {"error_rate", 1.0 / 9}, {"error_count", 3},
                {"warn_count", 2}, {"info_count", 2}, {"debug_count", 2}};
    struct fixture *f = *state;
    struct life life = a_life(f, 1);
    MUST_WRITE(f, run_executions, &life);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct metric_query query = a_query(METRIC_EXECUTIONS, rows[i].measure);
        assert_float_equal(total_of(f, &query), rows[i].value, 1e-9);
    }
    struct store_value first = {.integer = 1}, warn = {.integer = 3};
    struct metric_filter filters[] = {{"transformation_id", OP_IN, &first, 1}, {"log_level", OP_IN, &warn, 1}};
    struct metric_query query = a_query(METRIC_EXECUTIONS, "count");
    query.filters = filters;
    query.filter_count = 1;
    assert_float_equal(total_of(f, &query), 5, 0);
    query.filter_count = 2;
    assert_float_equal(total_of(f, &query), 1, 0);
    query = a_query(METRIC_EXECUTIONS, "count");
    query.end = life.moment;
    assert_float_equal(total_of(f, &query), 0, 0);
}

static void events_of_issues_are_counted(void **state)
{
    struct fixture *f = *state;
    struct life life = a_life(f, 1);
    struct metric_result result;
    sqlite3 *db;
    char path[128];
    while (life.count < 10)
        MUST_WRITE(f, live, &life);
    snprintf(path, sizeof path, "%s/fairlead.db", f->directory);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    execute(db, "INSERT INTO issue_event SELECT 1, id FROM (SELECT id FROM event ORDER BY id LIMIT 7);"
                "INSERT INTO issue_event SELECT 2, id FROM (SELECT id FROM event ORDER BY id LIMIT 3);"
                "INSERT INTO issue_event SELECT 3, id FROM event; INSERT INTO issue_event VALUES(1, 5)");
    sqlite3_close(db);
    struct store_value issues[] = {{.integer = 1}, {.integer = 2}};
    struct metric_filter filters[] = {{"issue_id", OP_IN, issues, 2}};
    struct metric_query query = a_query(METRIC_ISSUES, "count");
    query.filters = filters;
    query.filter_count = 1;
    query.dimensions[query.dimension_count++] = "issue_id";
    assert_true(store_read_metrics(f->reader, &f->arena, &query, &result, &f->error));
    assert_int_equal(result.count, 2);
    assert_float_equal(result.rows[0]->measures[0], 7, 0);
    assert_float_equal(result.rows[1]->measures[0], 3, 0);
    query = a_query(METRIC_EVENTS, "count"); /* an event of both counts once */
    filters[0].name = "issue_ids";
    query.filters = filters;
    query.filter_count = 1;
    assert_float_equal(total_of(f, &query), 7, 0);
}

static bool put_project(struct store_transaction *transaction, void *argument, struct error *error)
{
    struct project project = {.id = PROJECT, .name = TEXT("p"), .signing_secret = TEXT("s")};
    (void)argument;
    return store_put_project(transaction, &project, error);
}

/* Those by the minute go first, and those by the hour stay. */
static void old_counts_are_taken_away(void **state)
{
    struct fixture *f = *state;
    struct life life = a_life(f, 6);
    int64_t sample_ms = limits.metric_sample_ms, days = limits.metric_hours_days;
    char path[128];
    sqlite3 *db;
    for (int i = 0; i < 50; i++)
        MUST_WRITE(f, live, &life);
    MUST_WRITE(f, put_project, NULL);
    snprintf(path, sizeof path, "%s/fairlead.db", f->directory);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_true(integer_of(db, "SELECT count(*) FROM event_count WHERE span = 60000") > 0);
    limits.metric_sample_ms = 5;
    limits.metric_hours_days = 36500;
    struct metric_sampler *sampler = metric_sampler_start(f->store, &f->error);
    assert_non_null(sampler);
    for (int i = 0; i < 500 && integer_of(db, "SELECT count(*) FROM event_count WHERE span = 60000") > 0; i++)
        usleep(10000);
    metric_sampler_stop(sampler);
    limits.metric_sample_ms = sample_ms;
    limits.metric_hours_days = days;
    assert_int_equal(integer_of(db, "SELECT count(*) FROM event_count WHERE span = 60000"), 0);
    assert_true(integer_of(db, "SELECT count(*) FROM event_count WHERE span = 3600000") > 0);
    sqlite3_close(db);
}

static bool has_row(const struct metric_result *result, const struct metric_row *row)
{
    for (size_t i = 0; i < result->count; i++) {
        const struct metric_row *other = result->rows[i];
        if (other->bucket == row->bucket && other->dimensions[0].integer == row->dimensions[0].integer)
            return other->measures[0] == row->measures[0];
    }
    return false;
}

static void rows_that_find_a_place_are_whole(void **state)
{
    struct fixture *f = *state;
    struct life life = a_life(f, 20); /* counts by minute are kept */
    struct metric_result all, some;
    for (int i = 0; i < 200; i++)
        MUST_WRITE(f, live, &life);
    struct metric_query query = a_query(METRIC_EVENTS, "count");
    int64_t rows = limits.metric_rows;
    query.dimensions[0] = "status";
    query.dimension_count = 1;
    query.granularity = (struct granularity){15, 'm'};
    assert_true(store_read_metrics(f->reader, &f->arena, &query, &all, &f->error));
    assert_true(all.count > 4 && !all.too_many_rows);
    for (limits.metric_rows = 1; limits.metric_rows < (int64_t)all.count; limits.metric_rows++) {
        assert_true(store_read_metrics(f->reader, &f->arena, &query, &some, &f->error));
        assert_true(some.too_many_rows && some.count == (size_t)limits.metric_rows);
        for (size_t i = 0; i < some.count; i++)
            assert_true(has_row(&all, some.rows[i]));
    }
    limits.metric_rows = rows;
}

static void bounds_are_told(void **state)
{
    struct fixture *f = *state;
    struct life life = a_life(f, 5);
    struct metric_result result;
    for (int i = 0; i < 50; i++)
        MUST_WRITE(f, live, &life);
    struct metric_query query = a_query(METRIC_EVENTS, "count");
    int64_t rows = limits.metric_rows, scan = limits.list_scan;
    query.granularity = (struct granularity){1, 'm'};
    limits.metric_rows = 3;
    assert_true(store_read_metrics(f->reader, &f->arena, &query, &result, &f->error));
    assert_true(result.too_many_rows);
    assert_int_equal(result.count, 3);
    limits.metric_rows = rows;
    limits.list_scan = 10;
    query.measures[0] = "max_count_per_second";
    assert_true(store_read_metrics(f->reader, &f->arena, &query, &result, &f->error));
    assert_true(result.scan_ended);
    limits.list_scan = scan;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_of_one_row_come_together),
        cmocka_unit_test(latencies_stay_with_their_row_when_it_grows),
        cmocka_unit_test(what_an_undone_job_changed_is_taken_back),
        WITH_STORE(counts_equal_the_records),
        WITH_STORE(counts_equal_the_records_after_kills),
        WITH_STORE(a_store_from_before_the_counts_is_counted),
        WITH_STORE(counts_and_records_tell_the_same),
        WITH_STORE(executions_are_counted),
        WITH_STORE(events_of_issues_are_counted),
        WITH_STORE(old_counts_are_taken_away),
        WITH_STORE(rows_that_find_a_place_are_whole),
        WITH_STORE(bounds_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
