#include "api/api.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "access/rate.h"
#include "api/call.h"
#include "api/dispatch.h"
#include "api/sign_in.h"
#include "base/background.h"
#include "base/clock.h"
#include "base/condition.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/thread.h"

struct waiting_call {
    struct http_exchange *exchange;
    int64_t since_us;
    struct waiting_call *next;
};

/*
 * Calls wait in lanes, each with workers of its own. What runs foreign code takes up to seconds, and must not take the
 * place of the others. Lists and metrics are read by threads of idle priority, for the sake of webhooks; where these do
 * not come to their work, the workers of quick calls take what has waited for LATE_US.
 */
enum lane { LANE_QUICK, LANE_READS, LANE_CODE, LANES };
enum { LATE_US = 25000 };

struct queue {
    pthread_cond_t changed;
    struct waiting_call *first, **last;
    int64_t waiting;
};

struct worker {
    struct api *api;
    enum lane lane;
    struct store_reader *reader;
    pthread_t thread;
};

struct api {
    struct store *store;
    struct catalog *catalog;
    struct deliver *deliver;
    struct passages *passages;
    struct issues *issues;
    struct bulk_worker *bulk_worker;
    struct transform_pool *transform;
    struct rate *rate;
    struct sign_ins *sign_ins;
    char *public_url;
    struct worker *workers;
    size_t worker_count; /* that run */

    pthread_mutex_t mutex; /* guards what follows */
    struct queue lanes[LANES];
    bool stopping;
};

/* ---- the pool ------------------------------------------------------------------------------------ */

static void answer(struct worker *worker, struct http_exchange *exchange)
{
    struct api *api = worker->api;
    struct call call = {
        .store = api->store,
        .catalog = api->catalog,
        .deliver = api->deliver,
        .passages = api->passages,
        .issues = api->issues,
        .bulk_worker = api->bulk_worker,
        .transform = api->transform,
        .public_url = api->public_url,
        .sign_ins = api->sign_ins,
        .exchange = exchange,
        .arena = &exchange->arena,
        .reader = worker->reader,
        .now = clock_now_ms(),
    };
    if (sign_in_page_wants(exchange->path)) {
        sign_in_page(&call);
        return;
    }
    dispatch(&call, api->rate);
    call_send(&call);
}

/* Trials of code take too long for the store to wait for them. */
static void answer_in_turn(struct worker *worker, struct http_exchange *exchange)
{
    bool reads = worker->lane != LANE_CODE;
    if (reads)
        store_read_enter(worker->api->store);
    answer(worker, exchange);
    if (reads)
        store_read_leave(worker->api->store);
}

/* The lock is held. */
static struct http_exchange *take(struct queue *queue)
{
    struct http_exchange *exchange = queue->first->exchange;
    queue->first = queue->first->next;
    if (queue->first == NULL)
        queue->last = &queue->first;
    queue->waiting--;
    return exchange;
}

/* For a worker of quick calls: waits for one, or until a list is late. The lock is held. */
static struct queue *await_quick(struct api *api)
{
    struct queue *quick = &api->lanes[LANE_QUICK], *reads = &api->lanes[LANE_READS];
    for (;;) {
        if (quick->first != NULL || api->stopping)
            return quick;
        if (reads->first == NULL) {
            pthread_cond_wait(&quick->changed, &api->mutex);
        } else {
            int64_t late_us = reads->first->since_us + LATE_US;
            if (late_us <= clock_monotonic_us())
                return reads;
            condition_wait_until(&quick->changed, &api->mutex, late_us);
        }
    }
}

static struct http_exchange *next_exchange(struct worker *worker, bool *stopping)
{
    struct api *api = worker->api;
    struct queue *queue = &api->lanes[worker->lane];
    pthread_mutex_lock(&api->mutex);
    if (worker->lane == LANE_QUICK)
        queue = await_quick(api);
    while (queue->first == NULL && !api->stopping)
        pthread_cond_wait(&queue->changed, &api->mutex);
    struct http_exchange *exchange = queue->first != NULL ? take(queue) : NULL;
    *stopping = api->stopping;
    pthread_mutex_unlock(&api->mutex);
    return exchange;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct http_exchange *exchange;
    bool stopping;
    if (worker->lane == LANE_READS)
        background_enter_idle();
    else
        background_enter();
    while ((exchange = next_exchange(worker, &stopping)) != NULL) {
        if (stopping && worker->lane == LANE_CODE)
            api_refuse(exchange, 503, "the gateway is being stopped");
        else
            answer_in_turn(worker, exchange);
    }
    return NULL;
}

void api_handle(struct api *api, struct http_exchange *exchange)
{
    static const enum lane lanes[] = {
        [DISPATCH_QUICK] = LANE_QUICK, [DISPATCH_READS] = LANE_READS, [DISPATCH_CODE] = LANE_CODE};
    /* The node lies in the exchange, which outlives its wait. */
    struct waiting_call *call = ARENA_NEW(&exchange->arena, struct waiting_call);
    struct queue *queue = &api->lanes[lanes[dispatch_kind_of(exchange)]];
    call->exchange = exchange;
    call->since_us = clock_monotonic_us();
    pthread_mutex_lock(&api->mutex);
    bool taken = !api->stopping && queue->waiting < limits.api_queue;
    if (taken) {
        *queue->last = call;
        queue->last = &call->next;
        queue->waiting++;
        pthread_cond_signal(&queue->changed);
        if (queue == &api->lanes[LANE_READS] && queue->waiting == 1)
            pthread_cond_signal(&api->lanes[LANE_QUICK].changed); /* whoever waits there, from now on by the clock */
    }
    pthread_mutex_unlock(&api->mutex);
    if (!taken)
        api_refuse(exchange, 503, "too many API calls are waiting: try again later");
}

static bool start_worker(struct api *api, struct worker *worker, struct error *error)
{
    static const char *const names[LANES] = {
        [LANE_QUICK] = "api", [LANE_READS] = "api-lists", [LANE_CODE] = "api-code"};
    worker->api = api;
    worker->reader = store_reader_open(api->store, error);
    if (worker->reader == NULL)
        return false;
    if (worker->lane == LANE_READS)
        store_reader_give_way(worker->reader);
    if (!thread_start(&worker->thread, names[worker->lane], work, worker)) {
        store_reader_close(worker->reader);
        return error_set(error, ERROR_INTERNAL, "a thread for API calls could not be started");
    }
    api->worker_count++;
    return true;
}

struct api *api_start(struct store *store, struct catalog *catalog, struct deliver *deliver, struct issues *issues,
                      struct passages *passages, struct bulk_worker *bulk_worker, struct transform_pool *transform,
                      const char *public_url, struct error *error)
{
    struct api *api = NEW(struct api);
    api->store = store;
    api->catalog = catalog;
    api->deliver = deliver;
    api->passages = passages;
    api->issues = issues;
    api->bulk_worker = bulk_worker;
    api->transform = transform;
    api->rate = rate_create();
    api->sign_ins = sign_ins_create();
    api->public_url = memory_copy_string(public_url);
    const int64_t threads[LANES] = {
        [LANE_QUICK] = limits.api_threads, [LANE_READS] = limits.api_threads, [LANE_CODE] = limits.transform_trials};
    int64_t count = 2 * limits.api_threads + limits.transform_trials;
    api->workers = memory_allocate_zeroed((size_t)count * sizeof *api->workers);
    pthread_mutex_init(&api->mutex, NULL);
    for (int i = 0; i < LANES; i++) {
        api->lanes[i].last = &api->lanes[i].first;
        condition_init(&api->lanes[i].changed);
    }
    for (int lane = 0; lane < LANES; lane++) {
        for (int64_t i = 0; i < threads[lane]; i++) {
            struct worker *worker = &api->workers[api->worker_count];
            worker->lane = (enum lane)lane;
            if (!start_worker(api, worker, error)) {
                api_stop(api);
                return NULL;
            }
        }
    }
    return api;
}

void api_stop(struct api *api)
{
    pthread_mutex_lock(&api->mutex);
    api->stopping = true;
    for (int i = 0; i < LANES; i++)
        pthread_cond_broadcast(&api->lanes[i].changed);
    pthread_mutex_unlock(&api->mutex);
    for (size_t i = 0; i < api->worker_count; i++) {
        pthread_join(api->workers[i].thread, NULL);
        store_reader_close(api->workers[i].reader);
    }
    for (int i = 0; i < LANES; i++)
        pthread_cond_destroy(&api->lanes[i].changed);
    pthread_mutex_destroy(&api->mutex);
    rate_free(api->rate);
    sign_ins_free(api->sign_ins);
    free(api->workers);
    free(api->public_url);
    free(api);
}

/* ---- without a gateway ---------------------------------------------------------------------------- */

int api_offline(struct store *store, const char *method, const char *path, struct text body, json_t **reply,
                struct error *error)
{
    struct http_exchange exchange = {.method = text_of(method), .path = text_of(path), .body = body};
    struct call call = {.store = store, .public_url = "", .exchange = &exchange, .arena = &exchange.arena,
                        .access.key.is_operator = true, .now = clock_now_ms()};
    call.reader = store_reader_open(store, error);
    if (call.reader == NULL)
        return 0;
    dispatch_granted(&call);
    store_reader_close(call.reader);
    *reply = json_incref(call.reply);
    call_release(&call);
    arena_free(&exchange.arena);
    return call.status;
}
