/* Outlets and their lanes: which there are, and who waits for what. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"
#include "deliver/engine.h"

/* ---- the loop and the feeder ---- */

void engine_wake(struct deliver *deliver)
{
    if (!deliver->loop_awake) {
        deliver->loop_awake = true;
        http_client_wake(deliver->client);
    }
}

void engine_ask_feeder(struct deliver *deliver)
{
    if (!deliver->feed_asked) {
        deliver->feed_asked = true;
        pthread_cond_signal(&deliver->feed);
    }
}

void engine_feed(struct deliver *deliver, struct lane *lane)
{
    if (lane->behind && lane_wants(lane, (size_t)deliver->queued_bytes, 1) > 0)
        engine_ask_feeder(deliver);
}

/* ---- something to send ---- */

void engine_list_outlet(struct deliver *deliver, struct outlet *outlet)
{
    if (outlet->ring == NULL)
        return;
    if (!outlet->listed && outlet->rest.place == 0) {
        outlet->listed = true;
        if (deliver->ring == NULL) {
            outlet->next_listed = outlet;
        } else {
            outlet->next_listed = deliver->ring->next_listed;
            deliver->ring->next_listed = outlet;
        }
        deliver->ring = outlet;
    }
}

void engine_list(struct deliver *deliver, struct lane *lane)
{
    struct outlet *outlet = lane->outlet;
    if (!lane->listed && lane->rest.place == 0 && lane->queued > 0 && !lane_is_blocked(lane)) {
        lane->listed = true;
        if (outlet->ring == NULL) {
            lane->next_listed = lane;
        } else {
            lane->next_listed = outlet->ring->next_listed;
            outlet->ring->next_listed = lane;
        }
        outlet->ring = lane;
    }
    engine_list_outlet(deliver, outlet);
    engine_wake(deliver);
}

void engine_drop(struct deliver *deliver, struct lane *lane, struct queued *removed)
{
    while (removed != NULL) {
        struct queued *next = removed->next;
        lane->bytes -= removed->payload->bytes;
        lane->outlet->bytes -= removed->payload->bytes;
        deliver->queued_bytes -= (int64_t)removed->payload->bytes;
        store_release(deliver->store, &removed->event.id, 1);
        payload_release(removed->payload);
        free(removed);
        removed = next;
    }
}

/* ---- something due in the store ---- */

static void set_behind(struct deliver *deliver, struct lane *lane)
{
    lane->behind = true;
    lane->held = false;
    if (lane->in_behind)
        return;
    lane->in_behind = true;
    if (deliver->behind == NULL) {
        lane->next_behind = lane;
    } else {
        lane->next_behind = deliver->behind->next_behind;
        deliver->behind->next_behind = lane;
    }
    deliver->behind = lane;
    deliver->behind_count++;
}

void engine_due(struct deliver *deliver, struct lane *lane, int64_t due_at)
{
    lane->wakes++;
    if (due_at <= clock_now_ms()) {
        if (!lane->behind || lane->held)
            engine_ask_feeder(deliver);
        set_behind(deliver, lane);
    } else if (lane->wake.place == 0 || due_at < lane->wake.moment) {
        heap_put(&deliver->wakes, &lane->wake, due_at);
        if (heap_first(&deliver->wakes) == &lane->wake)
            engine_ask_feeder(deliver);
    }
}

void engine_strangers(struct deliver *deliver, struct outlet *outlet, int64_t due_at)
{
    outlet->calls++;
    if (due_at > clock_now_ms()) {
        if (outlet->stranger_wake.place == 0 || due_at < outlet->stranger_wake.moment)
            heap_put(&deliver->stranger_wakes, &outlet->stranger_wake, due_at);
    } else if (!outlet->strangers) {
        outlet->strangers = true;
        outlet->next_strange = NULL;
        if (deliver->strange == NULL)
            deliver->strange = outlet;
        else
            deliver->last_strange->next_strange = outlet;
        deliver->last_strange = outlet;
    }
    engine_ask_feeder(deliver);
}

void engine_due_all(struct deliver *deliver, struct outlet *outlet)
{
    size_t position = 0;
    struct lane *lane;
    int64_t now = clock_now_ms();
    while ((lane = engine_next_lane(outlet, &position)) != NULL)
        engine_due(deliver, lane, now);
    engine_strangers(deliver, outlet, now);
}

/* ---- lanes ---- */

struct lane *engine_next_lane(struct outlet *outlet, size_t *position)
{
    if (*position == 0) {
        *position = 1;
        return &outlet->plain;
    }
    size_t place = *position - 1;
    struct lane *lane = hash_map_next(&outlet->lanes, &place);
    *position = place + 1;
    return lane;
}

struct lane *engine_find_lane(struct outlet *outlet, int64_t key)
{
    return key == 0 ? &outlet->plain : hash_map_get(&outlet->lanes, key);
}

static void set_lane_pace(struct lane *lane, int64_t now_us)
{
    const struct catalog_destination *destination = lane->outlet->destination;
    struct rate rate = {0};
    if (destination != NULL && destination->settings.policy.group_key.size > 0 && lane->key != 0)
        rate = delivery_policy_group_rate(&destination->settings.policy, lane->key);
    pace_set(&lane->pace, rate, now_us);
}

/* What was delivered before the start is not known of destinations that were there. */
static int64_t unknown_us(const struct deliver *deliver, const struct outlet *outlet)
{
    const struct catalog_destination *destination = outlet->destination;
    return destination != NULL && destination->record.created_at < deliver->began_at ? deliver->began_us : 0;
}

/* `before` stands before it in the ring. */
static void free_lane(struct deliver *deliver, struct lane *before, struct lane *lane)
{
    if (lane->wake.place != 0) {
        engine_strangers(deliver, lane->outlet, lane->wake.moment);
        heap_remove(&deliver->wakes, &lane->wake);
    }
    heap_remove(&deliver->lane_rests, &lane->rest);
    before->next_lane = lane->next_lane;
    deliver->keyed = lane == before ? NULL : before;
    deliver->keyed_count--;
    hash_map_remove(&lane->outlet->lanes, lane->key);
    pace_free(&lane->pace);
    free(lane);
}

static bool is_idle(struct lane *lane, int64_t now_us)
{
    return lane->queued == 0 && lane->reserved == 0 && lane->running == 0 && lane->unrecorded == 0 &&
           lane->claims == 0 && !lane->listed && !lane->in_behind && pace_is_idle(&lane->pace, now_us);
}

/* Looks at some lanes, from where it looked last. */
static bool make_room(struct deliver *deliver)
{
    enum { LOOKS = 64 };
    int64_t now_us = clock_monotonic_us();
    for (int looks = 0; looks < LOOKS && deliver->keyed_count >= limits.delivery_lanes; looks++) {
        struct lane *before = deliver->keyed, *lane = before->next_lane;
        if (is_idle(lane, now_us))
            free_lane(deliver, before, lane);
        else
            deliver->keyed = lane;
    }
    deliver->crowded = deliver->keyed_count >= limits.delivery_lanes;
    return !deliver->crowded;
}

bool engine_give_up(struct deliver *deliver, struct lane *lane)
{
    if (lane->key == 0 || !is_idle(lane, clock_monotonic_us()))
        return false;
    struct lane *before = deliver->keyed;
    while (before->next_lane != lane)
        before = before->next_lane;
    engine_strangers(deliver, lane->outlet, clock_now_ms());
    free_lane(deliver, before, lane);
    return true;
}

static struct lane *make_lane(struct deliver *deliver, struct outlet *outlet, int64_t key)
{
    struct lane *lane = NEW(struct lane);
    lane->outlet = outlet;
    lane->key = key;
    lane->pace.unknown_us = unknown_us(deliver, outlet);
    set_lane_pace(lane, clock_monotonic_us());
    hash_map_put(&outlet->lanes, key, lane);
    if (deliver->keyed == NULL) {
        lane->next_lane = lane;
    } else {
        lane->next_lane = deliver->keyed->next_lane;
        deliver->keyed->next_lane = lane;
    }
    deliver->keyed = lane;
    deliver->keyed_count++;
    if (outlet->ordered || outlet->strangers)
        engine_due(deliver, lane, clock_now_ms()); /* the store knows whether something comes before */
    return lane;
}

struct lane *engine_lane(struct deliver *deliver, struct outlet *outlet, int64_t key)
{
    struct lane *lane = engine_find_lane(outlet, key);
    if (lane == NULL && (deliver->keyed_count < limits.delivery_lanes || make_room(deliver)))
        lane = make_lane(deliver, outlet, key);
    return lane;
}

/* ---- outlets ---- */

void engine_configure(struct deliver *deliver, struct outlet *outlet, struct catalog_destination *destination)
{
    static const struct delivery_policy none;
    const struct delivery_policy *policy = destination != NULL ? &destination->settings.policy : &none;
    bool was_ordered = outlet->ordered;
    size_t position = 0;
    struct lane *lane;
    int64_t now_us = clock_monotonic_us();
    catalog_destination_release(outlet->destination);
    outlet->destination = destination;
    outlet->ordered = policy->order != ORDER_NONE;
    outlet->keyed = outlet->ordered || policy->group_key.size > 0;
    pace_set(&outlet->pace, policy->rate, now_us);
    outage_configure(outlet, now_us);
    heap_remove(&deliver->rests, &outlet->rest);
    while ((lane = engine_next_lane(outlet, &position)) != NULL) {
        set_lane_pace(lane, now_us);
        heap_remove(&deliver->lane_rests, &lane->rest);
        if (was_ordered != outlet->ordered) {
            lane_comes_again(lane, 0);
            engine_drop(deliver, lane, lane_remove(lane, 0, 0));
            engine_due(deliver, lane, clock_now_ms());
        }
        engine_list(deliver, lane);
    }
}

struct outlet *engine_outlet(struct deliver *deliver, int64_t destination_id)
{
    struct outlet *outlet = hash_map_get(&deliver->outlets, destination_id);
    if (outlet == NULL) {
        outlet = NEW(struct outlet);
        outlet->destination_id = destination_id;
        outlet->plain.outlet = outlet;
        hash_map_put(&deliver->outlets, destination_id, outlet);
        outlet->destination = catalog_find_destination(deliver->catalog, destination_id);
        outlet->pace.unknown_us = unknown_us(deliver, outlet);
        struct catalog_destination *destination = outlet->destination;
        outlet->destination = NULL;
        engine_configure(deliver, outlet, destination);
    }
    return outlet;
}

void engine_free_outlets(struct deliver *deliver)
{
    size_t outlet_position = 0;
    struct outlet *outlet;
    while ((outlet = hash_map_next(&deliver->outlets, &outlet_position)) != NULL) {
        size_t position = 0;
        struct lane *lane;
        while ((lane = engine_next_lane(outlet, &position)) != NULL) {
            engine_drop(deliver, lane, lane_remove(lane, 0, 0));
            pace_free(&lane->pace);
            if (lane != &outlet->plain)
                free(lane);
        }
        hash_map_free(&outlet->lanes);
        pace_free(&outlet->pace);
        catalog_destination_release(outlet->destination);
        free(outlet);
    }
    hash_map_free(&deliver->outlets);
    heap_free(&deliver->rests);
    heap_free(&deliver->lane_rests);
    heap_free(&deliver->wakes);
    heap_free(&deliver->stranger_wakes);
}
