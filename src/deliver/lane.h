/*
 * lane.h - one destination's queue in memory and what is known of the rest of it in the store.
 *
 * All lanes are guarded by one lock, the engine's.
 */
#pragma once

#include "base/heap.h"
#include "deliver/deliver.h"

struct queued {
    struct event event;
    struct payload *payload;
    struct queued *next;
};

struct lane {
    int64_t destination_id;
    struct queued *first, *last;
    size_t queued, reserved; /* in the queue; promised to ingest */
    size_t bytes;            /* of both, and of what is being delivered */
    size_t typical_bytes;    /* of a payload, as they were lately: what a claim reckons with */
    int64_t running;
    bool behind;             /* the store may hold due events that nobody has */
    uint64_t wakes;          /* counts deliver_wake, to see one that came during a claim */
    struct heap_node wake;   /* wall-clock ms of the next due event in the store */
    bool held;               /* its deliveries wait for a token: none is begun */
    bool listed;             /* in the engine's ring of lanes with something to send */
    struct lane *next_listed;
};

void lane_append(struct lane *lane, const struct event *event, struct payload *payload);
/* The oldest one, which the caller now owns; NULL when empty. */
struct queued *lane_take(struct lane *lane);
/* Takes out those that match and returns them as a list. event_id or connection_id 0: any. */
struct queued *lane_remove(struct lane *lane, int64_t event_id, int64_t connection_id);

/*
 * The fair shares. A lane may take another slot while it leaves at least half of what is free; it may hold further
 * payloads while it holds no more than is still free. Every lane may always have one.
 */
bool lane_may_start(const struct lane *lane, int64_t running_in_all);
bool lane_may_hold(const struct lane *lane, size_t bytes, size_t bytes_in_all);

/*
 * How many events a claim should bring: 0 unless the lane is behind, at least half empty, and has room for a typical
 * payload. At most `most`.
 */
size_t lane_wants(const struct lane *lane, size_t bytes_in_all, size_t most);
/* A payload of this size had no room: until it has, the lane wants nothing. */
void lane_lacks(struct lane *lane, size_t bytes);
