/*
 * lane.h - what waits for a destination: its outlet, and the lanes in it.
 *
 * A lane is a queue in memory and what is known of the rest of it in the store. Most destinations have one lane, with
 * everything. A destination with delivery groups has a lane for each group, one with an order (by connection or by
 * group) a lane for each key; they take turns, so that what waits in one holds up no other.
 *
 * An ordered lane has one event under way at a time, and goes on only when its outcome is on disk. What is in its memory
 * is always the beginning of what the store has for it, by event id; where that cannot be (an attempt is to be repeated
 * later, a user asked for an older event again, an event is on hold), memory is emptied and the store decides.
 *
 * Lanes with a key are made when they are needed and given up when others are (limits.delivery_lanes); keys that the store has
 * something due for and that have no lane are `strangers`, which the feeder looks for, key after key in a circle.
 *
 * All are guarded by one lock, the engine's.
 */
#pragma once

#include "base/hash_map.h"
#include "base/heap.h"
#include "catalog/catalog.h"
#include "deliver/breaker.h"
#include "deliver/deliver.h"
#include "deliver/pace.h"

struct queued {
    struct event event; /* without delivery_group */
    struct payload *payload;
    struct pace_ticket of_outlet, of_lane;
    bool probe; /* it decides about its destination's circuit breaker */
    struct queued *next;
};

struct lane {
    struct outlet *outlet;
    int64_t key;                 /* events' `lane` */
    struct queued *first, *last; /* by due_at and id; in an ordered lane by id */
    size_t queued, reserved;     /* in the queue; promised to ingest */
    size_t bytes;                /* of both, and of what is being delivered */
    size_t typical_bytes;        /* of a payload, as they were lately: what a claim reckons with */
    int64_t running;
    int64_t unrecorded;          /* deliveries that ended, whose outcome is not on disk yet */
    int64_t claims;              /* under way */
    int64_t first_again;         /* ordered: of what a claim brings, nothing behind this event may be queued any more */
    bool behind;                 /* the store may hold due events that nobody has */
    bool held;                   /* ordered: an event on hold stands before all that is due */
    bool fed;                    /* a claim was made since the lane is there */
    uint64_t wakes;              /* counts what was said to be due, to see what came during a claim */
    struct heap_node wake;       /* wall-clock ms of the next due event in the store */
    struct pace pace;            /* its group's */
    struct heap_node rest;       /* monotonic us: until its pace lets it go on */
    struct lane *next_listed;    /* in its outlet's ring of lanes with something to send */
    bool listed;
    struct lane *next_behind;    /* in the engine's ring of lanes that are behind */
    bool in_behind;
    struct lane *next_lane;      /* in the engine's ring of lanes with a key */
};

struct outlet {
    int64_t destination_id;
    struct catalog_destination *destination; /* as it is now; NULL when unknown */
    bool waits;              /* for a token (token.h): none of its deliveries is begun */
    bool keyed;              /* its lanes share what one lane may have: it has groups, or an order */
    bool ordered;            /* its lanes with a key are */
    struct lane plain;       /* the lane of events without a key */
    struct hash_map lanes;   /* the others, by their keys */
    size_t held, bytes;      /* queued and reserved, and their bytes and those being delivered, in all lanes */
    int64_t running;
    struct pace pace;
    struct breaker breaker;
    struct heap_node rest;   /* until its pace and its breaker let it go on */
    struct outage *outage;   /* outage.c's; NULL when there is none to speak of */
    struct lane *ring;       /* circular; its lanes that may have something to send */
    struct outlet *next_listed; /* in the engine's ring */
    bool listed;
    bool strangers;          /* the store may have due events in lanes that are not here; in the engine's list of such */
    struct outlet *next_strange;
    uint64_t calls, calls_seen; /* counts what set it; as it was when the look for them began */
    int64_t look_key;        /* where the look goes on; 0: at the beginning */
    struct heap_node stranger_wake; /* wall-clock ms of the next due event of such a lane */
};

/* In its place: by the moment it is due, or by its id. Takes over the payload; frees nothing. */
void lane_append(struct lane *lane, const struct event *event, struct payload *payload);
/* The first one, which the caller now owns; NULL when empty. */
struct queued *lane_take(struct lane *lane);
/* Takes out those that match and returns them as a list. event_id or connection_id 0: any. */
struct queued *lane_remove(struct lane *lane, int64_t event_id, int64_t connection_id);

/*
 * The fair shares. An outlet may take another slot while it leaves at least half of what is free in all, and a lane while
 * it leaves half of what is free in its outlet; it may hold further payloads while it holds no more than is still free.
 * Every outlet may always have one.
 */
bool outlet_may_start(const struct outlet *outlet, int64_t running_in_all);
bool lane_may_start(const struct lane *lane);
bool lane_may_hold(const struct lane *lane, size_t bytes, size_t bytes_in_all);
bool lane_is_ordered(const struct lane *lane);
/* Ordered, and the one before has not ended yet. */
bool lane_is_blocked(const struct lane *lane);
/* May what ingest has just made go straight to its queue, or must the store tell what comes first? */
bool lane_is_open(const struct lane *lane);

/* Ordered: that event turned out to come before others. A claim that is under way brings nothing that follows it. */
void lane_comes_again(struct lane *lane, int64_t event_id);

/*
 * How many events a claim should bring: 0 unless the lane is behind, at least half empty, and has room for a typical
 * payload; an ordered lane must be empty. At most `most`.
 */
size_t lane_wants(const struct lane *lane, size_t bytes_in_all, size_t most);
/* A payload of this size had no room: until it has, the lane wants nothing. */
void lane_lacks(struct lane *lane, size_t bytes);
