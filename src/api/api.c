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
#include "base/limits.h"
#include "base/memory.h"

struct waiting_call {
    struct http_exchange *exchange;
    struct waiting_call *next;
};

/*
 * Calls wait in two lanes: what runs foreign code takes up to seconds, and must not take the place of the others.
 */
enum lane { LANE_FAST, LANE_SLOW, LANES };

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

static struct http_exchange *next_exchange(struct api *api, struct queue *queue, bool *stopping)
{
    struct http_exchange *exchange = NULL;
    pthread_mutex_lock(&api->mutex);
    while (queue->first == NULL && !api->stopping)
        pthread_cond_wait(&queue->changed, &api->mutex);
    if (queue->first != NULL) {
        exchange = queue->first->exchange;
        queue->first = queue->first->next;
        if (queue->first == NULL)
            queue->last = &queue->first;
        queue->waiting--;
    }
    *stopping = api->stopping;
    pthread_mutex_unlock(&api->mutex);
    return exchange;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct http_exchange *exchange;
    bool stopping;
    background_enter(); /* lists and searches take what the way of webhooks leaves */
    while ((exchange = next_exchange(worker->api, &worker->api->lanes[worker->lane], &stopping)) != NULL) {
        if (stopping && worker->lane == LANE_SLOW)
            api_refuse(exchange, 503, "the gateway is being stopped");
        else
            answer(worker, exchange);
    }
    return NULL;
}

void api_handle(struct api *api, struct http_exchange *exchange)
{
    /* The node lies in the exchange, which outlives its wait. */
    struct waiting_call *call = ARENA_NEW(&exchange->arena, struct waiting_call);
    struct queue *queue = &api->lanes[dispatch_runs_code(exchange) ? LANE_SLOW : LANE_FAST];
    call->exchange = exchange;
    pthread_mutex_lock(&api->mutex);
    bool taken = !api->stopping && queue->waiting < limits.api_queue;
    if (taken) {
        *queue->last = call;
        queue->last = &call->next;
        queue->waiting++;
        pthread_cond_signal(&queue->changed);
    }
    pthread_mutex_unlock(&api->mutex);
    if (!taken)
        api_refuse(exchange, 503, "too many API calls are waiting: try again later");
}

static bool start_worker(struct api *api, struct worker *worker, struct error *error)
{
    worker->api = api;
    worker->reader = store_reader_open(api->store, error);
    if (worker->reader == NULL)
        return false;
    if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
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
    int64_t count = limits.api_threads + limits.transform_trials;
    api->workers = memory_allocate_zeroed((size_t)count * sizeof *api->workers);
    pthread_mutex_init(&api->mutex, NULL);
    for (int i = 0; i < LANES; i++) {
        api->lanes[i].last = &api->lanes[i].first;
        pthread_cond_init(&api->lanes[i].changed, NULL);
    }
    for (int64_t i = 0; i < count; i++) {
        api->workers[i].lane = i < limits.api_threads ? LANE_FAST : LANE_SLOW;
        if (!start_worker(api, &api->workers[i], error)) {
            api_stop(api);
            return NULL;
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
