/*
 * route.h - what a request becomes on a connection of its source: an event, an ignored event, or a passage, which waits
 * for a transformation. Pure.
 *
 * Used for requests that come in, for stored ones that go their way again, and behind each transformation.
 */
#pragma once

#include "catalog/catalog.h"
#include "model/model.h"
#include "model/passage.h"
#include "rules/steps.h"

enum routed_end { ROUTED_EVENT, ROUTED_IGNORED, ROUTED_PASSAGE };

struct routed {
    enum routed_end end;
    int64_t connection_id;
    union {
        struct event event;
        struct ignored_event ignored;
        struct passage passage;
    };
    int64_t transformation_id; /* a passage: of the transformation at its step */
    bool immediate; /* an event that is due now: a delivery may start right after the commit */
    /* Of the deduplicate rules on the way (rules/steps.h); routed_settle turns to them. */
    struct deduplicate_key *keys;
    size_t key_count;
};

struct route {
    const struct request *request; /* as it is at `from` */
    const struct catalog_connection *connection;
    const struct catalog_destination *destination;
    struct content *content; /* set to the request; may be NULL when the connection has no steps */
    struct arena *arena;
    size_t from;             /* the step where it goes on; 0: all of them */
    int64_t now;
    int64_t bulk_id;         /* the bulk operation that asks for it; 0: none */
    bool remade;             /* someone asks for it anew: it is nobody's duplicate */
};

/* Makes the ids of what it becomes. */
void route_connection(const struct route *route, struct routed *routed);
/* Must a request be read with its data, and a content be set, to be routed? */
bool route_looks(const struct catalog_connection *connection);
bool route_source_looks(const struct catalog_source *source); /* at any of its connections */
/* An ignored event in the place of whatever it is; `meta` as the API shows it, or TEXT_NONE. */
void routed_ignore(struct routed *routed, int64_t request_id, enum ignored_cause cause, struct text meta);
