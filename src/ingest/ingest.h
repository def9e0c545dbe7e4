/*
 * ingest.h - from an HTTP request at a source's URL to a durable record and its events.
 *
 *   /e/TOKEN...      what senders call; path and query behind the token belong to the request
 *   /v1/publish..., /publish...   the same with an API key and the source named in a header
 *   /TOKEN...        by the host name of a custom domain; only sources of its project are found there
 *
 * The reply goes out only after the request and all its events are committed and synced together. Requests that
 * are refused are recorded too, with their cause. Nothing is done twice and nothing is remembered in memory only: a
 * request whose sender's key must be fetched waits for it (provider/provider.h) without an answer.
 *
 * Threads: ingest_handle runs on the HTTP server's loops, and goes on on the provider's thread for a request that waited;
 * the replies are given on the store's writer thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "deliver/deliver.h"
#include "http/server.h"
#include "catalog/catalog.h"
#include "ingest/passages.h"
#include "issue/issues.h"
#include "provider/provider.h"
#include "store/store.h"

struct ingest;

struct ingest *ingest_start(struct store *store, struct catalog *catalog, struct deliver *deliver,
                            struct issues *issues, struct passages *passages, struct provider *provider,
                            const char *public_url, struct error *error);
/* Is this request a webhook? By a custom domain everything is but /healthz. */
bool ingest_wants(const struct ingest *ingest, const struct http_exchange *exchange);
void ingest_handle(struct ingest *ingest, struct http_exchange *exchange, enum http_refusal refusal);

struct ingest_counts {
    int64_t waiting;  /* received, not yet committed, those that wait for a key too */
    int64_t accepted; /* committed since the start, rejected ones included */
    int64_t failed;   /* answered with a 5xx because the store or a queue had no room */
};
struct ingest_counts ingest_counts(struct ingest *ingest);
/* The HTTP server is stopped, the provider quiet, and the store's queue empty before this. */
void ingest_stop(struct ingest *ingest);
