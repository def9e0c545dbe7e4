/* Notes from time to time what waits for each destination, and takes away counts that are too old. */
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "store/metrics.h"
#include "store/sqlite/metrics_keep.h"
#include "store/sqlite/writer.h"

enum {
    SLICE = 200,      /* samples that one job writes */
    CLEAN_MOMENTS = 100, /* minutes or hours that one job takes away from a table, until it has taken away */
    CLEAN_ROWS = 1000,
    SHARE = 20, /* a look at a long backlog takes its time: it is done at most for one part in so many */
};

struct sample {
    int64_t project_id, destination_id, depth, age_ms;
    bool of_lane;
    int64_t lane;      /* of_lane; 0: what has no group */
    struct text group; /* of_lane; TEXT_NONE: none */
};

struct metric_sampler {
    struct store *store;
    struct store_reader *reader;
    struct sample *samples; /* by project; destination 0: all of the project */
    size_t count, room;
    struct arena arena; /* of the groups' names */
    int64_t cleaned_project; /* the last one that counts were taken away from */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool stopping;
};

/* ---- looking ---- */

static void add(struct metric_sampler *sampler, struct sample sample)
{
    if (sampler->count == sampler->room) {
        sampler->room = sampler->room > 0 ? sampler->room * 2 : SLICE;
        sampler->samples = memory_resize(sampler->samples, sampler->room * sizeof *sampler->samples);
    }
    sampler->samples[sampler->count++] = sample;
}

static void add_total(struct metric_sampler *sampler, struct sample *total)
{
    if (total->depth > 0)
        add(sampler, *total);
    *total = (struct sample){0};
}

/*
 * The deepest groups of a destination that has lanes. A lane of a connection has no groups, and what has none is told apart
 * only from what has one.
 */
static bool look_at_groups(struct metric_sampler *sampler, const struct sample *all, int64_t now, struct error *error)
{
    size_t first = sampler->count;
    bool has_groups = false;
    int row;
    sqlite3_stmt *s = database_statement(
        sampler->reader,
        "SELECT lane, depth, first_due_at, (SELECT delivery_group FROM event WHERE event.id = waiting.id) FROM"
        " (SELECT lane, count(*) AS depth, min(due_at) AS first_due_at, id FROM event INDEXED BY event_due"
        " WHERE destination_id = ? AND due_at > 0 AND due_at <= ? AND lane <> connection_id GROUP BY lane"
        " ORDER BY depth DESC LIMIT ?) AS waiting", error);
    if (s == NULL)
        return false;
    BIND(s, all->destination_id, now, limits.metric_groups);
    while ((row = database_step(sampler->reader, s, error)) == 1) {
        struct sample sample = {all->project_id, all->destination_id, sqlite3_column_int64(s, 1),
                                now - sqlite3_column_int64(s, 2), true, sqlite3_column_int64(s, 0),
                                column_text(&sampler->arena, s, 3)};
        has_groups = has_groups || sample.lane > 0;
        add(sampler, sample);
    }
    if (!has_groups)
        sampler->count = first;
    return row == 0;
}

/* Destinations that have events which are due, or on their way. */
static bool look(struct metric_sampler *sampler, int64_t now, struct error *error)
{
    struct sample total = {0};
    int row;
    sqlite3_stmt *s = database_statement(
        sampler->reader,
        "SELECT destination.project_id, waiting.destination_id, waiting.depth, waiting.first_due_at, waiting.last_lane"
        " FROM (SELECT destination_id, count(*) AS depth, min(due_at) AS first_due_at, max(lane) AS last_lane"
        " FROM event INDEXED BY event_due WHERE due_at > 0 AND due_at <= ? GROUP BY destination_id) AS waiting"
        " JOIN destination ON destination.id = waiting.destination_id ORDER BY destination.project_id", error);
    sampler->count = 0;
    arena_clear(&sampler->arena);
    if (s == NULL)
        return false;
    BIND(s, now);
    while ((row = database_step(sampler->reader, s, error)) == 1) {
        struct sample sample = {sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
                                now - sqlite3_column_int64(s, 3), false, 0, TEXT_NONE};
        if (sample.project_id != total.project_id)
            add_total(sampler, &total);
        total.project_id = sample.project_id;
        total.depth += sample.depth;
        if (total.age_ms < sample.age_ms)
            total.age_ms = sample.age_ms;
        add(sampler, sample);
        if (sqlite3_column_int64(s, 4) > 0 && !look_at_groups(sampler, &sample, now, error)) {
            sqlite3_reset(s);
            return false;
        }
    }
    add_total(sampler, &total);
    return row == 0;
}

/* ---- noting ---- */

struct noting {
    struct store_job job; /* first: the store hands it back */
    const struct sample *samples;
    size_t count;
    int64_t now;
};

static sqlite3_stmt *note_of_lane(struct store_reader *database, const struct sample *sample, int64_t span,
                                  int64_t moment, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        database,
        "INSERT INTO group_queue_count(project_id, span, moment, destination_id, depth, age_ms, lane, delivery_group)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET depth = max(depth, excluded.depth), age_ms = max(age_ms, excluded.age_ms)", error);
    if (s == NULL)
        return NULL;
    BIND(s, sample->project_id, span, moment, sample->destination_id, sample->depth, sample->age_ms, sample->lane);
    bind_text(s, 8, sample->group);
    return s;
}

static sqlite3_stmt *note_of_queue(struct store_reader *database, const struct sample *sample, int64_t span,
                                   int64_t moment, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        database,
        "INSERT INTO queue_count(project_id, span, moment, destination_id, depth, age_ms) VALUES(?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET depth = max(depth, excluded.depth), age_ms = max(age_ms, excluded.age_ms)", error);
    if (s != NULL)
        BIND(s, sample->project_id, span, moment, sample->destination_id, sample->depth, sample->age_ms);
    return s;
}

static bool note(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    static const int64_t spans[] = {MINUTE_MS, HOUR_MS};
    const struct noting *noting = (struct noting *)job;
    bool done = true;
    for (size_t i = 0; done && i < 2 * noting->count; i++) {
        const struct sample *sample = &noting->samples[i / 2];
        int64_t span = spans[i % 2], moment = noting->now / span * span;
        sqlite3_stmt *s = sample->of_lane ? note_of_lane(transaction->database, sample, span, moment, error)
                                          : note_of_queue(transaction->database, sample, span, moment, error);
        done = s != NULL && database_run(transaction->database, s, error);
    }
    return done;
}

static bool note_all(struct metric_sampler *sampler, int64_t now, struct error *error)
{
    bool done = true;
    for (size_t first = 0; done && first < sampler->count; first += SLICE) {
        size_t left = sampler->count - first;
        struct noting noting = {.job = {.run = note, .isolated = true}, .samples = sampler->samples + first,
                                .count = left < SLICE ? left : SLICE, .now = now};
        done = store_write(sampler->store, &noting.job, error);
    }
    return done;
}

/* ---- cleaning up ---- */

struct cleaning {
    struct store_job job; /* first: the store hands it back */
    int64_t project_id, now;
};

#define OLDEST(table)                                                                                   \
    "DELETE FROM " table " WHERE project_id = ?1 AND span = ?2 AND moment < ?3 AND moment ="             \
    " (SELECT min(moment) FROM " table " WHERE project_id = ?1 AND span = ?2)"

static bool clean_table(struct store_transaction *transaction, const char *sql, int64_t project_id, int64_t span,
                        int64_t before, struct error *error)
{
    int rows = 0, changed = 1;
    for (int i = 0; i < CLEAN_MOMENTS && rows < CLEAN_ROWS && changed > 0; i++) {
        sqlite3_stmt *s = database_statement(transaction->database, sql, error);
        if (s == NULL)
            return false;
        BIND(s, project_id, span, before);
        if (!database_run(transaction->database, s, error))
            return false;
        changed = sqlite3_changes(transaction->database->db);
        rows += changed;
    }
    return true;
}

static bool clean(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    static const char *const tables[] = {OLDEST("request_count"), OLDEST("event_count"), OLDEST("attempt_count"),
                                         OLDEST("queue_count"), OLDEST("group_queue_count")};
    const struct cleaning *cleaning = (struct cleaning *)job;
    int64_t minutes_before = cleaning->now - limits.metric_minutes_days * 24 * HOUR_MS;
    int64_t hours_before = cleaning->now - limits.metric_hours_days * 24 * HOUR_MS;
    bool done = true;
    for (size_t i = 0; done && i < sizeof tables / sizeof tables[0]; i++)
        done = clean_table(transaction, tables[i], cleaning->project_id, MINUTE_MS, minutes_before, error) &&
               clean_table(transaction, tables[i], cleaning->project_id, HOUR_MS, hours_before, error);
    return done;
}

/* One project each time, in turn. */
static bool clean_next(struct metric_sampler *sampler, int64_t now, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        sampler->reader,
        "SELECT coalesce((SELECT min(id) FROM project WHERE id > ?), (SELECT min(id) FROM project), 0)", error);
    if (s == NULL)
        return false;
    BIND(s, sampler->cleaned_project);
    if (database_step(sampler->reader, s, error) != 1)
        return false;
    sampler->cleaned_project = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    struct cleaning cleaning = {.job = {.run = clean, .isolated = true}, .project_id = sampler->cleaned_project,
                                .now = now};
    return store_write(sampler->store, &cleaning.job, error);
}

/* ---- the thread ---- */

/* False when it is to end. */
static bool pause_for(struct metric_sampler *sampler, int64_t pause_ms)
{
    int64_t until_us = clock_monotonic_us() + pause_ms * 1000;
    pthread_mutex_lock(&sampler->mutex);
    while (!sampler->stopping && clock_monotonic_us() < until_us)
        condition_wait_until(&sampler->changed, &sampler->mutex, until_us);
    bool go_on = !sampler->stopping;
    pthread_mutex_unlock(&sampler->mutex);
    return go_on;
}

static void *run(void *argument)
{
    struct metric_sampler *sampler = argument;
    int64_t pause_ms = limits.metric_sample_ms;
    while (pause_for(sampler, pause_ms)) {
        struct error error = {0};
        int64_t begin = clock_monotonic_ms(), now = clock_now_ms();
        bool done = look(sampler, now, &error);
        int64_t took = clock_monotonic_ms() - begin;
        if (!done || !note_all(sampler, now, &error) || !clean_next(sampler, now, &error))
            log_debug("what waits was not noted: %s", error.message);
        pause_ms = took * SHARE > limits.metric_sample_ms ? took * SHARE : limits.metric_sample_ms;
    }
    return NULL;
}

struct metric_sampler *metric_sampler_start(struct store *store, struct error *error)
{
    struct metric_sampler *sampler = NEW(struct metric_sampler);
    sampler->store = store;
    sampler->reader = store_reader_open(store, error);
    if (sampler->reader == NULL) {
        free(sampler);
        return NULL;
    }
    pthread_mutex_init(&sampler->mutex, NULL);
    condition_init(&sampler->changed);
    if (thread_start(&sampler->thread, "sampler", run, sampler))
        return sampler;
    error_set(error, ERROR_INTERNAL, "no thread for what waits");
    store_reader_close(sampler->reader);
    pthread_cond_destroy(&sampler->changed);
    pthread_mutex_destroy(&sampler->mutex);
    free(sampler);
    return NULL;
}

void metric_sampler_stop(struct metric_sampler *sampler)
{
    pthread_mutex_lock(&sampler->mutex);
    sampler->stopping = true;
    pthread_cond_signal(&sampler->changed);
    pthread_mutex_unlock(&sampler->mutex);
    pthread_join(sampler->thread, NULL);
    store_reader_close(sampler->reader);
    pthread_cond_destroy(&sampler->changed);
    pthread_mutex_destroy(&sampler->mutex);
    free(sampler->samples);
    arena_free(&sampler->arena);
    free(sampler);
}
