/*
 * bulk.h - a bulk operation: one thing done to everything that a query finds.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

enum bulk_kind { /* stored: append only */
    BULK_EVENTS_RETRY = 1,
    BULK_EVENTS_CANCEL = 2,
    BULK_IGNORED_RETRY = 3,
    BULK_REQUESTS_RETRY = 4,
    BULK_REQUESTS_REPLAY = 5,
};

/* What a query is asked of. */
enum bulk_subject { BULK_OF_EVENTS, BULK_OF_IGNORED_EVENTS, BULK_OF_REQUESTS };

/*
 * It is open until it is completed or cancelled. What it can touch is fixed at its start: nothing with a key above
 * `bound` belongs to it, so it never meets what it makes. Everything up to `position` was looked at; the position is
 * stored together with the effects, so that each thing is touched once whatever happens to the process.
 */
struct bulk {
    int64_t id, project_id;
    enum bulk_kind kind;
    int64_t created_at, updated_at, cancelled_at, completed_at;
    int64_t estimated_count; /* at its start */
    int64_t processed_batch; /* slices so far */
    int64_t completed_count; /* things that it was done to */
    int64_t failed_count;    /* things that it could not be done to */
    int64_t position, bound;
    struct text query; /* JSON object, compact, keys sorted: the same query is the same text */
};

const char *bulk_kind_name(enum bulk_kind kind); /* "events.retry" */
enum bulk_subject bulk_subject_of(enum bulk_kind kind);
