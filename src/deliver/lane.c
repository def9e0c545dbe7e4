#include "deliver/lane.h"

#include "base/limits.h"
#include "base/memory.h"

void lane_append(struct lane *lane, const struct event *event, struct payload *payload)
{
    struct queued *queued = NEW(struct queued);
    queued->event = *event;
    queued->payload = payload;
    if (lane->last != NULL)
        lane->last->next = queued;
    else
        lane->first = queued;
    lane->last = queued;
    lane->queued++;
    lane->typical_bytes = (lane->typical_bytes * 7 + payload->bytes + 7) / 8;
}

struct queued *lane_take(struct lane *lane)
{
    struct queued *queued = lane->first;
    if (queued == NULL)
        return NULL;
    lane->first = queued->next;
    if (lane->first == NULL)
        lane->last = NULL;
    lane->queued--;
    queued->next = NULL;
    return queued;
}

struct queued *lane_remove(struct lane *lane, int64_t event_id, int64_t connection_id)
{
    struct queued *removed = NULL, **place = &lane->first;
    lane->last = NULL;
    while (*place != NULL) {
        struct queued *queued = *place;
        bool match = (event_id == 0 || queued->event.id == event_id) &&
                     (connection_id == 0 || queued->event.connection_id == connection_id);
        if (match) {
            *place = queued->next;
            queued->next = removed;
            removed = queued;
            lane->queued--;
        } else {
            lane->last = queued;
            place = &queued->next;
        }
    }
    return removed;
}

bool lane_may_start(const struct lane *lane, int64_t running_in_all)
{
    int64_t free_slots = limits.deliveries - running_in_all;
    if (free_slots <= 0 || lane->held)
        return false;
    int64_t share = free_slots / 2 > 1 ? free_slots / 2 : 1;
    return lane->running < limits.destination_deliveries && lane->running < share;
}

/* The bytes that the lane may hold beside those it has. */
static size_t bytes_left(const struct lane *lane, size_t bytes_in_all)
{
    size_t most = (size_t)limits.delivery_queue_bytes;
    size_t left = bytes_in_all < most ? most - bytes_in_all : 0;
    return lane->bytes < left ? left - lane->bytes : 0;
}

bool lane_may_hold(const struct lane *lane, size_t bytes, size_t bytes_in_all)
{
    if (lane->queued + lane->reserved >= (size_t)limits.delivery_queue)
        return false;
    return lane->bytes == 0 || bytes <= bytes_left(lane, bytes_in_all);
}

size_t lane_wants(const struct lane *lane, size_t bytes_in_all, size_t most)
{
    size_t held = lane->queued + lane->reserved, queue = (size_t)limits.delivery_queue;
    if (!lane->behind || held > queue / 2 || !lane_may_hold(lane, lane->typical_bytes, bytes_in_all))
        return 0;
    size_t wanted = queue - held;
    size_t fitting = lane->typical_bytes > 0 ? bytes_left(lane, bytes_in_all) / lane->typical_bytes : wanted;
    if (wanted > fitting)
        wanted = fitting > 0 ? fitting : 1;
    return wanted < most ? wanted : most;
}

void lane_lacks(struct lane *lane, size_t bytes)
{
    if (lane->typical_bytes < bytes)
        lane->typical_bytes = bytes;
}
