/*
 * engine.h - the delivery engine's own data and who may touch it. Internal to deliver/.
 */
#pragma once

#include <pthread.h>

#include "base/hash_map.h"
#include "deliver/envelope.h"
#include "deliver/lane.h"
#include "http/client.h"
#include "issue/issues.h"

/* One event that is being delivered, and then its outcome on the way to the store. Pooled. */
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
    bool waited;        /* for a token: takes the answer to that call, old as it may be */
    uint64_t token;     /* which of the destination's tokens it was sent with; 0: none */
    enum { SETTLE_ATTEMPT, SETTLE_HOLD, SETTLE_CANCEL } settle;
    struct event after; /* as recorded */
    bool gone;          /* the store does not know the event any more */
    struct delivery *next;
};

struct settling;
struct tokens;

struct deliver {
    struct store *store;
    struct catalog *catalog;
    struct issues *issues;
    const char *public_url;
    struct http_client *client; /* the delivery loop's */
    struct tokens *tokens;       /* the delivery loop's */
    struct store_reader *reader; /* the feeder's */
    size_t feed_position;        /* the feeder's: where its walk over the lanes goes on */
    pthread_t loop_thread, feeder_thread;
    bool loop_started, feeder_started;
    struct delivery *ended, *last_ended; /* the loop's: finished in this turn */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t feed;  /* the feeder has work, or is to stop; monotonic */
    struct hash_map lanes;
    struct heap wakes;
    struct lane *ring;    /* circular; its lanes may have something to send */
    struct delivery *refused; /* outcomes that the store did not take */
    int64_t offer_again_at;   /* monotonic ms */
    struct delivery *spare;   /* for reuse, at most MOST_SPARE */
    int64_t spares;
    struct settling *settlings;
    int64_t waiting; /* deliveries begun that wait for a token; they are not among those that run */
    int64_t running, unrecorded, in_store, queued_bytes, delivered, failed, settling;
    bool stopping, abandoned, loop_awake;
    bool feed_asked; /* there is work for the feeder that it has not seen yet */
    bool blocked;    /* deliveries wait for the store to take outcomes */
};

enum { MOST_SPARE = 256 };

/* With the lock held. */
struct lane *engine_lane(struct deliver *deliver, int64_t destination_id);
void engine_wake(struct deliver *deliver);                    /* the loop, if it sleeps */
void engine_list(struct deliver *deliver, struct lane *lane); /* into the ring, and wakes the loop */
void engine_drop(struct deliver *deliver, struct lane *lane, struct queued *removed); /* frees, ends the leases */
/* Something of the lane is due at that moment in the store. */
void engine_due(struct deliver *deliver, struct lane *lane, int64_t due_at);
/* Wakes the feeder if the lane wants more than it holds. */
void engine_feed(struct deliver *deliver, struct lane *lane);

/* courier.c: one delivery. On the loop's thread, without the lock. */
void courier_start(struct deliver *deliver, struct lane *lane, struct queued *queued);
void courier_begin(struct delivery *delivery); /* again, after it waited for a token */
/* Gives back the slots of what has ended since the last call and hands the outcomes to the store. False: none. */
bool courier_finish(struct deliver *deliver);
void courier_submit(struct deliver *deliver, struct delivery *deliveries); /* outcomes, to the store */
void courier_free(struct delivery *deliveries); /* what was not recorded stays due in the store */

/* feeder.c */
enum { CLAIM_SLICE = 256, CLAIM_LANES = 32, CLAIM_ROUND = 512 };
void *feeder_run(void *deliver);

/* settle.c: sees to it that waiting events follow the connection's state: paused, disabled or deleted, or neither. */
void settle_connection(struct deliver *deliver, int64_t connection_id, int64_t destination_id);
void settle_again(struct deliver *deliver); /* what the store refused; by the feeder, without the lock */
void settle_free(struct deliver *deliver);  /* what still waits to be offered again */
