#include "deliver/deliver.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "deliver/engine.h"
#include "deliver/token.h"

enum {
    LOOP_NAP_MS = 250,
    STOP_POLL_MS = 5,
};

/* ---- from other threads ---- */

bool deliver_reserve(struct deliver *deliver, struct delivery_place place, size_t bytes)
{
    pthread_mutex_lock(&deliver->lock);
    struct lane *lane = engine_lane(deliver, engine_outlet(deliver, place.destination_id), place.lane);
    bool room = lane != NULL && !deliver->stopping && lane_is_open(lane) &&
                lane_may_hold(lane, bytes, (size_t)deliver->queued_bytes);
    if (room) {
        lane->reserved++;
        lane->outlet->held++;
        lane->bytes += bytes;
        lane->outlet->bytes += bytes;
        deliver->queued_bytes += (int64_t)bytes;
    }
    pthread_mutex_unlock(&deliver->lock);
    return room;
}

/* The lane of a reserved place. */
static struct lane *unreserve(struct deliver *deliver, struct delivery_place place)
{
    struct lane *lane = engine_find_lane(engine_outlet(deliver, place.destination_id), place.lane);
    lane->reserved--;
    lane->outlet->held--;
    return lane;
}

void deliver_unreserve(struct deliver *deliver, struct delivery_place place, size_t bytes)
{
    pthread_mutex_lock(&deliver->lock);
    struct lane *lane = unreserve(deliver, place);
    lane->bytes -= bytes;
    lane->outlet->bytes -= bytes;
    deliver->queued_bytes -= (int64_t)bytes;
    engine_feed(deliver, lane);
    pthread_mutex_unlock(&deliver->lock);
}

void deliver_push(struct deliver *deliver, const struct event *event, struct payload *payload)
{
    pthread_mutex_lock(&deliver->lock);
    struct lane *lane = unreserve(deliver, delivery_place_of(event));
    lane_append(lane, event, payload);
    if (!lane_is_ordered(lane) || lane_is_open(lane)) {
        engine_list(deliver, lane);
    } else { /* something that comes before it turned up meanwhile */
        engine_drop(deliver, lane, lane_remove(lane, event->id, 0));
        engine_due(deliver, lane, event->due_at);
    }
    pthread_mutex_unlock(&deliver->lock);
}

void deliver_wake(struct deliver *deliver, const struct event *event)
{
    pthread_mutex_lock(&deliver->lock);
    struct outlet *outlet = engine_outlet(deliver, event->destination_id);
    struct lane *lane = engine_lane(deliver, outlet, event->lane);
    if (lane != NULL)
        lane_comes_again(lane, event->id);
    if (lane != NULL && lane_is_ordered(lane) && lane->last != NULL && event->id < lane->last->event.id)
        engine_drop(deliver, lane, lane_remove(lane, 0, 0)); /* it comes before them */
    if (lane != NULL)
        engine_due(deliver, lane, event->due_at);
    else
        engine_strangers(deliver, outlet, event->due_at);
    pthread_mutex_unlock(&deliver->lock);
}

void deliver_wake_all(struct deliver *deliver, int64_t destination_id)
{
    pthread_mutex_lock(&deliver->lock);
    engine_due_all(deliver, engine_outlet(deliver, destination_id));
    pthread_mutex_unlock(&deliver->lock);
}

void deliver_forget(struct deliver *deliver, const struct event *event)
{
    pthread_mutex_lock(&deliver->lock);
    struct lane *lane = engine_find_lane(engine_outlet(deliver, event->destination_id), event->lane);
    if (lane != NULL) {
        engine_drop(deliver, lane, lane_remove(lane, event->id, 0));
        if (lane_is_ordered(lane)) /* which may have waited for it */
            engine_due(deliver, lane, clock_now_ms());
    }
    pthread_mutex_unlock(&deliver->lock);
}

struct deliver_counts deliver_counts(struct deliver *deliver)
{
    size_t outlet_position = 0;
    struct outlet *outlet;
    struct lane *lane;
    pthread_mutex_lock(&deliver->lock);
    struct deliver_counts counts = {.running = deliver->running + deliver->waiting, .queued_bytes = deliver->queued_bytes,
                                    .unrecorded = deliver->unrecorded, .delivered = deliver->delivered,
                                    .failed = deliver->failed, .outages = outages_count(deliver)};
    while ((outlet = hash_map_next(&deliver->outlets, &outlet_position)) != NULL) {
        size_t position = 0;
        while ((lane = engine_next_lane(outlet, &position)) != NULL)
            counts.queued += (int64_t)lane->queued;
    }
    pthread_mutex_unlock(&deliver->lock);
    return counts;
}

/*
 * A paused, disabled or deleted connection: what waits in memory goes back and is settled in the store. What comes
 * first in an ordered lane may be another event now.
 */
static void connection_changed(void *context, const struct catalog_connection *connection)
{
    struct deliver *deliver = context;
    const struct connection *record = &connection->record;
    bool live = record->paused_at == 0 && record->disabled_at == 0 && record->deleted_at == 0;
    size_t position = 0;
    struct lane *lane;
    pthread_mutex_lock(&deliver->lock);
    struct outlet *outlet = hash_map_get(&deliver->outlets, record->destination_id);
    while (outlet != NULL && (lane = engine_next_lane(outlet, &position)) != NULL) {
        if (lane_is_ordered(lane)) {
            lane_comes_again(lane, 0);
            engine_drop(deliver, lane, lane_remove(lane, 0, 0));
            engine_due(deliver, lane, clock_now_ms());
        } else if (!live) {
            engine_drop(deliver, lane, lane_remove(lane, 0, record->id));
        }
    }
    pthread_mutex_unlock(&deliver->lock);
    settle_connection(deliver, record->id, record->destination_id);
}

/* A rate or an order: takes effect at once. */
static void destination_changed(void *context, const struct catalog_destination *destination)
{
    struct deliver *deliver = context;
    struct catalog_destination *now = catalog_find_destination(deliver->catalog, destination->record.id);
    pthread_mutex_lock(&deliver->lock);
    struct outlet *outlet = hash_map_get(&deliver->outlets, destination->record.id);
    if (outlet != NULL)
        engine_configure(deliver, outlet, now);
    pthread_mutex_unlock(&deliver->lock);
    if (outlet == NULL)
        catalog_destination_release(now);
}

void deliver_check_hold(struct deliver *deliver, const struct event *event)
{
    struct catalog_connection *connection = catalog_find_connection(deliver->catalog, event->connection_id);
    bool held = connection != NULL && connection->record.paused_at != 0;
    catalog_connection_release(connection);
    if (!held)
        settle_connection(deliver, event->connection_id, event->destination_id);
}

/* ---- the loop ---- */

static void offer_again(struct deliver *deliver)
{
    pthread_mutex_lock(&deliver->lock);
    struct delivery *refused = NULL;
    if (deliver->refused != NULL && clock_monotonic_ms() >= deliver->offer_again_at) {
        refused = deliver->refused;
        deliver->refused = NULL;
    }
    pthread_mutex_unlock(&deliver->lock);
    courier_submit(deliver, refused);
}

static bool loop_is_over(struct deliver *deliver)
{
    pthread_mutex_lock(&deliver->lock);
    bool over = deliver->abandoned || (deliver->stopping && deliver->running + deliver->waiting + deliver->unrecorded == 0);
    pthread_mutex_unlock(&deliver->lock);
    return over;
}

static void *run_loop(void *argument)
{
    struct deliver *deliver = argument;
    while (!loop_is_over(deliver)) {
        int64_t nap_ms = engine_dispatch(deliver, LOOP_NAP_MS);
        offer_again(deliver);
        tokens_turn(deliver->tokens);
        outages_turn(deliver);
        if (courier_finish(deliver)) /* what ended at once, without network, has made room for others */
            nap_ms = 0;
        http_client_run(deliver->client, (int)nap_ms);
        courier_finish(deliver);
    }
    http_client_cancel_all(deliver->client);
    courier_finish(deliver);
    return NULL;
}

/* ---- start and stop ---- */

static bool arm_lanes(struct deliver *deliver, struct error *error)
{
    struct arena arena = {0};
    struct due_destination *due;
    size_t count;
    bool done = store_read_due_destinations(deliver->reader, &arena, &due, &count, error);
    for (size_t i = 0; done && i < count; i++) {
        pthread_mutex_lock(&deliver->lock);
        struct outlet *outlet = engine_outlet(deliver, due[i].destination_id);
        if (due[i].plain_due_at != 0)
            engine_due(deliver, &outlet->plain, due[i].plain_due_at);
        if (due[i].lane_due_at != 0)
            engine_strangers(deliver, outlet, clock_now_ms());
        pthread_mutex_unlock(&deliver->lock);
    }
    arena_free(&arena);
    return done;
}

/* Connections that were unpaused, disabled or deleted just before the end, with events that are still on hold. */
static bool settle_the_rest(struct deliver *deliver, struct error *error)
{
    struct arena arena = {0};
    struct connection *connections;
    size_t count;
    bool done = store_read_unsettled(deliver->reader, &arena, &connections, &count, error);
    for (size_t i = 0; done && i < count; i++)
        settle_connection(deliver, connections[i].id, connections[i].destination_id);
    arena_free(&arena);
    return done;
}

const struct egress *deliver_egress(const struct deliver *deliver)
{
    return deliver->egress;
}

struct deliver *deliver_start(struct store *store, struct catalog *catalog, struct issues *issues,
                              const struct egress *egress, const char *public_url,
                              const struct http_client_settings *settings, struct error *error)
{
    struct deliver *deliver = NEW(struct deliver);
    deliver->egress = egress;
    deliver->store = store;
    deliver->catalog = catalog;
    deliver->issues = issues;
    deliver->public_url = public_url;
    deliver->began_us = clock_monotonic_us();
    deliver->began_at = clock_now_ms();
    pthread_mutex_init(&deliver->lock, NULL);
    condition_init(&deliver->feed);
    if ((deliver->client = http_client_create(egress, error)) != NULL &&
        (deliver->reader = store_reader_open(store, error)) != NULL &&
        (deliver->tokens = tokens_create(deliver, error)) != NULL && outages_load(deliver, error) && arm_lanes(deliver, error) &&
        settle_the_rest(deliver, error)) {
        http_client_set(deliver->client, settings);
        catalog_listen(catalog, (struct catalog_listener){deliver, connection_changed, destination_changed});
        deliver->loop_started = thread_start(&deliver->loop_thread, "deliver", run_loop, deliver);
        deliver->feeder_started = thread_start(&deliver->feeder_thread, "feeder", feeder_run, deliver);
        if (deliver->loop_started && deliver->feeder_started)
            return deliver;
        error_set(error, ERROR_INTERNAL, "no threads for the delivery engine");
    }
    deliver_stop(deliver, 0);
    return NULL;
}

static bool is_quiet(struct deliver *deliver)
{
    pthread_mutex_lock(&deliver->lock);
    bool quiet = deliver->running + deliver->waiting == 0 && deliver->unrecorded == 0 && deliver->settling == 0;
    pthread_mutex_unlock(&deliver->lock);
    return quiet;
}

static void wait_until_quiet(struct deliver *deliver, int64_t timeout_ms)
{
    int64_t give_up = clock_monotonic_ms() + timeout_ms;
    while (!is_quiet(deliver) && clock_monotonic_ms() < give_up)
        usleep(STOP_POLL_MS * 1000);
    pthread_mutex_lock(&deliver->lock);
    deliver->abandoned = true;
    if (deliver->running + deliver->waiting > 0)
        log_warn("%lld deliveries were broken off; they are made again after the next start",
                 (long long)(deliver->running + deliver->waiting));
    pthread_mutex_unlock(&deliver->lock);
}

/* Jobs in the store's queue end by themselves, with an error if need be; they must not find us gone. */
static void wait_for_store(struct deliver *deliver)
{
    for (bool waiting = true; waiting;) {
        pthread_mutex_lock(&deliver->lock);
        waiting = deliver->in_store > 0 || deliver->settling > 0;
        pthread_mutex_unlock(&deliver->lock);
        if (waiting)
            usleep(STOP_POLL_MS * 1000);
    }
    courier_free(deliver->refused);
    courier_free(deliver->spare);
    settle_free(deliver);
}

void deliver_stop(struct deliver *deliver, int64_t timeout_ms)
{
    catalog_listen(deliver->catalog, (struct catalog_listener){0});
    pthread_mutex_lock(&deliver->lock);
    deliver->stopping = true;
    pthread_cond_broadcast(&deliver->feed);
    pthread_mutex_unlock(&deliver->lock);
    if (deliver->feeder_started)
        pthread_join(deliver->feeder_thread, NULL);
    wait_until_quiet(deliver, timeout_ms);
    if (deliver->client != NULL)
        http_client_wake(deliver->client);
    if (deliver->loop_started)
        pthread_join(deliver->loop_thread, NULL);
    wait_for_store(deliver);
    tokens_free(deliver->tokens);
    if (deliver->client != NULL)
        http_client_free(deliver->client);
    if (deliver->reader != NULL)
        store_reader_close(deliver->reader);
    engine_free_outlets(deliver);
    outages_free(deliver);
    pthread_cond_destroy(&deliver->feed);
    pthread_mutex_destroy(&deliver->lock);
    free(deliver);
}
