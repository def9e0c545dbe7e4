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
    const struct egress *egress;
    struct http_client *client; /* the delivery loop's */
    struct tokens *tokens;       /* the delivery loop's */
    struct store_reader *reader; /* the feeder's */
    pthread_t loop_thread, feeder_thread;
    bool loop_started, feeder_started;
    struct delivery *ended, *last_ended; /* the loop's: finished in this turn */
    int64_t next_turn_us;        /* the loop's: when it looks at outages */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t feed;  /* the feeder has work, or is to stop; monotonic */
    int64_t began_us;     /* monotonic; of what was delivered before nothing is known */
    int64_t began_at;     /* the same moment, wall clock */
    struct hash_map outlets;
    struct outlet *ring;  /* circular; they may have something to send */
    struct heap rests, lane_rests;     /* who waits for its pace, monotonic us */
    struct heap wakes, stranger_wakes; /* for what will be due in the store, wall-clock ms */
    struct lane *behind;  /* circular; the feeder goes round it */
    size_t behind_count;
    struct outlet *strange, *last_strange; /* those with strangers */
    struct lane *keyed;   /* circular: all lanes with a key, from where one to give up was looked for last */
    int64_t keyed_count;
    bool crowded;         /* there was no room for another one */
    struct delivery *refused; /* outcomes that the store did not take */
    int64_t offer_again_at;   /* monotonic ms */
    struct delivery *spare;   /* for reuse, at most MOST_SPARE */
    int64_t spares;
    struct settling *settlings;
    struct outage *outages;   /* outage.c */
    int64_t waiting; /* deliveries begun that wait for a token; they are not among those that run */
    int64_t running, unrecorded, in_store, queued_bytes, delivered, failed, settling;
    bool stopping, abandoned, loop_awake;
    bool feed_asked; /* there is work for the feeder that it has not seen yet */
    bool blocked;    /* deliveries wait for the store to take outcomes */
};

enum { MOST_SPARE = 256 };

/* outlet.c: who waits for what. With the lock held. */
struct outlet *engine_outlet(struct deliver *deliver, int64_t destination_id);
/* NULL when there is no room for another lane; then engine_strangers. */
struct lane *engine_lane(struct deliver *deliver, struct outlet *outlet, int64_t key);
struct lane *engine_find_lane(struct outlet *outlet, int64_t key); /* NULL when it is not in memory */
struct lane *engine_next_lane(struct outlet *outlet, size_t *position); /* all, from *position = 0 to NULL */
void engine_configure(struct deliver *deliver, struct outlet *outlet, struct catalog_destination *destination);
void engine_wake(struct deliver *deliver);                    /* the loop, if it sleeps */
void engine_list(struct deliver *deliver, struct lane *lane); /* into the rings, and wakes the loop */
void engine_list_outlet(struct deliver *deliver, struct outlet *outlet); /* if one of its lanes is listed */
void engine_drop(struct deliver *deliver, struct lane *lane, struct queued *removed); /* frees, ends the leases */
/* Something of the lane is due at that moment in the store. */
void engine_due(struct deliver *deliver, struct lane *lane, int64_t due_at);
void engine_due_all(struct deliver *deliver, struct outlet *outlet); /* of any of its lanes, now */
/* The same of lanes that are not in memory. */
void engine_strangers(struct deliver *deliver, struct outlet *outlet, int64_t due_at);
/* Wakes the feeder if the lane wants more than it holds. */
void engine_feed(struct deliver *deliver, struct lane *lane);
void engine_ask_feeder(struct deliver *deliver);
/* Nothing of it is in memory and nobody speaks of it: it is given up, unless its pace must be remembered. */
bool engine_give_up(struct deliver *deliver, struct lane *lane);
void engine_free_outlets(struct deliver *deliver);

/*
 * dispatch.c: begins deliveries, in turn and at the pace of each. On the loop's thread. Returns ms until there may be
 * more to begin, at most `nap_ms`.
 */
int64_t engine_dispatch(struct deliver *deliver, int64_t nap_ms);

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

/* stranger.c: makes lanes for what is due in the store and has none. By the feeder, without the lock. False: none to do. */
bool strangers_look(struct deliver *deliver);

/*
 * outage.c: what an end says about its destination, and what is told of destinations that do not take what they are sent:
 * the store remembers that they are open, an issue says it. With the lock held, but for the last ones.
 */
void outage_configure(struct outlet *outlet, int64_t now_us);
void outage_end(struct deliver *deliver, const struct delivery *delivery, int64_t now_us);
bool outages_load(struct deliver *deliver, struct error *error);
void outages_turn(struct deliver *deliver); /* on the loop's thread */
int64_t outages_count(const struct deliver *deliver); /* with the lock held */
void outages_free(struct deliver *deliver);

/* settle.c: sees to it that waiting events follow the connection's state: paused, disabled or deleted, or neither. */
void settle_connection(struct deliver *deliver, int64_t connection_id, int64_t destination_id);
void settle_again(struct deliver *deliver); /* what the store refused; by the feeder, without the lock */
void settle_free(struct deliver *deliver);  /* what still waits to be offered again */
