#include "bulk/bulk.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/background.h"
#include "base/clock.h"
#include "base/condition.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "bulk/slice.h"
#include "store/bulk.h"

enum {
    TURN = 16,            /* operations looked at in one reading */
    FAILED_PAUSE_MS = 500, /* the store is full, or fails otherwise */
};

struct bulk_worker {
    struct slice_parts parts;
    pthread_t thread;
    bool started;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    bool stopping, woken;
};

/* ---- waiting --------------------------------------------------------------------------------------- */

/* False when it is time to stop. */
static bool rest(struct bulk_worker *worker, int64_t ms)
{
    int64_t end_us = clock_monotonic_us() + ms * 1000;
    pthread_mutex_lock(&worker->mutex);
    while (!worker->stopping && condition_wait_until(&worker->changed, &worker->mutex, end_us))
        ;
    bool goes_on = !worker->stopping;
    pthread_mutex_unlock(&worker->mutex);
    return goes_on;
}

/* Until an operation is made. */
static bool wait_for_work(struct bulk_worker *worker)
{
    pthread_mutex_lock(&worker->mutex);
    while (!worker->stopping && !worker->woken)
        pthread_cond_wait(&worker->changed, &worker->mutex);
    worker->woken = false;
    bool goes_on = !worker->stopping;
    pthread_mutex_unlock(&worker->mutex);
    return goes_on;
}

static void set(struct bulk_worker *worker, bool *flag)
{
    pthread_mutex_lock(&worker->mutex);
    *flag = true;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->mutex);
}

/* ---- the worker ------------------------------------------------------------------------------------- */

/* A slice of each of the next few operations behind `*after`, which is 0 again behind the last one. */
static bool take_turn(struct bulk_worker *worker, int64_t *after, size_t *count)
{
    struct arena arena = {0};
    struct error error = {0};
    struct bulk *bulks;
    size_t touched;
    bool goes_on = true;
    *count = 0;
    if (!store_read_open_bulks(worker->parts.reader, &arena, *after, TURN, &bulks, count, &error)) {
        log_warn("bulk operations cannot be read: %s", error.message);
        *count = 1; /* there may be some: look again */
        goes_on = rest(worker, FAILED_PAUSE_MS);
        bulks = NULL;
    }
    for (size_t i = 0; bulks != NULL && goes_on && i < *count; i++) {
        *after = bulks[i].id;
        if (slice_run(&worker->parts, &bulks[i], &touched, &error)) {
            goes_on = rest(worker, touched > 0 ? limits.bulk_pause_ms : 0);
        } else {
            log_warn("a bulk operation waits: %s", error.message);
            error = (struct error){0};
            goes_on = rest(worker, FAILED_PAUSE_MS);
        }
    }
    if (*count < TURN)
        *after = 0;
    arena_free(&arena);
    return goes_on;
}

static void *work(void *argument)
{
    struct bulk_worker *worker = argument;
    int64_t after = 0;
    size_t count;
    bool goes_on = true;
    background_enter();
    while (goes_on) {
        bool from_start = after == 0;
        goes_on = take_turn(worker, &after, &count);
        if (goes_on && from_start && count == 0)
            goes_on = wait_for_work(worker);
    }
    return NULL;
}

struct bulk_worker *bulk_start(struct store *store, struct catalog *catalog, struct deliver *deliver,
                               struct passages *passages, bulk_plan_reader read_plan, struct error *error)
{
    struct bulk_worker *worker = NEW(struct bulk_worker);
    worker->parts = (struct slice_parts){.store = store, .catalog = catalog, .deliver = deliver, .passages = passages,
                                         .read_plan = read_plan};
    pthread_mutex_init(&worker->mutex, NULL);
    condition_init(&worker->changed);
    if ((worker->parts.reader = store_reader_open(store, error)) != NULL) {
        worker->started = thread_start(&worker->thread, "bulk", work, worker);
        if (worker->started)
            return worker;
        error_set(error, ERROR_INTERNAL, "no thread for bulk operations");
    }
    bulk_stop(worker);
    return NULL;
}

void bulk_wake(struct bulk_worker *worker)
{
    set(worker, &worker->woken);
}

void bulk_stop(struct bulk_worker *worker)
{
    set(worker, &worker->stopping);
    if (worker->started)
        pthread_join(worker->thread, NULL);
    if (worker->parts.reader != NULL)
        store_reader_close(worker->parts.reader);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->mutex);
    free(worker);
}
