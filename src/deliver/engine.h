/*
 * engine.h - the delivery engine's own data and who may touch it. Internal to deliver/.
 */
#pragma once

#include <pthread.h>

#include "base/hash_map.h"
#include "deliver/envelope.h"
#include "deliver/lane.h"
#include "http/client.h"

/* One event that is being delivered, and then its outcome on the way to the store. */
struct delivery {
    struct store_job job; /* first: the store hands it back */
    struct deliver *deliver;
    struct lane *lane;
    struct queued *queued;
    struct catalog_connection *connection;
    struct arena arena;
    struct http_call call;
    struct attempt attempt;
    struct text retry_after;
    enum { SETTLE_ATTEMPT, SETTLE_HOLD, SETTLE_CANCEL } settle;
    struct event after; /* as recorded */
    struct delivery *next;
};

struct deliver {
    struct store *store;
    struct catalog *catalog;
    const char *public_url;
    struct http_client *client; /* the delivery loop's */
    struct store_reader *reader; /* the feeder's */
    pthread_t loop_thread, feeder_thread;
    bool loop_started, feeder_started;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t feed;  /* the feeder has work, or is to stop */
    struct hash_map lanes;
    struct heap wakes;
    struct lane *ring;    /* circular; its lanes may have something to send */
    struct delivery *refused; /* outcomes that the store did not take */
    int64_t offer_again_at;   /* monotonic ms */
    struct settling *unsettled; /* settlements that the store did not take */
    int64_t running, unrecorded, in_store, queued_bytes, delivered, failed, settling;
    bool stopping, abandoned, loop_awake;
};

/* With the lock held. */
struct lane *engine_lane(struct deliver *deliver, int64_t destination_id);
void engine_list(struct deliver *deliver, struct lane *lane); /* into the ring; wakes the loop if it sleeps */
void engine_drop(struct deliver *deliver, struct lane *lane, struct queued *removed); /* frees, ends the leases */

/* courier.c: one delivery. On the loop's thread. */
void courier_start(struct deliver *deliver, struct lane *lane, struct queued *queued);
void courier_submit(struct deliver *deliver, struct delivery *deliveries); /* outcomes, to the store */

void courier_discard(struct delivery *deliveries); /* at the end: they stay due in the store */

/* feeder.c */
void *feeder_run(void *deliver);
/* Sees to it that waiting events follow the connection's state: paused, disabled or deleted, or neither. */
void feeder_settle(struct deliver *deliver, int64_t connection_id, int64_t destination_id);
/* At the end: what the store did not take is taken up by the next start. */
void feeder_discard(struct deliver *deliver);
