/*
 * lane.h - the queues of events in memory, one lane for each destination, and who may go next.
 *
 * A lane holds events that were reserved by ingest or claimed from the store. It may start a delivery while it leaves
 * as many free slots to the others as it uses (always at least one), and the same goes for payload bytes: a
 * dead destination fills its own share only. Lanes live as long as the set.
 *
 * A lane is `behind` when the store may hold due events of it that nobody has leased. It is `hungry` when it is behind
 * and less than half of its queue is in use: then the feeder claims for it.
 *
 * Not thread-safe: the engine's lock guards all of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash_map.h"
#include "base/heap.h"
#include "deliver/deliver.h"

struct lane_item {
    struct lane_item *next;
    struct event event;
    struct payload *payload; /* NULL: the request is gone from the store */
};

struct lane {
    int64_t destination_id;
    struct lane_item *first, *last;
    size_t held;    /* places taken: reserved or queued */
    size_t running;
    size_t bytes;   /* payloads reserved, queued and running */
    bool behind, ready, hungry;
    struct lane *next_ready, *next_hungry;
    struct heap_node wake; /* when something in the store becomes due (wall clock) */
};

struct lane_list {
    struct lane *first, *last;
};

struct lanes {
    struct hash_map map;
    struct lane_list ready, hungry;
    struct heap wakes;
    size_t held, running, bytes;
};

struct lane *lanes_get(struct lanes *lanes, int64_t destination_id); /* made when new */
void lanes_free(struct lanes *lanes); /* all queues must be empty */

bool lane_reserve(struct lanes *lanes, struct lane *lane, size_t bytes);
/* The same for an event that is claimed: without regard to `behind`, and always for the first of a lane. */
bool lane_has_room(const struct lanes *lanes, const struct lane *lane, size_t bytes);
void lane_take_place(struct lanes *lanes, struct lane *lane, size_t bytes);
void lane_give_place(struct lanes *lanes, struct lane *lane, size_t bytes);
/* The item's place was taken before. */
void lane_append(struct lanes *lanes, struct lane *lane, struct lane_item *item);

/* The next item that may be started, round robin over the lanes; NULL: none now. It counts as running. */
struct lane_item *lanes_start_next(struct lanes *lanes, struct lane **lane);
void lane_finished(struct lanes *lanes, struct lane *lane, size_t bytes);

/* Takes the event out of whatever queue it is in; NULL when it is in none. Its place is given back. */
struct lane_item *lanes_remove(struct lanes *lanes, int64_t event_id);
/* Takes the first item of any lane out, for the end; NULL when all are empty. */
struct lane_item *lanes_remove_any(struct lanes *lanes);

/* Something in the store is due at that moment. */
void lane_wake_at(struct lanes *lanes, struct lane *lane, int64_t due_at, int64_t now);
/* Marks the lanes whose moment has come as behind. */
void lanes_wake_due(struct lanes *lanes, int64_t now);
/* The next hungry lane that may claim, taken off the list; NULL: none now. */
struct lane *lanes_next_hungry(struct lanes *lanes);
/* Puts the lane on the list of the hungry if it is; call after anything that makes it so. */
void lane_check_hunger(struct lanes *lanes, struct lane *lane);
