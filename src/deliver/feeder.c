/* The feeder: claims what is due from the store and reads its payloads, when lanes have room. */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "deliver/engine.h"
#include "store/execution.h"

enum { NAP_MS = 200 };

struct round;

struct claim {
    struct store_job job; /* first: the store hands it back */
    struct round *round;
    struct lane *lane;
    uint64_t wakes; /* the lane's, when the claim was made */
    int64_t now, next_due_at;
    size_t limit, count;
    struct arena arena;
    struct event *events;
    bool failed;
};

/* The claims of several lanes, which share one commit. */
struct round {
    struct claim claims[CLAIM_LANES];
    size_t count;
    pthread_mutex_t lock; /* guards `open` */
    pthread_cond_t closed;
    size_t open;
};

/* ---- claiming ---- */

static bool run_claim(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct claim *claim = (struct claim *)job;
    arena_clear(&claim->arena);
    return store_claim(transaction, claim->lane->destination_id, claim->now, claim->limit, &claim->arena,
                       &claim->events, &claim->count, &claim->next_due_at, error);
}

static void claimed(struct store_job *job, const struct error *error)
{
    struct claim *claim = (struct claim *)job;
    struct round *round = claim->round;
    pthread_mutex_lock(&round->lock);
    claim->failed = error->code != ERROR_NONE;
    if (--round->open == 0)
        pthread_cond_signal(&round->closed);
    pthread_mutex_unlock(&round->lock);
}

/* Writes down which lanes want how much. The engine's lock is held. */
static void plan_round(struct deliver *deliver, struct round *round)
{
    size_t events = 0, seen = 0;
    round->count = 0;
    while (seen++ <= deliver->lanes.used && round->count < CLAIM_LANES && events < CLAIM_ROUND) {
        struct lane *lane = hash_map_next(&deliver->lanes, &deliver->feed_position);
        if (lane == NULL) {
            deliver->feed_position = 0;
            continue;
        }
        size_t wanted = lane_wants(lane, (size_t)deliver->queued_bytes, CLAIM_SLICE);
        bool planned = false;
        for (size_t i = 0; i < round->count; i++)
            planned |= round->claims[i].lane == lane;
        if (wanted == 0 || planned)
            continue;
        events += wanted;
        round->claims[round->count++] = (struct claim){
            .job = {.run = run_claim, .done = claimed, .patient = true}, .round = round, .lane = lane,
            .wakes = lane->wakes, .now = clock_now_ms(), .limit = wanted};
    }
}

/* False when the store did not take them. */
static bool make_claims(struct deliver *deliver, struct round *round)
{
    for (size_t i = 0; i + 1 < round->count; i++)
        round->claims[i].job.next = &round->claims[i + 1].job;
    round->open = round->count;
    if (!store_submit(deliver->store, &round->claims[0].job, NULL))
        return false;
    pthread_mutex_lock(&round->lock);
    while (round->open > 0)
        pthread_cond_wait(&round->closed, &round->lock);
    pthread_mutex_unlock(&round->lock);
    return true;
}

/* ---- queueing ---- */

/*
 * The payload of an event, or once more the one before if it is of the same request. NULL when it cannot be read
 * now, with *last NULL, too.
 */
static struct payload *read_payload(struct deliver *deliver, const struct event *event, struct payload **last)
{
    struct arena arena = {0};
    struct request request;
    struct error error = {0};
    /* What a transformation made is of one event only. */
    if (*last == NULL || (*last)->request.id != event->request_id || (*last)->execution_id != event->execution_id) {
        payload_release(*last);
        *last = NULL;
        if (store_read_event_data(deliver->reader, &arena, event, &request, &error))
            *last = payload_create(&request, event->execution_id);
        else if (error.code == ERROR_NOT_FOUND)
            *last = payload_create_missing(event);
        else
            log_warn("an event cannot be delivered now: %s", error.message);
    }
    arena_free(&arena);
    return *last ? payload_reference(*last) : NULL;
}

/* Takes over the payload if there is room. */
static bool queue_one(struct deliver *deliver, struct lane *lane, const struct event *event, struct payload *payload)
{
    pthread_mutex_lock(&deliver->lock);
    bool fits = lane_may_hold(lane, payload->bytes, (size_t)deliver->queued_bytes);
    if (!fits) {
        lane_lacks(lane, payload->bytes);
    } else if (!deliver->stopping) {
        lane->bytes += payload->bytes;
        deliver->queued_bytes += (int64_t)payload->bytes;
        lane_append(lane, event, payload);
        engine_list(deliver, lane);
    }
    fits = fits && !deliver->stopping;
    pthread_mutex_unlock(&deliver->lock);
    if (!fits)
        payload_release(payload);
    return fits;
}

/* Queues as many of the claimed events as there is room for and gives the others back. Returns how many. */
static size_t queue_claimed(struct deliver *deliver, const struct claim *claim)
{
    struct payload *last = NULL, *payload;
    size_t queued = 0;
    while (queued < claim->count && (payload = read_payload(deliver, &claim->events[queued], &last)) != NULL &&
           queue_one(deliver, claim->lane, &claim->events[queued], payload))
        queued++;
    payload_release(last);
    for (size_t i = queued; i < claim->count; i++)
        store_release(deliver->store, &claim->events[i].id, 1);
    return queued;
}

/* True when the claim brought something or showed that there is nothing. */
static bool finish_claim(struct deliver *deliver, struct claim *claim)
{
    struct lane *lane = claim->lane;
    if (claim->failed)
        return false;
    size_t queued = queue_claimed(deliver, claim);
    pthread_mutex_lock(&deliver->lock);
    bool woken = lane->wakes != claim->wakes; /* there may be what the claim did not see */
    if (queued == claim->count && !woken)
        lane->behind = claim->next_due_at != 0 && claim->next_due_at <= claim->now;
    if (claim->next_due_at > claim->now)
        engine_due(deliver, lane, claim->next_due_at);
    bool progress = queued > 0 || woken || !lane->behind;
    pthread_mutex_unlock(&deliver->lock);
    return progress;
}

/* One round over the lanes. False when it brought nothing. */
static bool feed(struct deliver *deliver, struct round *round)
{
    bool progress = false;
    if (round->count == 0 || !make_claims(deliver, round))
        return false;
    /* One look at the store for all payloads: the claims were committed before. */
    bool reading = store_reader_begin(deliver->reader, NULL);
    for (size_t i = 0; i < round->count; i++) {
        progress |= finish_claim(deliver, &round->claims[i]);
        arena_free(&round->claims[i].arena);
    }
    if (reading)
        store_reader_end(deliver->reader);
    return progress;
}

/* ---- the thread ---- */

/* The lock is held. */
static void nap(struct deliver *deliver, int64_t wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + wait_ms % 1000 * 1000000;
    until.tv_sec += wait_ms / 1000 + nanoseconds / 1000000000;
    until.tv_nsec = nanoseconds % 1000000000;
    while (!deliver->feed_asked && !deliver->stopping &&
           pthread_cond_timedwait(&deliver->feed, &deliver->lock, &until) == 0)
        ;
}

/* Lanes whose moment has come are behind. Returns ms until the next one, at most NAP_MS. The lock is held. */
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

void *feeder_run(void *argument)
{
    struct deliver *deliver = argument;
    struct round *round = NEW(struct round);
    pthread_mutex_init(&round->lock, NULL);
    pthread_cond_init(&round->closed, NULL);
    pthread_mutex_lock(&deliver->lock);
    while (!deliver->stopping) {
        int64_t wait = take_wakes(deliver);
        deliver->feed_asked = false;
        bool writable = store_is_writable(deliver->store);
        plan_round(deliver, round);
        pthread_mutex_unlock(&deliver->lock);
        settle_again(deliver);
        bool progress = writable && feed(deliver, round);
        pthread_mutex_lock(&deliver->lock);
        if (!progress)
            nap(deliver, round->count > 0 ? NAP_MS : wait);
    }
    pthread_mutex_unlock(&deliver->lock);
    pthread_cond_destroy(&round->closed);
    pthread_mutex_destroy(&round->lock);
    free(round);
    return NULL;
}
