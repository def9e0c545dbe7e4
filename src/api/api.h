/*
 * api.h - the REST API: sources, destinations, connections, requests, events and attempts under /YYYY-MM-DD/.
 *
 * Every date prefix is answered alike, with one superset of the shapes that clients of the several versions read.
 * One table (contract.h) says which operations there are, what they take, and what /openapi.json tells of them.
 *
 * Threads: a pool of limits.api_threads workers, each with a reader of its own. api_handle never blocks; the reply
 * comes from a worker. A call waits in a queue of limits.api_queue; beyond it the answer is 503. Runs of transformations
 * have a queue and limits.transform_trials workers of their own, so that they keep nobody waiting.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "bulk/bulk.h"
#include "deliver/deliver.h"
#include "ingest/passages.h"
#include "issue/issues.h"
#include "http/server.h"
#include "catalog/catalog.h"
#include "store/store.h"
#include "transform/pool.h"

struct api;

/* What the query of a bulk operation means: for bulk_start. */
bool bulk_query_plan(enum bulk_kind kind, struct text query, struct arena *arena, struct bulk_plan *plan,
                     struct error *error);

/* `public_url` (without a slash at its end) begins the ingest URLs that are shown; it is copied. */
struct api *api_start(struct store *store, struct catalog *catalog, struct deliver *deliver, struct issues *issues,
                      struct passages *passages, struct bulk_worker *bulk_worker, struct transform_pool *transform,
                      const char *public_url, struct error *error);
/* Is this a path of the API: /YYYY-MM-DD or below (slashes may be doubled), or the page of a sign-in? */
bool api_wants(struct text path);
/* Takes the exchange and replies to it, now or later. Any thread. */
void api_handle(struct api *api, struct http_exchange *exchange);
/* Answers with an error in the API's form, for what is refused before api_handle: 413, 503. */
void api_refuse(struct http_exchange *exchange, int status, const char *message);
/* Answers what is queued, ends the workers, closes the readers, frees. Blocks. */
void api_stop(struct api *api);

/*
 * Makes one call of projects or keys, as the operator, on a store that no gateway uses. Returns its status, 0 with an
 * error when it could not be made; *reply is a new reference then.
 */
int api_offline(struct store *store, const char *method, const char *path, struct text body, json_t **reply,
                struct error *error);

/* The OpenAPI 3.0 description as JSON text, made from the contract; malloc'd, NULL without memory. */
char *api_openapi(void);

/* Of `passages_context`: the connection as the API shows it, for the code that it runs. `public_url`: a const char *. */
struct text api_describe_connection(void *public_url, struct store_reader *reader, struct arena *arena,
                                    const struct connection *connection);
