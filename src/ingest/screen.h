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
#include "verify/fetch.h"

struct screening {
    enum rejection_cause cause; /* REJECTION_NONE: taken */
    int status;                 /* of the reply to the sender */
    bool verified;
    const char *message;        /* for the sender, when status is not 200; else NULL */
    const char *detail;         /* of the cause, for the request's record; NULL: none */
    bool wants_key;             /* it is not decided: `wanted` must be had first, and is given as the subject's key */
    struct key_wanted wanted;   /* texts in the exchange's arena */
};

struct screened {
    const struct catalog_source *source;
    struct http_exchange *exchange;
    const char *origin;           /* what the URL begins with that its sender knows */
    enum http_refusal refusal;
    bool published;               /* by the publish call, whose key stands for the signature. A source of type PUBLISH_API
                                   * takes nothing else: what comes to its URL fails verification. */
    const struct verify_key *key; /* that was fetched; NULL: none was yet */
};

struct screening screen_request(const struct screened *subject);
/* The key could not be had. `is_final`: the sender has no such key; else the same request may pass later. */
struct screening screen_without_key(const struct screened *subject, bool is_final, const char *detail);
/* The request as its verification sees it. */
struct verify_input screen_verify_input(const struct http_exchange *exchange, const char *origin);
