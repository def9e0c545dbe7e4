/*
 * effect.h - what a bulk operation does to one thing. Internal to bulk/.
 */
#pragma once

#include "bulk/bulk.h"
#include "ingest/remake.h"

/* One slice's work, inside its job. */
struct effect {
    const struct bulk *bulk;
    const struct bulk_plan *plan;
    struct remake remake;
    struct arena scratch;  /* the data of one request at a time */
    int64_t data_bytes;    /* of all requests so far */
    bool done;             /* to the last one: false when it could not be done */
    struct event *cancelled; /* events that the engine has to forget */
    size_t cancelled_count;
};

/* False only when the store fails; what cannot be done to the thing itself is told by effect->done. */
bool effect_on_event(struct effect *effect, struct event *event, struct error *error);
bool effect_on_ignored(struct effect *effect, const struct ignored_event *ignored, struct error *error);
bool effect_on_request(struct effect *effect, int64_t request_id, struct error *error);
