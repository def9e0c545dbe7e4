#include "deliver/lane.h"

#include "base/limits.h"
#include "base/memory.h"

bool lane_is_ordered(const struct lane *lane)
{
    return lane->outlet->ordered && lane->key != 0;
}

/* ---- the queue ---- */

static bool comes_before(const struct lane *lane, const struct event *a, const struct event *b)
{
    if (lane_is_ordered(lane) || a->due_at == b->due_at)
        return a->id < b->id;
    return a->due_at < b->due_at;
}

/* Nearly always at the end. */
static void insert(struct lane *lane, struct queued *queued)
{
    struct queued **place = &lane->first;
    if (lane->last != NULL && !comes_before(lane, &queued->event, &lane->last->event))
        place = &lane->last->next;
    else
        while (*place != NULL && !comes_before(lane, &queued->event, &(*place)->event))
            place = &(*place)->next;
    queued->next = *place;
    *place = queued;
    if (queued->next == NULL)
        lane->last = queued;
}

void lane_append(struct lane *lane, const struct event *event, struct payload *payload)
{
    struct queued *queued = NEW(struct queued);
    queued->event = *event;
    queued->event.delivery_group = TEXT_NONE;
    queued->payload = payload;
    insert(lane, queued);
    lane->queued++;
    lane->outlet->held++;
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
    lane->outlet->held--;
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
            lane->outlet->held--;
        } else {
            lane->last = queued;
            place = &queued->next;
        }
    }
    return removed;
}

/* ---- slots ---- */

static bool leaves_half(int64_t running, int64_t free_slots)
{
    int64_t share = free_slots / 2 > 1 ? free_slots / 2 : 1;
    return free_slots > 0 && running < share;
}

bool outlet_may_start(const struct outlet *outlet, int64_t running_in_all)
{
    return !outlet->waits && outlet->running < limits.destination_deliveries &&
           leaves_half(outlet->running, limits.deliveries - running_in_all);
}

bool lane_is_blocked(const struct lane *lane)
{
    return lane_is_ordered(lane) && (lane->running > 0 || lane->unrecorded > 0);
}

bool lane_may_start(const struct lane *lane)
{
    if (lane_is_blocked(lane))
        return false;
    return !lane->outlet->keyed || leaves_half(lane->running, limits.destination_deliveries - lane->outlet->running);
}

/* ---- memory ---- */

/* The bytes that the outlet may hold beside those it has. */
static size_t bytes_left(const struct outlet *outlet, size_t bytes_in_all)
{
    size_t most = (size_t)limits.delivery_queue_bytes;
    size_t left = bytes_in_all < most ? most - bytes_in_all : 0;
    return outlet->bytes < left ? left - outlet->bytes : 0;
}

/* The same of a lane, which leaves as much to the others of its outlet as it takes. */
static size_t lane_bytes_left(const struct lane *lane, size_t bytes_in_all)
{
    size_t left = bytes_left(lane->outlet, bytes_in_all);
    if (!lane->outlet->keyed || lane->bytes == 0)
        return left;
    return lane->bytes < left ? left - lane->bytes : 0;
}

static size_t places_left(const struct lane *lane)
{
    size_t queue = (size_t)limits.delivery_queue, held = lane->queued + lane->reserved;
    size_t left = lane->outlet->held < queue ? queue - lane->outlet->held : 0;
    if (!lane->outlet->keyed)
        return left;
    return held < left ? (left - held + 1) / 2 : 0;
}

bool lane_may_hold(const struct lane *lane, size_t bytes, size_t bytes_in_all)
{
    if (places_left(lane) == 0)
        return false;
    return lane->outlet->bytes == 0 || bytes <= lane_bytes_left(lane, bytes_in_all);
}

void lane_comes_again(struct lane *lane, int64_t event_id)
{
    if (event_id < lane->first_again)
        lane->first_again = event_id;
}

bool lane_is_open(const struct lane *lane)
{
    if (lane_is_ordered(lane) && (lane->held || lane->wake.place != 0))
        return false;
    return !lane->behind;
}

size_t lane_wants(const struct lane *lane, size_t bytes_in_all, size_t most)
{
    size_t held = lane->queued + lane->reserved, places = places_left(lane);
    bool at_rest = held == 0 && !lane_is_blocked(lane) && !lane->held;
    if (!lane->behind || lane->claims > 0 || held > places || (lane_is_ordered(lane) && !at_rest) ||
        !lane_may_hold(lane, lane->typical_bytes, bytes_in_all))
        return 0;
    size_t wanted = places;
    size_t fitting = lane->typical_bytes > 0 ? lane_bytes_left(lane, bytes_in_all) / lane->typical_bytes : wanted;
    if (wanted > fitting)
        wanted = fitting > 0 ? fitting : 1;
    return wanted < most ? wanted : most;
}

void lane_lacks(struct lane *lane, size_t bytes)
{
    if (lane->typical_bytes < bytes)
        lane->typical_bytes = bytes;
}
