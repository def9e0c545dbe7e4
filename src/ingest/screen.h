/*
 * screen.h - is this request one that its source takes? Pure.
 *
 * The checks in the order in which a cause is given: the source is disabled, method, size, content type,
 * signature, JSON, and finally whether there is a connection at all.
 */
#pragma once

#include "http/server.h"
#include "model/model.h"
#include "catalog/catalog.h"

struct screening {
    enum rejection_cause cause; /* REJECTION_NONE: taken */
    int status;                 /* of the reply to the sender */
    bool verified;
    const char *message;        /* for the sender, when status is not 200; else NULL */
};

/*
 * `published`: it came by the publish call, whose key stands for the signature. A source of type PUBLISH_API takes
 * nothing else: what comes to its URL fails verification.
 */
struct screening screen_request(const struct catalog_source *source, const struct http_exchange *exchange,
                                const char *origin, enum http_refusal refusal, bool published);
/* The request as its verification sees it; `origin`: what the URL begins with that its sender knows. */
struct verify_input screen_verify_input(const struct http_exchange *exchange, const char *origin);
