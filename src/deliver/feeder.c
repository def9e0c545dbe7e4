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
    struct store_lane of;
    int64_t now;
    size_t limit;
    struct arena arena;
    struct store_claimed claimed;
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
    return store_claim(transaction, &claim->of, claim->now, claim->limit, &claim->arena, &claim->claimed, error);
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

/* The first of the ring, which is not behind any more. */
static void leave_ring(struct deliver *deliver)
{
    struct lane *lane = deliver->behind->next_behind;
    lane->in_behind = false;
    deliver->behind->next_behind = lane->next_behind;
    if (lane == deliver->behind)
        deliver->behind = NULL;
    lane->next_behind = NULL;
    deliver->behind_count--;
}

static void plan_claim(struct round *round, struct lane *lane, size_t wanted)
{
    lane->claims++;
    lane->first_again = INT64_MAX;
    lane->fed = true;
    round->claims[round->count++] = (struct claim){
        .job = {.run = run_claim, .done = claimed, .patient = true}, .round = round, .lane = lane,
        .wakes = lane->wakes, .of = {lane->outlet->destination_id, lane->key, lane_is_ordered(lane)},
        .now = clock_now_ms(), .limit = wanted};
}

/*
 * Writes down which lanes want how much, each of those that are behind in its turn. Where lanes are scarce, one that had
 * its turn gives way to a key that has none. The engine's lock is held.
 */
static void plan_round(struct deliver *deliver, struct round *round)
{
    size_t events = 0;
    round->count = 0;
    for (size_t left = deliver->behind_count; left > 0 && round->count < CLAIM_LANES && events < CLAIM_ROUND; left--) {
        struct lane *lane = deliver->behind->next_behind;
        bool had_turn = deliver->crowded && lane->fed;
        if (!lane->behind || had_turn) {
            leave_ring(deliver);
            if (!lane->behind || engine_give_up(deliver, lane))
                continue;
            engine_due(deliver, lane, 0);
        }
        deliver->behind = lane;
        size_t wanted = lane_wants(lane, (size_t)deliver->queued_bytes, CLAIM_SLICE);
        if (wanted > 0)
            plan_claim(round, lane, wanted);
        events += wanted;
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
    bool overtakes = lane_is_ordered(lane) && event->id > lane->first_again;
    bool fits = lane_may_hold(lane, payload->bytes, (size_t)deliver->queued_bytes) && !overtakes;
    if (!fits && !overtakes) {
        lane_lacks(lane, payload->bytes);
    } else if (fits && !deliver->stopping) {
        lane->bytes += payload->bytes;
        lane->outlet->bytes += payload->bytes;
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
    const struct store_claimed *claimed = &claim->claimed;
    while (queued < claimed->count && (payload = read_payload(deliver, &claimed->events[queued], &last)) != NULL &&
           queue_one(deliver, claim->lane, &claimed->events[queued], payload))
        queued++;
    payload_release(last);
    for (size_t i = queued; i < claimed->count; i++)
        store_release(deliver->store, &claimed->events[i].id, 1);
    return queued;
}

/* True when the claim brought something or showed that there is nothing. */
static bool finish_claim(struct deliver *deliver, struct claim *claim)
{
    struct lane *lane = claim->lane;
    const struct store_claimed *claimed = &claim->claimed;
    size_t queued = claim->failed ? 0 : queue_claimed(deliver, claim);
    pthread_mutex_lock(&deliver->lock);
    bool woken = lane->wakes != claim->wakes; /* there may be what the claim did not see */
    lane->claims--;
    if (!claim->failed && queued == claimed->count && !woken) {
        lane->behind = claimed->held || (claimed->next_due_at != 0 && claimed->next_due_at <= claim->now);
        lane->held = claimed->held;
    }
    if (!claim->failed && claimed->next_due_at > claim->now)
        engine_due(deliver, lane, claimed->next_due_at);
    bool progress = !claim->failed && (queued > 0 || woken || !lane->behind || lane->held);
    pthread_mutex_unlock(&deliver->lock);
    return progress;
}

static void forget_round(struct deliver *deliver, struct round *round)
{
    pthread_mutex_lock(&deliver->lock);
    for (size_t i = 0; i < round->count; i++)
        round->claims[i].lane->claims--;
    pthread_mutex_unlock(&deliver->lock);
}

/* One round over the lanes. False when it brought nothing. */
static bool feed(struct deliver *deliver, struct round *round)
{
    bool progress = false;
    if (round->count == 0)
        return false;
    if (!make_claims(deliver, round)) {
        forget_round(deliver, round);
        return false;
    }
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
    int64_t now = clock_now_ms(), wait = NAP_MS;
    while ((node = heap_first(&deliver->wakes)) != NULL && node->moment <= now) {
        heap_remove(&deliver->wakes, node);
        engine_due(deliver, (struct lane *)(void *)((char *)node - offsetof(struct lane, wake)), now);
    }
    if (node != NULL && node->moment - now < wait)
        wait = node->moment - now;
    while ((node = heap_first(&deliver->stranger_wakes)) != NULL && node->moment <= now) {
        heap_remove(&deliver->stranger_wakes, node);
        engine_strangers(deliver, (struct outlet *)(void *)((char *)node - offsetof(struct outlet, stranger_wake)), now);
    }
    return node != NULL && node->moment - now < wait ? node->moment - now : wait;
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
        round->count = 0;
        if (writable)
            plan_round(deliver, round);
        pthread_mutex_unlock(&deliver->lock);
        settle_again(deliver);
        bool progress = writable && feed(deliver, round);
        progress |= strangers_look(deliver);
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
