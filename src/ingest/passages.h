/*
 * passages.h - takes requests through the transformations of their connections.
 *
 * A passage (model/passage.h) is in the store from the commit that takes its request in to the one that writes what came of
 * it, so none is lost, and each makes one event or one ignored event, however often its code had to run. A bounded
 * number of them is held in memory, straight from ingest or read from the store; a connection may hold another one only
 * while it leaves at least as many places to the others, so that a slow transformation stays alone.
 *
 * Rules may change while a request waits: it then goes on at its step by the rules as they are when its turn comes, and
 * counts as transformed if there is no transformation any more.
 *
 * Threads: one of its own, which owns the lanes' queues; results come on the pool's threads and outcomes on the store's
 * writer. All functions may be called from any thread and do not block unless said.
 */
#pragma once

#include "catalog/catalog.h"
#include "deliver/deliver.h"
#include "issue/issues.h"
#include "model/passage.h"
#include "store/store.h"
#include "transform/pool.h"

struct passages;

/*
 * What code is given as its second argument: an object with the connection as the API shows it, in the arena. Called on
 * the thread of the passages, with its reader; TEXT_NONE when it cannot be made.
 */
struct passages_context {
    struct text (*describe)(void *context, struct store_reader *reader, struct arena *arena,
                            const struct connection *connection);
    void *context;
};

struct passages *passages_start(struct store *store, struct catalog *catalog, struct deliver *deliver,
                                struct issues *issues, struct transform_pool *pool, struct passages_context context,
                                struct error *error);

/* After the commit of a passage: takes over one reference of its request's payload. */
void passages_push(struct passages *passages, const struct passage *passage, struct payload *payload);
/* Passages of the connection were written that nobody holds. */
void passages_wake(struct passages *passages, int64_t connection_id);

struct passages_counts {
    int64_t held;           /* in memory */
    int64_t events, ignored; /* what came of those that ended since the start */
};
struct passages_counts passages_counts(struct passages *passages);

/*
 * Begins nothing further and waits for what runs; the rest stays in the store. Blocks. Before the pool, the delivery
 * engine and the store are stopped.
 */
void passages_stop(struct passages *passages);
