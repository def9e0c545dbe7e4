#include "ingest/passages.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/hash_map.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "ingest/passage_run.h"
#include "store/passage.h"

enum { NAP_MS = 200, AGAIN_MS = 1000, LOAD_MOST = 64 };

/* One connection, and how many of its passages are held. */
struct way {
    int64_t connection_id;
    size_t held, most;     /* in memory; allowed to be: falls when the pool refuses, grows with what it does */
    bool behind;           /* the store may have passages that nobody holds */
    uint64_t wakes;        /* counts what made it fall behind, to see it while the store was read */
    int64_t not_before_ms; /* monotonic */
    /* The thread's: the context, and what it was made of. */
    struct shared_text *context;
    struct catalog_connection *connection;
    struct catalog_source *source;
    struct catalog_destination *destination;
};

struct passages {
    struct store *store;
    struct catalog *catalog;
    struct deliver *deliver;
    struct issues *issues;
    struct transform_pool *pool;
    struct passages_context context;
    struct store_reader *reader; /* the thread's, like the programs */
    struct programs programs;
    pthread_t thread;
    bool started;

    pthread_mutex_t lock; /* guards all below, and the ways but for what is the thread's */
    pthread_cond_t work;  /* monotonic */
    struct hash_map ways; /* connection id -> struct way */
    struct hash_map held; /* passage id -> struct passage_run */
    struct passage_run *ready, *last_ready; /* to be routed */
    size_t held_bytes, out; /* `out`: in the pool or in the store's queue */
    size_t behind;          /* ways that are */
    size_t position;        /* of the walk over them */
    int64_t events, ignored;
    bool stopping, awake;
};

/* ---- ways; with the lock held -------------------------------------------------------------------- */

/* What one way may have at most, and what the pool takes of it. */
static size_t fair_share(void)
{
    return (size_t)(limits.passages / 2 < limits.transform_key_queue ? limits.passages / 2 : limits.transform_key_queue);
}

static struct way *way_of(struct passages *passages, int64_t connection_id)
{
    struct way *way = hash_map_get(&passages->ways, connection_id);
    if (way == NULL) {
        way = NEW(struct way);
        way->connection_id = connection_id;
        way->most = fair_share();
        hash_map_put(&passages->ways, connection_id, way);
    }
    return way;
}

/* As many places must stay free for the others as it takes. Every way may have one. */
static bool may_hold(const struct passages *passages, const struct way *way, size_t bytes)
{
    size_t all = (size_t)limits.passages, most_bytes = (size_t)limits.passages_bytes;
    if (way->held == 0)
        return true;
    return way->held < way->most && passages->held.used < all && way->held < all - passages->held.used &&
           passages->held_bytes < most_bytes && bytes <= (most_bytes - passages->held_bytes) / 2;
}

static void wake_thread(struct passages *passages)
{
    if (!passages->awake)
        pthread_cond_signal(&passages->work);
    passages->awake = true;
}

static void set_behind(struct passages *passages, struct way *way, bool behind)
{
    passages->behind += behind && !way->behind;
    passages->behind -= !behind && way->behind;
    way->behind = behind;
}

static void fall_behind(struct passages *passages, struct way *way)
{
    set_behind(passages, way, true);
    way->wakes++;
    wake_thread(passages);
}

static void make_ready(struct passages *passages, struct passage_run *run)
{
    run->next = NULL;
    if (passages->last_ready != NULL)
        passages->last_ready->next = run;
    else
        passages->ready = run;
    passages->last_ready = run;
    wake_thread(passages);
}

static size_t bytes_of(const struct passage_run *run)
{
    return run->payload != NULL ? run->payload->bytes : 0;
}

/* Takes over the payload. */
static void hold(struct passages *passages, struct way *way, const struct passage *passage, struct payload *payload)
{
    struct passage_run *run = passage_run_new(passages, way, passage, payload);
    hash_map_put(&passages->held, passage->id, run);
    passages->held_bytes += bytes_of(run);
    way->held++;
    make_ready(passages, run);
}

/* ---- from outside -------------------------------------------------------------------------------- */

void passages_push(struct passages *passages, const struct passage *passage, struct payload *payload)
{
    pthread_mutex_lock(&passages->lock);
    struct way *way = way_of(passages, passage->connection_id);
    bool known = hash_map_get(&passages->held, passage->id) != NULL; /* it was read from the store meanwhile */
    if (!known && !passages->stopping && !way->behind && may_hold(passages, way, payload->bytes)) {
        hold(passages, way, passage, payload);
        payload = NULL;
    } else if (!known) {
        fall_behind(passages, way);
    }
    pthread_mutex_unlock(&passages->lock);
    payload_release(payload);
}

void passages_wake(struct passages *passages, int64_t connection_id)
{
    pthread_mutex_lock(&passages->lock);
    fall_behind(passages, way_of(passages, connection_id));
    pthread_mutex_unlock(&passages->lock);
}

struct passages_counts passages_counts(struct passages *passages)
{
    pthread_mutex_lock(&passages->lock);
    struct passages_counts counts = {(int64_t)passages->held.used, passages->events, passages->ignored};
    pthread_mutex_unlock(&passages->lock);
    return counts;
}

/* ---- the end of a run ---------------------------------------------------------------------------- */

/* It is no longer held; `again`: it is still in the store, and is tried again in a while. */
static void let_go(struct passages *passages, struct passage_run *run, bool again)
{
    struct way *way = run->way;
    pthread_mutex_lock(&passages->lock);
    hash_map_remove(&passages->held, run->passage.id);
    passages->held_bytes -= bytes_of(run);
    way->held--;
    if (again) {
        way->most = way->held > 0 ? way->held : 1;
        way->not_before_ms = clock_monotonic_us() / 1000 + AGAIN_MS;
        fall_behind(passages, way);
    } else {
        way->most += way->most < fair_share();
        way->not_before_ms = 0;
        if (passages->behind > 0)
            wake_thread(passages);
    }
    pthread_mutex_unlock(&passages->lock);
    passage_run_free(run);
}

static void come_back(struct passages *passages)
{
    pthread_mutex_lock(&passages->lock);
    passages->out--;
    wake_thread(passages);
    pthread_mutex_unlock(&passages->lock);
}

static bool write_run(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct passage_run *run = (struct passage_run *)(void *)((char *)job - offsetof(struct passage_run, write));
    return passage_run_write(run, transaction, run->passages->issues, clock_now_ms(), error);
}

static void hand_on(struct passages *passages, struct passage_run *run)
{
    bool event = run->routed.end == ROUTED_EVENT;
    if (run->leased && event && run->taken)
        deliver_push(passages->deliver, &run->routed.event, payload_reference(run->made));
    else if (run->taken)
        routed_hand_on(passages->deliver, passages, &run->routed);
    pthread_mutex_lock(&passages->lock);
    passages->events += run->taken && event;
    passages->ignored += run->taken && !event;
    pthread_mutex_unlock(&passages->lock);
}

/* The store did not take it. */
static void give_up(struct passages *passages, struct passage_run *run)
{
    if (run->leased)
        deliver_unreserve(passages->deliver, run->place, run->made->bytes);
    let_go(passages, run, true);
    come_back(passages);
}

static void run_written(struct store_job *job, const struct error *error)
{
    struct passage_run *run = (struct passage_run *)(void *)((char *)job - offsetof(struct passage_run, write));
    struct passages *passages = run->passages;
    bool event = run->routed.end == ROUTED_EVENT;
    if (error->code != ERROR_NONE) {
        issues_forget(passages->issues);
        give_up(passages, run);
        return;
    }
    if (run->leased && !(run->taken && event)) /* it turned out to be a duplicate */
        deliver_unreserve(passages->deliver, run->place, run->made->bytes);
    if (run->payload != NULL)
        hand_on(passages, run);
    let_go(passages, run, false);
    come_back(passages);
}

/* What came of it goes to the store. */
static void finish(struct passages *passages, struct passage_run *run)
{
    struct error error = {0};
    run->write = (struct store_job){.run = write_run, .done = run_written, .patient = true};
    if (run->payload != NULL && run->routed.end == ROUTED_EVENT && run->routed.immediate) {
        int64_t execution_id = run->routed.event.execution_id;
        run->place = delivery_place_of(&run->routed.event);
        run->made = execution_id == 0 ? payload_reference(run->payload) : payload_create(&run->request, execution_id);
        run->leased = run->made != NULL && deliver_reserve(passages->deliver, run->place, run->made->bytes);
    }
    pthread_mutex_lock(&passages->lock);
    passages->out++;
    pthread_mutex_unlock(&passages->lock);
    if (!store_submit(passages->store, &run->write, &error))
        give_up(passages, run);
}

/* On a thread of the pool, or, when it is refused, on that of the passages. */
static void run_done(struct transform_job *job)
{
    struct passage_run *run = (struct passage_run *)job;
    struct passages *passages = run->passages;
    bool ran = passage_run_take(run, clock_now_ms());
    if (!ran) {
        let_go(passages, run, true);
    } else if (run->routed.end == ROUTED_IGNORED) {
        finish(passages, run);
    } else {
        pthread_mutex_lock(&passages->lock);
        make_ready(passages, run);
        pthread_mutex_unlock(&passages->lock);
    }
    come_back(passages);
}

/* ---- the thread: what code is told --------------------------------------------------------------- */

static void drop_context(struct way *way)
{
    shared_text_release(way->context);
    catalog_connection_release(way->connection);
    catalog_source_release(way->source);
    catalog_destination_release(way->destination);
    way->context = NULL;
    way->connection = NULL;
    way->source = NULL;
    way->destination = NULL;
}

/* Looks at the connection as it is now. */
static void look_at_catalog(struct passages *passages, struct way *way)
{
    struct catalog_connection *connection = catalog_find_connection(passages->catalog, way->connection_id);
    struct catalog_destination *destination =
        connection != NULL ? catalog_find_destination(passages->catalog, connection->record.destination_id) : NULL;
    struct catalog_source *source =
        connection != NULL ? catalog_find_source(passages->catalog, connection->record.source_id) : NULL;
    if (connection != way->connection || destination != way->destination || source != way->source) {
        drop_context(way);
        way->connection = connection;
        way->destination = destination;
        way->source = source;
    } else {
        catalog_connection_release(connection);
        catalog_destination_release(destination);
        catalog_source_release(source);
    }
}

static struct shared_text *context_of(struct passages *passages, struct way *way)
{
    if (way->context == NULL) {
        struct arena arena = {0};
        struct text text = passages->context.describe(passages->context.context, passages->reader, &arena,
                                                      &way->connection->record);
        way->context = shared_text_new(text.data != NULL ? text : TEXT("{}"));
        arena_free(&arena);
    }
    return shared_text_reference(way->context);
}

/* ---- the thread: one round of a run -------------------------------------------------------------- */

/* False when its request cannot be read now. Without a payload afterwards the request is gone. */
static bool read_request(struct passages *passages, struct passage_run *run)
{
    struct arena arena = {0};
    struct request request;
    struct error error = {0};
    bool found = store_read_request(passages->reader, &arena, run->passage.project_id, run->passage.request_id, true,
                                    &request, &error);
    struct payload *payload = found ? payload_create(&request, 0) : NULL;
    arena_free(&arena);
    if (payload == NULL)
        return !found && error.code == ERROR_NOT_FOUND;
    run->payload = payload;
    run->request = payload->request;
    pthread_mutex_lock(&passages->lock);
    passages->held_bytes += payload->bytes;
    pthread_mutex_unlock(&passages->lock);
    return true;
}

static void transform(struct passages *passages, struct passage_run *run)
{
    int64_t id = run->routed.transformation_id;
    const struct program *program = programs_find(&passages->programs, run->passage.project_id, id);
    if (program == NULL) {
        passage_run_fail(run, id);
        finish(passages, run);
        return;
    }
    passage_run_prepare(run, program, context_of(passages, run->way));
    run->job.done = run_done;
    pthread_mutex_lock(&passages->lock);
    passages->out++;
    pthread_mutex_unlock(&passages->lock);
    transform_pool_submit(passages->pool, &run->job);
}

static void go_on(struct passages *passages, struct passage_run *run)
{
    struct way *way = run->way;
    look_at_catalog(passages, way);
    if (run->payload == NULL && !read_request(passages, run)) {
        let_go(passages, run, true);
        return;
    }
    if (run->payload == NULL || way->connection == NULL || way->destination == NULL)
        finish(passages, run); /* nothing to make: the request is gone */
    else if (passage_run_route(run, way->connection, way->destination, clock_now_ms()) == PASSAGE_TRANSFORMS)
        transform(passages, run);
    else
        finish(passages, run);
}

/* ---- the thread: from the store ------------------------------------------------------------------ */

static bool wants(const struct passages *passages, const struct way *way, int64_t now_ms)
{
    return way->behind && way->held <= way->most / 2 && way->not_before_ms <= now_ms && may_hold(passages, way, 0);
}

/* The next way that is behind and may hold more. *wait_ms: when the next one may. The lock is held. */
static struct way *next_behind(struct passages *passages, int64_t *wait_ms)
{
    int64_t now_ms = clock_monotonic_us() / 1000;
    for (size_t seen = 0; passages->behind > 0 && seen <= passages->ways.used; seen++) {
        struct way *way = hash_map_next(&passages->ways, &passages->position);
        if (way == NULL)
            passages->position = 0;
        else if (wants(passages, way, now_ms))
            return way;
        else if (way->behind && way->not_before_ms > now_ms && way->not_before_ms - now_ms < *wait_ms)
            *wait_ms = way->not_before_ms - now_ms;
    }
    return NULL;
}

/* Holds what is new among those read while there is room. True when all of them are held then. The lock is held. */
static bool take_read(struct passages *passages, struct way *way, const struct passage *found, size_t count)
{
    size_t i = 0;
    for (; i < count; i++) {
        if (hash_map_get(&passages->held, found[i].id) != NULL)
            continue;
        if (!may_hold(passages, way, 0))
            break;
        hold(passages, way, &found[i], NULL);
    }
    return i == count;
}

/* Without the lock. False when the store could not be read. */
static bool load(struct passages *passages, struct way *way)
{
    struct arena arena = {0};
    struct passage *found;
    size_t count;
    pthread_mutex_lock(&passages->lock);
    uint64_t wakes = way->wakes;
    size_t limit = way->held + LOAD_MOST;
    pthread_mutex_unlock(&passages->lock);
    bool done = store_read_passages(passages->reader, &arena, way->connection_id, limit, &found, &count, NULL);
    if (done) {
        pthread_mutex_lock(&passages->lock);
        if (take_read(passages, way, found, count) && count < limit && way->wakes == wakes)
            set_behind(passages, way, false);
        pthread_mutex_unlock(&passages->lock);
    }
    arena_free(&arena);
    return done;
}

/* ---- the thread ---------------------------------------------------------------------------------- */

/* The lock is held. */
static void nap(struct passages *passages, int64_t wait_ms)
{
    int64_t end_us = clock_monotonic_us() + wait_ms * 1000;
    passages->awake = false;
    while (!passages->awake && condition_wait_until(&passages->work, &passages->lock, end_us))
        ;
    passages->awake = true;
}

/* What is ready, all together under one look at the store. The lock is held, and not meanwhile. */
static void work_off(struct passages *passages)
{
    struct passage_run *run = passages->ready, *next;
    passages->ready = passages->last_ready = NULL;
    pthread_mutex_unlock(&passages->lock);
    bool reading = store_reader_begin(passages->reader, NULL);
    for (; run != NULL; run = next) {
        next = run->next;
        go_on(passages, run);
    }
    if (reading)
        store_reader_end(passages->reader);
    pthread_mutex_lock(&passages->lock);
}

static void *run_thread(void *argument)
{
    struct passages *passages = argument;
    pthread_mutex_lock(&passages->lock);
    while (!passages->stopping) {
        int64_t wait_ms = NAP_MS;
        bool writable = store_is_writable(passages->store);
        struct way *way;
        if (passages->ready != NULL) {
            work_off(passages);
        } else if (writable && (way = next_behind(passages, &wait_ms)) != NULL) {
            pthread_mutex_unlock(&passages->lock);
            bool done = load(passages, way);
            pthread_mutex_lock(&passages->lock);
            if (!done)
                nap(passages, NAP_MS);
        } else {
            nap(passages, wait_ms);
        }
    }
    while (passages->out > 0) /* what is ready meanwhile stays in the store */
        nap(passages, NAP_MS);
    pthread_mutex_unlock(&passages->lock);
    return NULL;
}

/* ---- start and stop ------------------------------------------------------------------------------ */

static bool wake_all(struct passages *passages, struct error *error)
{
    struct arena arena = {0};
    int64_t *ids;
    size_t count;
    bool done = store_read_passage_connections(passages->reader, &arena, &ids, &count, error);
    for (size_t i = 0; done && i < count; i++)
        passages_wake(passages, ids[i]);
    arena_free(&arena);
    return done;
}

struct passages *passages_start(struct store *store, struct catalog *catalog, struct deliver *deliver,
                                struct issues *issues, struct transform_pool *pool, struct passages_context context,
                                struct error *error)
{
    struct passages *passages = NEW(struct passages);
    *passages = (struct passages){.store = store, .catalog = catalog, .deliver = deliver, .issues = issues, .pool = pool,
                                  .context = context};
    pthread_mutex_init(&passages->lock, NULL);
    condition_init(&passages->work);
    passages->reader = passages->programs.reader = store_reader_open(store, error);
    if (passages->reader != NULL && wake_all(passages, error)) {
        passages->started = thread_start(&passages->thread, "passages", run_thread, passages);
        if (passages->started)
            return passages;
        error_set(error, ERROR_INTERNAL, "no thread for transformations");
    }
    passages_stop(passages);
    return NULL;
}

void passages_stop(struct passages *passages)
{
    struct passage_run *run;
    struct way *way;
    size_t position = 0;
    pthread_mutex_lock(&passages->lock);
    passages->stopping = true;
    wake_thread(passages);
    pthread_mutex_unlock(&passages->lock);
    if (passages->started)
        pthread_join(passages->thread, NULL);
    while ((run = hash_map_next(&passages->held, &position)) != NULL)
        passage_run_free(run);
    position = 0;
    while ((way = hash_map_next(&passages->ways, &position)) != NULL) {
        drop_context(way);
        free(way);
    }
    programs_free(&passages->programs);
    hash_map_free(&passages->held);
    hash_map_free(&passages->ways);
    if (passages->reader != NULL)
        store_reader_close(passages->reader);
    pthread_cond_destroy(&passages->work);
    pthread_mutex_destroy(&passages->lock);
    free(passages);
}
