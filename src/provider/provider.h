/*
 * provider.h - the calls that verification needs: keys that senders publish, and confirmations that they ask for.
 *
 * Only URLs of the table of schemes are called (verify/origin.h), by TLS, without following redirects. A document of keys
 * is kept as long as its server says, within bounds, and is fetched once for all who wait for it. One that could not be
 * fetched is not asked for again for limits.provider_failure_ms.
 *
 *   none ──► fetching ──► good ──► (too old, or without the key that is asked for) ──► fetching
 *               └───────► failed ──► (limits.provider_failure_ms passed) ──► fetching
 *
 * Everything is bounded: documents, waiting requests (all, of a source, their bytes), the time they wait, calls (all, to a
 * host, and for a source in a minute), the size of an answer.
 *
 * Threads: one of its own makes the calls; there the requests go on that had to wait. The functions may be called from
 * any thread and do not block, but for provider_stop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "verify/fetch.h"
#include "verify/key_set.h"

struct provider;
struct egress;

struct provider_settings {
    char authorities[1024]; /* file, PEM: trusted in place of the system's; empty: the system's */
    char connect[4096];     /* "HOST=ADDRESS:PORT,...", HOST "*" for any: where providers are called instead */
};
/* Is that of the form which `connect` has? */
bool provider_connect_is_valid(struct text connect);

/* The settings and the egress policy are kept by reference. */
struct provider *provider_start(const struct provider_settings *settings, const struct egress *egress,
                                struct error *error);
/* All that wait get their answer, and who comes later is refused. */
void provider_quiesce(struct provider *provider);
void provider_stop(struct provider *provider);

/* What one request waits for. It is the caller's, and stays where it is until it has an outcome. */
struct errand {
    int64_t source_id;
    size_t bytes;                         /* that its request holds in memory */
    struct key_wanted wanted;             /* of provider_get_key */
    const char *url;                      /* of provider_confirm */
    void (*done)(struct errand *errand);  /* on the provider's thread; the errand is then the caller's again */

    /* The outcome. */
    bool failed;
    struct key_set *keys; /* a reference, with the wanted key in it; NULL: it was not to be had */
    bool is_final;        /* failed, and would again: the provider answered that there is no such key */
    char failure[256];    /* a sentence */

    struct errand *next;  /* the provider's own */
    struct document *document;
    int64_t until;
};

/* True: the outcome is there, and `done` is not called. */
bool provider_get_key(struct provider *provider, struct errand *errand);
/* Calls errand->url by GET, a few times if need be. True: it failed at once, and `done` is not called. */
bool provider_confirm(struct provider *provider, struct errand *errand);
