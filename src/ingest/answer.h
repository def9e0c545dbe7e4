/*
 * answer.h - what the sender is told. The statuses and forms are those of the hosted service.
 */
#pragma once

#include "base/error.h"
#include "http/server.h"
#include "ingest/screen.h"
#include "catalog/catalog.h"

/*
 * The request is recorded. `source` gives the custom response; `acknowledgement` is what the type has, NULL without one.
 * Ends the exchange.
 */
void answer_recorded(struct http_exchange *exchange, const struct catalog_source *source,
                     const struct screening *screening, const struct acknowledgement_reply *acknowledgement,
                     int64_t request_id, const char *public_url);
/*
 * A question that a provider asks of a URL before it sends there (verify/verify.h) is answered, and is neither an event
 * nor recorded. False: it is none, and nothing was done; else the exchange has ended.
 */
bool answer_handshake(struct http_exchange *exchange, const struct catalog_source *source, const char *origin);
/* A question that was answered by a call to its sender. Ends the exchange. */
void answer_confirmed(struct http_exchange *exchange);
/* Nothing is recorded: {code, status, message, data}. Ends the exchange. */
void answer_refused(struct http_exchange *exchange, int status, const char *code, const char *message);
/* The source was deleted: 410, stop sending. */
void answer_deleted(struct http_exchange *exchange);
/* A browser asks beforehand (CORS). */
void answer_preflight(struct http_exchange *exchange);
/* The store could not take it: 503 or 507, and Retry-After. */
void answer_failed(struct http_exchange *exchange, const struct error *error);
