/* Whose turn it is: outlets in a ring, in each of them its lanes in a ring. */
#include "base/clock.h"
#include "base/limits.h"
#include "deliver/engine.h"

enum { TURN = 8 /* deliveries begun before the loop looks at the replies: a burst for one destination delays no other */ };

static bool may_dispatch(struct deliver *deliver)
{
    if (deliver->stopping)
        return false;
    deliver->blocked = deliver->unrecorded >= limits.unrecorded_outcomes || !store_is_writable(deliver->store);
    return !deliver->blocked;
}

/* The first of the ring. */
static void unlist_outlet(struct deliver *deliver)
{
    struct outlet *outlet = deliver->ring->next_listed;
    outlet->listed = false;
    deliver->ring->next_listed = outlet->next_listed;
    if (outlet == deliver->ring)
        deliver->ring = NULL;
    outlet->next_listed = NULL;
}

static void unlist_lane(struct outlet *outlet)
{
    struct lane *lane = outlet->ring->next_listed;
    lane->listed = false;
    outlet->ring->next_listed = lane->next_listed;
    if (lane == outlet->ring)
        outlet->ring = NULL;
    lane->next_listed = NULL;
}

/* Whose moment has come takes part again. */
static void end_rests(struct deliver *deliver, int64_t now_us)
{
    struct heap_node *node;
    while ((node = heap_first(&deliver->rests)) != NULL && node->moment <= now_us) {
        heap_remove(&deliver->rests, node);
        engine_list_outlet(deliver, (struct outlet *)(void *)((char *)node - offsetof(struct outlet, rest)));
    }
    while ((node = heap_first(&deliver->lane_rests)) != NULL && node->moment <= now_us) {
        heap_remove(&deliver->lane_rests, node);
        engine_list(deliver, (struct lane *)(void *)((char *)node - offsetof(struct lane, rest)));
    }
}

/* The lane of the outlet whose turn it is; NULL when none may start one. Those that cannot soon leave the ring. */
static struct lane *next_lane(struct deliver *deliver, struct outlet *outlet, int64_t now_us)
{
    struct lane *first_blocked = NULL;
    while (outlet->ring != NULL) {
        struct lane *lane = outlet->ring->next_listed;
        int64_t at;
        if (lane == first_blocked)
            return NULL;
        if (lane->queued == 0 || lane_is_blocked(lane)) {
            unlist_lane(outlet);
            continue;
        }
        if ((at = pace_next_at(&lane->pace, now_us)) > now_us) {
            unlist_lane(outlet);
            heap_put(&deliver->lane_rests, &lane->rest, at);
            continue;
        }
        outlet->ring = lane;
        if (lane_may_start(lane))
            return lane;
        if (first_blocked == NULL)
            first_blocked = lane;
    }
    return NULL;
}

/* Has what itself may have: the end of one of its deliveries brings it back. */
static bool is_full(const struct outlet *outlet)
{
    const struct rate *rate = &outlet->pace.rate;
    return outlet->running >= limits.destination_deliveries || breaker_is_full(&outlet->breaker, outlet->running) ||
           (rate->limit > 0 && rate->period == PERIOD_CONCURRENT && outlet->running >= rate->limit);
}

static struct queued *begin(struct deliver *deliver, struct lane *lane, int64_t now_us)
{
    struct queued *queued = lane_take(lane);
    lane->running++;
    lane->outlet->running++;
    deliver->running++;
    pace_begin(&lane->outlet->pace, &queued->of_outlet, now_us);
    pace_begin(&lane->pace, &queued->of_lane, now_us);
    queued->probe = breaker_begin(&lane->outlet->breaker);
    return queued;
}

static int64_t next_at(struct outlet *outlet, int64_t now_us)
{
    int64_t by_pace = pace_next_at(&outlet->pace, now_us), by_breaker = breaker_next_at(&outlet->breaker, now_us);
    return by_pace > by_breaker ? by_pace : by_breaker;
}

/* The next event of whose turn it is, with its slot taken; NULL when nobody may start one. */
static struct queued *next_event(struct deliver *deliver, struct lane **from, int64_t now_us)
{
    struct outlet *first_blocked = NULL;
    while (deliver->ring != NULL) {
        struct outlet *outlet = deliver->ring->next_listed;
        int64_t at;
        if (outlet == first_blocked)
            return NULL;
        if (outlet->ring == NULL || is_full(outlet)) {
            unlist_outlet(deliver);
            continue;
        }
        if ((at = next_at(outlet, now_us)) > now_us) {
            unlist_outlet(deliver);
            heap_put(&deliver->rests, &outlet->rest, at);
            continue;
        }
        deliver->ring = outlet;
        if (outlet_may_start(outlet, deliver->running) && (*from = next_lane(deliver, outlet, now_us)) != NULL)
            return begin(deliver, *from, now_us);
        if (first_blocked == NULL)
            first_blocked = outlet;
    }
    return NULL;
}

/* Rounded up: a moment early would be no use. */
static int64_t rest_ms(const struct heap *rests, int64_t now_us, int64_t most)
{
    const struct heap_node *node = heap_first(rests);
    int64_t wait = node != NULL ? (node->moment - now_us + 999) / 1000 : most;
    return wait < 1 ? 1 : wait < most ? wait : most;
}

int64_t engine_dispatch(struct deliver *deliver, int64_t nap_ms)
{
    int64_t now_us = clock_monotonic_us();
    for (int begun = 0; begun < TURN; begun++) {
        struct lane *lane = NULL;
        pthread_mutex_lock(&deliver->lock);
        deliver->loop_awake = true;
        end_rests(deliver, now_us);
        struct queued *queued = may_dispatch(deliver) ? next_event(deliver, &lane, now_us) : NULL;
        if (queued != NULL) {
            engine_feed(deliver, lane);
        } else {
            deliver->loop_awake = false;
            nap_ms = rest_ms(&deliver->lane_rests, now_us, rest_ms(&deliver->rests, now_us, nap_ms));
        }
        pthread_mutex_unlock(&deliver->lock);
        if (queued == NULL)
            return nap_ms;
        courier_start(deliver, lane, queued);
    }
    return 0;
}
