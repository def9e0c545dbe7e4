/*
 * deliver.h - takes due events to their destinations, each at its own pace.
 *
 * The engine holds a bounded queue per destination in memory and a bounded number of running deliveries; all
 * other waiting events are in the store and are claimed when there is room. A destination takes a delivery slot
 * only while it leaves as many to the others, so that what is slow or dead stays alone. Within a destination the same
 * holds for its delivery groups (lane.h), and a destination's and a group's rates are kept (pace.h).
 *
 * An event comes to a destination's queue in one of two ways:
 *   - straight from ingest: deliver_reserve before the event is stored (it is then stored as leased) and
 *     deliver_push after the commit, with its payload still in memory;
 *   - by a claim from the store, which the engine makes itself when a destination is behind.
 * When there is no room, deliver_reserve says no, the event is stored without a lease, and deliver_wake after the
 * commit tells the engine that something is waiting in the store.
 *
 * Before each attempt the engine looks at the connection: paused -> the event goes to HOLD, also when a user asked
 * for the attempt (the unpausing brings it), disabled or deleted -> CANCELLED. An event whose request is not in the
 * store any more fails with PAYLOAD_MISSING. After each attempt outcome and event are recorded in the store before
 * the event is forgotten; if the store cannot take it, it is offered again, and beyond limits.unrecorded_outcomes no
 * delivery starts.
 *
 * Threads: one delivery loop and one feeder (which claims and reads payloads) of its own; all functions here may
 * be called from any thread and do not block unless said.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "model/model.h"
#include "catalog/catalog.h"
#include "store/store.h"

struct deliver;
struct egress;
struct http_client_settings;
struct issues;

/* What is sent: shared by the events of one request. Immutable, reference-counted. */
struct payload {
    atomic_int references;
    size_t bytes;           /* what it counts against limits.delivery_queue_bytes */
    bool missing;           /* the store has it no more: there is nothing to send */
    int64_t execution_id;   /* whose result the data is; 0: the request's own */
    struct request request; /* its texts point behind the struct, into the same allocation */
};

/* Copies the request's texts. One reference. NULL without memory. */
struct payload *payload_create(const struct request *request, int64_t execution_id);
/* In the place of one that cannot be found. */
struct payload *payload_create_missing(const struct event *event);
struct payload *payload_reference(struct payload *payload);
void payload_release(struct payload *payload); /* NULL is fine */

/*
 * Starts the loops; on return every destination with due events in the store is known to the engine. Policy and settings
 * stay the caller's, and must stay valid; NULL: everything may be called, the defaults.
 */
struct deliver *deliver_start(struct store *store, struct catalog *catalog, struct issues *issues,
                              const struct egress *egress, const char *public_url,
                              const struct http_client_settings *settings, struct error *error);
/* The policy, for others that call on behalf of users. */
const struct egress *deliver_egress(const struct deliver *deliver);

struct delivery_place {
    int64_t destination_id, lane;
};
static inline struct delivery_place delivery_place_of(const struct event *event)
{
    return (struct delivery_place){event->destination_id, event->lane};
}
/* A place in that lane's queue for an event with a payload of `bytes`? Then deliver_push or deliver_unreserve. */
bool deliver_reserve(struct deliver *deliver, struct delivery_place place, size_t bytes);
void deliver_unreserve(struct deliver *deliver, struct delivery_place place, size_t bytes);
/* After the commit of an event that was stored as leased. Takes over one reference of the payload. */
void deliver_push(struct deliver *deliver, const struct event *event, struct payload *payload);
/* The event is or will be due in the store, not leased. */
void deliver_wake(struct deliver *deliver, const struct event *event);
/* Any events of the destination may have become due in the store. */
void deliver_wake_all(struct deliver *deliver, int64_t destination_id);
/* An event was stored as on hold: releases it, should its connection have been unpaused since it was routed. */
void deliver_check_hold(struct deliver *deliver, const struct event *event);

/* The event was cancelled: drops it from the queue if its delivery has not begun. */
void deliver_forget(struct deliver *deliver, const struct event *event);

/*
 * The request as it would be delivered next, for the API's event.data: url, method, headers (in http/message.h's
 * stored form) with the gateway's own, and the comma-separated names of those; in the places of secrets stands that
 * they are hidden. Texts in the arena.
 */
struct delivery_preview {
    struct text url, method, headers, appended_headers;
};
bool deliver_preview(struct catalog *catalog, const char *public_url, struct arena *arena, const struct event *event,
                     const struct request *request, struct delivery_preview *preview, struct error *error);

/* A destination that is not delivered to as fast as it could be, for what it answered (breaker.h). */
enum delivery_outage_state { OUTAGE_NONE, OUTAGE_OPEN, OUTAGE_PROBING, OUTAGE_RECOVERING, OUTAGE_SLOWED };
struct delivery_outage {
    enum delivery_outage_state state;
    int64_t since, next_at; /* wall-clock ms; next_at 0: at once, or when what is under way has ended */
    int64_t failures;       /* in a row */
};
struct delivery_outage deliver_outage(struct deliver *deliver, int64_t destination_id);

struct deliver_counts {
    int64_t running, queued, queued_bytes, unrecorded;
    int64_t outages; /* destinations whose circuit breaker is open, or was until just now */
    int64_t delivered, failed; /* attempts since the start */
};
struct deliver_counts deliver_counts(struct deliver *deliver);

/*
 * Starts no further delivery, waits for the running ones and for their outcomes to be recorded (at most
 * timeout_ms; then the rest is broken off and stays due in the store), releases what was queued, frees. Blocks.
 */
void deliver_stop(struct deliver *deliver, int64_t timeout_ms);
