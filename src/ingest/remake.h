/*
 * remake.h - events of requests that are stored already: retried, replayed, triggered.
 *
 * The rules of each connection apply as they do to a request that comes in (route.h), but that nobody who asks for a request
 * anew is told that it is a duplicate. Everything here runs inside a
 * job of the store; after its commit remake_hand_on tells the delivery engine.
 */
#pragma once

#include "base/arena.h"
#include "catalog/catalog.h"
#include "deliver/deliver.h"
#include "ingest/passages.h"
#include "model/model.h"
#include "store/store.h"

struct made_event {
    struct event event;
    struct made_event *next;
};

/* What waits for a transformation before it becomes an event. */
struct made_passage {
    int64_t connection_id;
    struct made_passage *next;
};

struct made {
    struct made_event *events; /* newest first */
    struct made_passage *passages;
};

struct remake {
    struct store_transaction *transaction;
    struct catalog *catalog;
    struct arena *arena;
    int64_t now;
    int64_t bulk_id;         /* the bulk operation that asks for it; 0: a user */
    struct made made;
    int64_t events, ignored, passages; /* of the last request */
};

/* What was wrong with such a request itself would be wrong again. */
bool remake_is_sound(const struct request *request);

/* Which connections: all of a source, or the listed ones. */
struct remake_target {
    int64_t source_id;
    const int64_t *connection_ids; /* NULL: all of the source */
    size_t count;
};

/*
 * Groups connections by their sources into `targets` (room for `count`), whose arrays are in the arena; returns how
 * many. Unknown connections and those that are not active are left out.
 */
size_t remake_targets(struct catalog *catalog, struct arena *arena, const int64_t *connection_ids, size_t count,
                      struct remake_target *targets);

/* Active, of the source, and made before the request: may a retry make an event for it? */
bool remake_fits(const struct connection *connection, const struct request *request);
/* Events of the request anew, for connections that fit; others are left out. Its counts grow by what was made. */
bool remake_retry(struct remake *remake, const struct request *request, const struct remake_target *target,
                  struct error *error);
/* The same for all active connections of the target, whenever they were made. */
bool remake_trigger(struct remake *remake, const struct request *request, const struct remake_target *target,
                    struct error *error);
/*
 * A new request with the original's data (which was read with it), and its events for the target's active connections,
 * whenever these were made. Without any it is rejected as NO_CONNECTION, or as SOURCE_DISABLED.
 */
bool remake_replay(struct remake *remake, const struct request *original, const struct remake_target *target,
                   struct request *request, struct error *error);

/* After the commit. */
void remake_hand_on(struct deliver *deliver, struct passages *passages, const struct made *made);
