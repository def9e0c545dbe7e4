/* passage.h - requests on their way through transformations, in the store; the rules of store.h hold. */
#pragma once

#include "model/passage.h"
#include "store/store.h"

bool store_insert_passage(struct store_transaction *, const struct passage *, struct error *);
/* *found: it was there still. Whoever ends a passage does so by deleting it, and does nothing else unless it was found. */
bool store_delete_passage(struct store_transaction *, int64_t id, bool *found, struct error *);

/* The oldest of the connection. */
bool store_read_passages(struct store_reader *, struct arena *, int64_t connection_id, size_t limit, struct passage **,
                         size_t *count, struct error *);
/* Connections that have any: for start. */
bool store_read_passage_connections(struct store_reader *, struct arena *, int64_t **connection_ids, size_t *count,
                                    struct error *);
