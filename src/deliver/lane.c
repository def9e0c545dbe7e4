#include "deliver/lane.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/memory.h"

#define LANE_OF(node) ((struct lane *)(void *)((char *)(node) - offsetof(struct lane, wake)))

struct lane *lanes_get(struct lanes *lanes, int64_t destination_id)
{
    struct lane *lane = hash_map_get(&lanes->map, destination_id);
    if (lane == NULL) {
        lane = NEW(struct lane);
        lane->destination_id = destination_id;
        hash_map_put(&lanes->map, destination_id, lane);
    }
    return lane;
}

void lanes_free(struct lanes *lanes)
{
    size_t position = 0;
    struct lane *lane;
    while ((lane = hash_map_next(&lanes->map, &position)) != NULL)
        free(lane);
    hash_map_free(&lanes->map);
    heap_free(&lanes->wakes);
}

/* ---- places ---- */

static size_t free_bytes(const struct lanes *lanes)
{
    size_t most = (size_t)limits.delivery_queue_bytes;
    return lanes->bytes < most ? most - lanes->bytes : 0;
}

bool lane_has_room(const struct lanes *lanes, const struct lane *lane, size_t bytes)
{
    return lane->bytes == 0 || lane->bytes + bytes <= free_bytes(lanes);
}

void lane_take_place(struct lanes *lanes, struct lane *lane, size_t bytes)
{
    lane->held++;
    lanes->held++;
    lane->bytes += bytes;
    lanes->bytes += bytes;
}

void lane_give_place(struct lanes *lanes, struct lane *lane, size_t bytes)
{
    lane->held--;
    lanes->held--;
    lane->bytes -= bytes;
    lanes->bytes -= bytes;
    lane_check_hunger(lanes, lane);
}

bool lane_reserve(struct lanes *lanes, struct lane *lane, size_t bytes)
{
    if (lane->behind || lane->held >= (size_t)limits.delivery_queue ||
        lane->bytes + bytes > free_bytes(lanes))
        return false;
    lane_take_place(lanes, lane, bytes);
    return true;
}

/* ---- the queue ---- */

static void make_ready(struct lanes *lanes, struct lane *lane)
{
    if (lane->ready || lane->first == NULL)
        return;
    lane->ready = true;
    lane->next_ready = NULL;
    if (lanes->ready.last != NULL)
        lanes->ready.last->next_ready = lane;
    else
        lanes->ready.first = lane;
    lanes->ready.last = lane;
}

static struct lane *take_ready(struct lanes *lanes)
{
    struct lane *lane = lanes->ready.first;
    lanes->ready.first = lane->next_ready;
    if (lanes->ready.first == NULL)
        lanes->ready.last = NULL;
    lane->ready = false;
    return lane;
}

void lane_append(struct lanes *lanes, struct lane *lane, struct lane_item *item)
{
    item->next = NULL;
    if (lane->last != NULL)
        lane->last->next = item;
    else
        lane->first = item;
    lane->last = item;
    make_ready(lanes, lane);
}

static struct lane_item *take_first(struct lane *lane)
{
    struct lane_item *item = lane->first;
    lane->first = item->next;
    if (lane->first == NULL)
        lane->last = NULL;
    return item;
}

static bool may_start(const struct lanes *lanes, const struct lane *lane)
{
    size_t most = (size_t)limits.deliveries;
    size_t left = lanes->running < most ? most - lanes->running : 0;
    size_t share = left / 2 > 1 ? left / 2 : 1;
    return left > 0 && lane->running < (size_t)limits.destination_deliveries && lane->running < share;
}

struct lane_item *lanes_start_next(struct lanes *lanes, struct lane **lane)
{
    struct lane *stop = NULL; /* the first that may not: back at it, a whole round was in vain */
    while (lanes->ready.first != NULL && lanes->ready.first != stop) {
        struct lane *next = take_ready(lanes);
        if (next->first == NULL)
            continue;
        if (!may_start(lanes, next)) {
            make_ready(lanes, next);
            stop = stop != NULL ? stop : next;
            continue;
        }
        struct lane_item *item = take_first(next);
        next->running++;
        lanes->running++;
        next->held--;
        lanes->held--;
        make_ready(lanes, next);
        lane_check_hunger(lanes, next);
        *lane = next;
        return item;
    }
    return NULL;
}

void lane_finished(struct lanes *lanes, struct lane *lane, size_t bytes)
{
    lane->running--;
    lanes->running--;
    lane->bytes -= bytes;
    lanes->bytes -= bytes;
    lane_check_hunger(lanes, lane);
}

static size_t bytes_of(const struct lane_item *item)
{
    return item->payload != NULL ? item->payload->bytes : 0;
}

static struct lane_item *remove_from(struct lane *lane, int64_t event_id)
{
    struct lane_item *before = NULL;
    for (struct lane_item *item = lane->first; item != NULL; before = item, item = item->next) {
        if (item->event.id != event_id)
            continue;
        if (before != NULL)
            before->next = item->next;
        else
            lane->first = item->next;
        if (lane->last == item)
            lane->last = before;
        return item;
    }
    return NULL;
}

struct lane_item *lanes_remove(struct lanes *lanes, int64_t event_id)
{
    size_t position = 0;
    struct lane *lane;
    struct lane_item *item = NULL;
    while (item == NULL && (lane = hash_map_next(&lanes->map, &position)) != NULL) {
        item = remove_from(lane, event_id);
        if (item != NULL)
            lane_give_place(lanes, lane, bytes_of(item));
    }
    return item;
}

struct lane_item *lanes_remove_any(struct lanes *lanes)
{
    while (lanes->ready.first != NULL) {
        struct lane *lane = take_ready(lanes);
        if (lane->first == NULL)
            continue;
        struct lane_item *item = take_first(lane);
        make_ready(lanes, lane);
        lane_give_place(lanes, lane, bytes_of(item));
        return item;
    }
    return NULL;
}

/* ---- what waits in the store ---- */

void lane_check_hunger(struct lanes *lanes, struct lane *lane)
{
    if (!lane->behind || lane->hungry || lane->held * 2 >= (size_t)limits.delivery_queue)
        return;
    lane->hungry = true;
    lane->next_hungry = NULL;
    if (lanes->hungry.last != NULL)
        lanes->hungry.last->next_hungry = lane;
    else
        lanes->hungry.first = lane;
    lanes->hungry.last = lane;
}

struct lane *lanes_next_hungry(struct lanes *lanes)
{
    struct lane *before = NULL;
    for (struct lane *lane = lanes->hungry.first; lane != NULL; before = lane, lane = lane->next_hungry) {
        if (lane->bytes * 2 > free_bytes(lanes))
            continue;
        if (before != NULL)
            before->next_hungry = lane->next_hungry;
        else
            lanes->hungry.first = lane->next_hungry;
        if (lanes->hungry.last == lane)
            lanes->hungry.last = before;
        lane->hungry = false;
        return lane;
    }
    return NULL;
}

void lane_wake_at(struct lanes *lanes, struct lane *lane, int64_t due_at, int64_t now)
{
    if (due_at <= now) {
        lane->behind = true;
        lane_check_hunger(lanes, lane);
    } else if (lane->wake.place == 0 || lane->wake.moment > due_at) {
        heap_put(&lanes->wakes, &lane->wake, due_at);
    }
}

void lanes_wake_due(struct lanes *lanes, int64_t now)
{
    struct heap_node *node;
    while ((node = heap_first(&lanes->wakes)) != NULL && node->moment <= now) {
        struct lane *lane = LANE_OF(node);
        heap_remove(&lanes->wakes, node);
        lane->behind = true;
        lane_check_hunger(lanes, lane);
    }
}
