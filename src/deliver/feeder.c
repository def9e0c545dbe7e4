/* The feeder: claims what is due from the store and reads its payloads, when a lane has room. */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "deliver/engine.h"

enum { NAP_MS = 200, SLICE = 500 };

struct claim {
    struct store_job job;
    int64_t destination_id, now, next_due_at;
    size_t limit, count;
    struct arena arena;
    struct event *events;
};

static bool run_claim(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct claim *claim = (struct claim *)job;
    return store_claim(transaction, claim->destination_id, claim->now, claim->limit, &claim->arena, &claim->events,
                       &claim->count, &claim->next_due_at, error);
}

/* Reads the payload of an event, or takes the one before if it is of the same request. */
static struct payload *read_payload(struct deliver *deliver, const struct event *event, struct payload **last)
{
    struct arena arena = {0};
    struct request request;
    struct error error = {0};
    if (*last == NULL || (*last)->request.id != event->request_id) {
        payload_release(*last);
        *last = NULL;
        if (store_read_request(deliver->reader, &arena, 0, event->request_id, true, &request, &error))
            *last = payload_create(&request);
        else
            log_warn("an event cannot be delivered now: %s", error.message);
    }
    arena_free(&arena);
    return *last ? payload_reference(*last) : NULL;
}

/* Queues as many of the claimed events as there is room for. False: some were given back. */
static bool queue_claimed(struct deliver *deliver, struct lane *lane, const struct claim *claim)
{
    struct payload *last = NULL;
    size_t i;
    for (i = 0; i < claim->count; i++) {
        struct payload *payload = read_payload(deliver, &claim->events[i], &last);
        if (payload == NULL)
            break;
        pthread_mutex_lock(&deliver->lock);
        bool room = !deliver->stopping && lane_may_hold(lane, payload->bytes, (size_t)deliver->queued_bytes);
        if (room) {
            lane->bytes += payload->bytes;
            deliver->queued_bytes += (int64_t)payload->bytes;
            lane_append(lane, &claim->events[i], payload);
            engine_list(deliver, lane);
        }
        pthread_mutex_unlock(&deliver->lock);
        if (!room) {
            payload_release(payload);
            break;
        }
    }
    payload_release(last);
    for (size_t k = i; k < claim->count; k++)
        store_release(deliver->store, &claim->events[k].id, 1);
    return i == claim->count;
}

/* Fills one lane. The lock is held at the beginning and at the end, not between. */
static void feed(struct deliver *deliver, struct lane *lane)
{
    struct error error = {0};
    uint64_t wakes = lane->wakes;
    struct claim claim = {.job = {.run = run_claim, .isolated = true}, .destination_id = lane->destination_id,
                          .now = clock_now_ms(),
                          .limit = (size_t)limits.delivery_queue - lane->queued - lane->reserved};
    pthread_mutex_unlock(&deliver->lock);
    bool claimed = store_write(deliver->store, &claim.job, &error);
    bool all = claimed && queue_claimed(deliver, lane, &claim);
    pthread_mutex_lock(&deliver->lock);
    if (all && lane->wakes == wakes)
        lane->behind = claim.next_due_at != 0 && claim.next_due_at <= claim.now;
    if (claimed && claim.next_due_at > claim.now)
        heap_put(&deliver->wakes, &lane->wake, claim.next_due_at);
    arena_free(&claim.arena);
}

static bool has_room(const struct deliver *deliver, const struct lane *lane)
{
    return lane->behind && lane->queued + lane->reserved <= (size_t)limits.delivery_queue / 2 &&
           lane_may_hold(lane, 1, (size_t)deliver->queued_bytes);
}

static void nap(struct deliver *deliver, int64_t wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t nanoseconds = until.tv_nsec + wait_ms % 1000 * 1000000;
    until.tv_sec += wait_ms / 1000 + nanoseconds / 1000000000;
    until.tv_nsec = nanoseconds % 1000000000;
    pthread_cond_timedwait(&deliver->feed, &deliver->lock, &until);
}

/* Lanes whose moment has come are behind. Returns ms until the next one, at most NAP_MS. */
static int64_t take_wakes(struct deliver *deliver)
{
    struct heap_node *node;
    int64_t now = clock_now_ms();
    while ((node = heap_first(&deliver->wakes)) != NULL && node->moment <= now) {
        heap_remove(&deliver->wakes, node);
        ((struct lane *)(void *)((char *)node - offsetof(struct lane, wake)))->behind = true;
    }
    return node != NULL && node->moment - now < NAP_MS ? node->moment - now : NAP_MS;
}

/* ---- waiting events follow their connection ---- */

struct settling {
    struct store_job job;
    struct deliver *deliver;
    int64_t connection_id, destination_id;
    size_t changed;
    bool resumed;
    struct settling *next; /* in deliver->unsettled */
};

static bool run_settling(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct settling *settling = (struct settling *)job;
    struct arena arena = {0};
    struct connection connection;
    int64_t now = clock_now_ms();
    bool done = store_read_connection(store_transaction_reader(transaction), &arena, 0, settling->connection_id,
                                      &connection, error);
    settling->resumed = false;
    if (done && (connection.deleted_at != 0 || connection.disabled_at != 0))
        done = store_cancel_events(transaction, connection.id, now, SLICE, &settling->changed, error);
    else if (done && connection.paused_at != 0)
        done = store_hold_events(transaction, connection.id, now, SLICE, &settling->changed, error);
    else if (done)
        done = settling->resumed = store_resume_events(transaction, connection.id, now, SLICE, &settling->changed, error);
    arena_free(&arena);
    return done;
}

/* The feeder offers it to the store again. With the lock held. */
static void keep_settling(struct deliver *deliver, struct settling *settling)
{
    settling->next = deliver->unsettled;
    deliver->unsettled = settling;
}

static void submit_settling(struct deliver *deliver, struct settling *settling)
{
    if (store_submit(deliver->store, &settling->job, NULL))
        return;
    pthread_mutex_lock(&deliver->lock);
    keep_settling(deliver, settling);
    pthread_mutex_unlock(&deliver->lock);
}

static void settled(struct store_job *job, const struct error *error)
{
    struct settling *settling = (struct settling *)job;
    struct deliver *deliver = settling->deliver;
    bool failed = error->code != ERROR_NONE && error->code != ERROR_NOT_FOUND;
    bool more = error->code == ERROR_NONE && settling->changed > 0;
    if (more && settling->resumed)
        deliver_wake(deliver, settling->destination_id, clock_now_ms());
    pthread_mutex_lock(&deliver->lock);
    if (deliver->stopping) {
        more = failed = false; /* the next start takes it up */
    } else if (failed) {
        keep_settling(deliver, settling);
    }
    if (!more && !failed)
        deliver->settling--;
    pthread_mutex_unlock(&deliver->lock);
    if (more)
        submit_settling(deliver, settling);
    else if (!failed)
        free(settling);
}

void feeder_settle(struct deliver *deliver, int64_t connection_id, int64_t destination_id)
{
    struct settling *settling = NEW(struct settling);
    *settling = (struct settling){.job = {.run = run_settling, .done = settled, .isolated = true}, .deliver = deliver,
                                  .connection_id = connection_id, .destination_id = destination_id};
    pthread_mutex_lock(&deliver->lock);
    deliver->settling++;
    pthread_mutex_unlock(&deliver->lock);
    submit_settling(deliver, settling);
}

static void settle_again(struct deliver *deliver)
{
    struct settling *settling = deliver->unsettled;
    deliver->unsettled = NULL;
    pthread_mutex_unlock(&deliver->lock);
    while (settling != NULL) {
        struct settling *next = settling->next;
        submit_settling(deliver, settling);
        settling = next;
    }
    pthread_mutex_lock(&deliver->lock);
}

void feeder_discard(struct deliver *deliver)
{
    pthread_mutex_lock(&deliver->lock);
    while (deliver->unsettled != NULL) {
        struct settling *settling = deliver->unsettled;
        deliver->unsettled = settling->next;
        deliver->settling--;
        free(settling);
    }
    pthread_mutex_unlock(&deliver->lock);
}

/* ---- the thread ---- */

void *feeder_run(void *argument)
{
    struct deliver *deliver = argument;
    pthread_mutex_lock(&deliver->lock);
    while (!deliver->stopping) {
        int64_t wait = take_wakes(deliver);
        if (deliver->unsettled != NULL && store_is_writable(deliver->store))
            settle_again(deliver);
        bool fed = false;
        size_t position = 0;
        struct lane *lane;
        /* New lanes may come while the lock is away: the walk then may miss one until the next round. */
        while (!deliver->stopping && store_is_writable(deliver->store) &&
               (lane = hash_map_next(&deliver->lanes, &position)) != NULL) {
            if (has_room(deliver, lane)) {
                feed(deliver, lane);
                fed = true;
            }
        }
        if (!fed || !store_is_writable(deliver->store))
            nap(deliver, wait);
        else
            nap(deliver, 1);
    }
    pthread_mutex_unlock(&deliver->lock);
    return NULL;
}
