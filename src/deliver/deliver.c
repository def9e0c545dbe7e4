#include "deliver/deliver.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "deliver/engine.h"
#include "deliver/token.h"

enum {
    LOOP_NAP_MS = 250,
    STOP_POLL_MS = 5,
    TURN = 8, /* deliveries begun before the loop looks at the replies: a burst for one destination delays no other */
};

/* ---- lanes ---- */

struct lane *engine_lane(struct deliver *deliver, int64_t destination_id)
{
    struct lane *lane = hash_map_get(&deliver->lanes, destination_id);
    if (lane == NULL) {
        lane = NEW(struct lane);
        lane->destination_id = destination_id;
        hash_map_put(&deliver->lanes, destination_id, lane);
    }
    return lane;
}

void engine_wake(struct deliver *deliver)
{
    if (!deliver->loop_awake) {
        deliver->loop_awake = true;
        http_client_wake(deliver->client);
    }
}

void engine_list(struct deliver *deliver, struct lane *lane)
{
    if (!lane->listed) {
        lane->listed = true;
        if (deliver->ring == NULL) {
            lane->next_listed = lane;
            deliver->ring = lane;
        } else {
            lane->next_listed = deliver->ring->next_listed;
            deliver->ring->next_listed = lane;
            deliver->ring = lane;
        }
    }
    engine_wake(deliver);
}

static void ask_feeder(struct deliver *deliver)
{
    if (!deliver->feed_asked) {
        deliver->feed_asked = true;
        pthread_cond_signal(&deliver->feed);
    }
}

void engine_due(struct deliver *deliver, struct lane *lane, int64_t due_at)
{
    lane->wakes++;
    if (due_at <= clock_now_ms()) {
        if (!lane->behind)
            ask_feeder(deliver);
        lane->behind = true;
    } else if (lane->wake.place == 0 || due_at < lane->wake.moment) {
        heap_put(&deliver->wakes, &lane->wake, due_at);
        if (heap_first(&deliver->wakes) == &lane->wake)
            ask_feeder(deliver);
    }
}

void engine_feed(struct deliver *deliver, struct lane *lane)
{
    if (lane->behind && lane_wants(lane, (size_t)deliver->queued_bytes, 1) > 0)
        ask_feeder(deliver);
}

void engine_drop(struct deliver *deliver, struct lane *lane, struct queued *removed)
{
    while (removed != NULL) {
        struct queued *next = removed->next;
        lane->bytes -= removed->payload->bytes;
        deliver->queued_bytes -= (int64_t)removed->payload->bytes;
        store_release(deliver->store, &removed->event.id, 1);
        payload_release(removed->payload);
        free(removed);
        removed = next;
    }
}

/* ---- from other threads ---- */

bool deliver_reserve(struct deliver *deliver, int64_t destination_id, size_t bytes)
{
    pthread_mutex_lock(&deliver->lock);
    struct lane *lane = engine_lane(deliver, destination_id);
    bool room = !deliver->stopping && !lane->behind && lane_may_hold(lane, bytes, (size_t)deliver->queued_bytes);
    if (room) {
        lane->reserved++;
        lane->bytes += bytes;
        deliver->queued_bytes += (int64_t)bytes;
    }
    pthread_mutex_unlock(&deliver->lock);
    return room;
}

void deliver_unreserve(struct deliver *deliver, int64_t destination_id, size_t bytes)
{
    pthread_mutex_lock(&deliver->lock);
    struct lane *lane = engine_lane(deliver, destination_id);
    lane->reserved--;
    lane->bytes -= bytes;
    deliver->queued_bytes -= (int64_t)bytes;
    pthread_mutex_unlock(&deliver->lock);
}

void deliver_push(struct deliver *deliver, const struct event *event, struct payload *payload)
{
    pthread_mutex_lock(&deliver->lock);
    struct lane *lane = engine_lane(deliver, event->destination_id);
    lane->reserved--;
    lane_append(lane, event, payload);
    engine_list(deliver, lane);
    pthread_mutex_unlock(&deliver->lock);
}

void deliver_wake(struct deliver *deliver, int64_t destination_id, int64_t due_at)
{
    pthread_mutex_lock(&deliver->lock);
    engine_due(deliver, engine_lane(deliver, destination_id), due_at);
    pthread_mutex_unlock(&deliver->lock);
}

void deliver_forget(struct deliver *deliver, int64_t event_id)
{
    size_t position = 0;
    struct lane *lane;
    pthread_mutex_lock(&deliver->lock);
    while ((lane = hash_map_next(&deliver->lanes, &position)) != NULL)
        engine_drop(deliver, lane, lane_remove(lane, event_id, 0));
    pthread_mutex_unlock(&deliver->lock);
}

struct deliver_counts deliver_counts(struct deliver *deliver)
{
    size_t position = 0;
    struct lane *lane;
    pthread_mutex_lock(&deliver->lock);
    struct deliver_counts counts = {.running = deliver->running + deliver->waiting, .queued_bytes = deliver->queued_bytes,
                                    .unrecorded = deliver->unrecorded, .delivered = deliver->delivered,
                                    .failed = deliver->failed};
    while ((lane = hash_map_next(&deliver->lanes, &position)) != NULL)
        counts.queued += (int64_t)lane->queued;
    pthread_mutex_unlock(&deliver->lock);
    return counts;
}

/* A paused, disabled or deleted connection: what waits in memory goes back and is settled in the store. */
static void connection_changed(void *context, const struct catalog_connection *connection)
{
    struct deliver *deliver = context;
    const struct connection *record = &connection->record;
    bool live = record->paused_at == 0 && record->disabled_at == 0 && record->deleted_at == 0;
    pthread_mutex_lock(&deliver->lock);
    struct lane *lane = hash_map_get(&deliver->lanes, record->destination_id);
    if (lane != NULL && !live)
        engine_drop(deliver, lane, lane_remove(lane, 0, record->id));
    pthread_mutex_unlock(&deliver->lock);
    settle_connection(deliver, record->id, record->destination_id);
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

static bool may_dispatch(struct deliver *deliver)
{
    if (deliver->stopping)
        return false;
    deliver->blocked = deliver->unrecorded >= limits.unrecorded_outcomes || !store_is_writable(deliver->store);
    return !deliver->blocked;
}

static void unlist(struct deliver *deliver, struct lane *before)
{
    struct lane *lane = before->next_listed;
    lane->listed = false;
    before->next_listed = lane->next_listed;
    if (lane == deliver->ring)
        deliver->ring = lane == before ? NULL : before;
    lane->next_listed = NULL;
}

/* The next event of the lane whose turn it is, with its slot taken; NULL when no lane may start one. */
static struct queued *next_event(struct deliver *deliver, struct lane **from)
{
    struct lane *first_blocked = NULL;
    while (deliver->ring != NULL) {
        struct lane *lane = deliver->ring->next_listed;
        if (lane->queued == 0) {
            unlist(deliver, deliver->ring);
            continue;
        }
        if (lane == first_blocked)
            return NULL;
        deliver->ring = lane;
        if (lane_may_start(lane, deliver->running)) {
            lane->running++;
            deliver->running++;
            *from = lane;
            return lane_take(lane);
        }
        if (first_blocked == NULL)
            first_blocked = lane;
    }
    return NULL;
}

/* Begins what may begin, at most TURN. False when there may be more. */
static bool dispatch(struct deliver *deliver)
{
    for (int begun = 0; begun < TURN; begun++) {
        struct lane *lane = NULL;
        pthread_mutex_lock(&deliver->lock);
        struct queued *queued = may_dispatch(deliver) ? next_event(deliver, &lane) : NULL;
        if (queued != NULL)
            engine_feed(deliver, lane);
        else
            deliver->loop_awake = false;
        pthread_mutex_unlock(&deliver->lock);
        if (queued == NULL)
            return true;
        courier_start(deliver, lane, queued);
    }
    return false;
}

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
    bool over = deliver->abandoned || (deliver->stopping && deliver->running + deliver->waiting == 0 && deliver->unrecorded == 0);
    pthread_mutex_unlock(&deliver->lock);
    return over;
}

static void *run_loop(void *argument)
{
    struct deliver *deliver = argument;
    while (!loop_is_over(deliver)) {
        bool idle = dispatch(deliver);
        offer_again(deliver);
        tokens_turn(deliver->tokens);
        idle &= !courier_finish(deliver); /* what ended at once, without network, has made room for others */
        http_client_run(deliver->client, idle ? LOOP_NAP_MS : 0);
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
    int64_t *destinations, *first_due_at;
    size_t count;
    bool done = store_read_due_destinations(deliver->reader, &arena, &destinations, &first_due_at, &count, error);
    for (size_t i = 0; done && i < count; i++)
        deliver_wake(deliver, destinations[i], first_due_at[i]);
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

struct deliver *deliver_start(struct store *store, struct catalog *catalog, struct issues *issues,
                              const char *public_url, struct error *error)
{
    struct deliver *deliver = NEW(struct deliver);
    deliver->store = store;
    deliver->catalog = catalog;
    deliver->issues = issues;
    deliver->public_url = public_url;
    pthread_mutex_init(&deliver->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&deliver->feed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if ((deliver->client = http_client_create(error)) != NULL &&
        (deliver->reader = store_reader_open(store, error)) != NULL &&
        (deliver->tokens = tokens_create(deliver, error)) != NULL && arm_lanes(deliver, error) &&
        settle_the_rest(deliver, error)) {
        catalog_listen(catalog, (struct catalog_listener){deliver, connection_changed, NULL});
        deliver->loop_started = pthread_create(&deliver->loop_thread, NULL, run_loop, deliver) == 0;
        deliver->feeder_started = pthread_create(&deliver->feeder_thread, NULL, feeder_run, deliver) == 0;
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

static void free_lanes(struct deliver *deliver)
{
    size_t position = 0;
    struct lane *lane;
    while ((lane = hash_map_next(&deliver->lanes, &position)) != NULL) {
        engine_drop(deliver, lane, lane_remove(lane, 0, 0));
        free(lane);
    }
    hash_map_free(&deliver->lanes);
    heap_free(&deliver->wakes);
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
    free_lanes(deliver);
    pthread_cond_destroy(&deliver->feed);
    pthread_mutex_destroy(&deliver->lock);
    free(deliver);
}
