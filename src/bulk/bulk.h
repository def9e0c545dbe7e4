/*
 * bulk.h - carries out bulk operations: one worker goes through all that are open, a slice of each in turn.
 *
 * A slice looks at the store through the worker's own reader, takes at most limits.bulk_slice things that the query
 * finds, and does its work on those that it still finds in one job of the store, together with the new position. So a
 * process that ends anywhere neither repeats nor leaves out anything. Between slices the worker pauses for
 * limits.bulk_pause_ms, and its jobs wait for others to share their commit: it gives way to everything else.
 *
 * What a query means is known to the API, whose lists take the same: it hands in bulk_plan_reader.
 *
 * Threads: bulk_wake may be called from any thread and does not block.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "catalog/catalog.h"
#include "deliver/deliver.h"
#include "ingest/passages.h"
#include "model/bulk.h"
#include "store/store.h"

/* A query, ready for the store. */
struct bulk_plan {
    const struct store_filter *filters;
    size_t filter_count;
    const struct store_content *content; /* NULL: any */
    /* BULK_REQUESTS_REPLAY: where to; 0 and NULL: the source of each request */
    int64_t source_id;
    const int64_t *connection_ids;
    size_t connection_count;
    void (*release)(struct bulk_plan *plan); /* frees what is not in the arena; NULL: there is nothing */
};
typedef bool (*bulk_plan_reader)(enum bulk_kind kind, struct text query, struct arena *arena, struct bulk_plan *plan,
                                 struct error *error);

struct bulk_worker;

/* Goes on with what was open when the process before ended. */
struct bulk_worker *bulk_start(struct store *store, struct catalog *catalog, struct deliver *deliver,
                               struct passages *passages, bulk_plan_reader read_plan, struct error *error);
/* An operation was made. */
void bulk_wake(struct bulk_worker *worker);
/* Ends after the slice that is under way. Blocks. */
void bulk_stop(struct bulk_worker *worker);
