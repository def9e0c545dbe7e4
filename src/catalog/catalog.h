/*
 * catalog.h - the configuration as the hot paths see it: sources, destinations, connections, projects and issue triggers
 * in memory, parsed, brought up to date from the store's changes.
 *
 * An entry never changes once it is published; a change publishes a new one. Readers take entries by reference
 * count: every catalog_find_* gives a reference that the caller returns with the matching _release. Entries of
 * disabled and deleted things stay, because their waiting events still ask for them.
 *
 * Threads: all functions may be called from any thread. catalog_refresh blocks on the store (not on an event loop).
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "catalog/triggers.h"
#include "model/model.h"
#include "model/settings.h"
#include "rules/retry.h"
#include "rules/steps.h"
#include "store/store.h"
#include "verify/verify.h"

struct catalog;

struct catalog_destination {
    atomic_int references;
    struct arena arena;
    struct destination record;
    struct destination_settings settings;
};

struct catalog_connection {
    atomic_int references;
    struct arena arena;
    struct connection record;
    struct retry_rule retry; /* strategy RETRY_NONE without a retry rule */
    int64_t delay_ms;        /* of the delay rule, 0: none */
    struct steps *steps;     /* filter, deduplicate and transform; NULL without such rules */
};

struct catalog_source {
    atomic_int references;
    struct arena arena;
    struct source record;
    struct source_settings settings;
    struct verifier *verifier;
    /* Its connections that are not deleted, each with its destination, as of this entry. */
    struct catalog_connection **connections;
    struct catalog_destination **destinations;
    size_t connection_count;
};

struct catalog_project {
    atomic_int references;
    struct arena arena;
    struct project record;
};

/* Reads everything. The reader is the catalog's own from then on. */
struct catalog *catalog_open(struct store *store, struct error *error);
void catalog_close(struct catalog *catalog);
/* Takes in what changed since the last time, by this or another process. */
bool catalog_refresh(struct catalog *catalog, struct error *error);

/*
 * Called after each refresh for every connection and destination that changed (or was there at the start), on the
 * refreshing thread: the delivery engine learns of pauses and the like here. Set before the first refresh.
 */
struct catalog_listener {
    void *context;
    void (*connection_changed)(void *context, const struct catalog_connection *connection);
    void (*destination_changed)(void *context, const struct catalog_destination *destination);
};
void catalog_listen(struct catalog *catalog, struct catalog_listener listener);

struct catalog_source *catalog_find_source_by_token(struct catalog *, struct text token); /* also deleted ones */
struct catalog_source *catalog_find_source(struct catalog *, int64_t id);
struct catalog_source *catalog_find_source_by_name(struct catalog *, int64_t project_id, struct text name);
struct catalog_connection *catalog_find_connection(struct catalog *, int64_t id);
struct catalog_destination *catalog_find_destination(struct catalog *, int64_t id);
struct catalog_project *catalog_find_project(struct catalog *, int64_t id);
/*
 * The project whose custom domain a Host header names, 0 for any other host. Letter case, a port and a dot at the end make
 * no difference.
 */
int64_t catalog_project_of_host(struct catalog *, struct text host);
/* False on most gateways: then nobody needs to look for the header. */
bool catalog_has_hosts(const struct catalog *);

/* The issue triggers and notifications; the second tells whether they are others than those read at `change`. */
struct trigger_set *catalog_triggers(struct catalog *);
bool catalog_triggers_changed(const struct catalog *, int64_t change);

void catalog_source_release(struct catalog_source *);           /* NULL is fine */
void catalog_connection_release(struct catalog_connection *);
void catalog_destination_release(struct catalog_destination *);
void catalog_project_release(struct catalog_project *);
