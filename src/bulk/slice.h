/*
 * slice.h - one step of one bulk operation. Internal to bulk/.
 */
#pragma once

#include "bulk/bulk.h"

struct slice_parts {
    struct store *store;
    struct store_reader *reader;
    struct catalog *catalog;
    struct deliver *deliver;
    struct passages *passages;
    bulk_plan_reader read_plan;
};

/* Does the next slice. *touched tells how many things it looked at closely; 0: it only moved on. Blocks on the store. */
bool slice_run(const struct slice_parts *parts, const struct bulk *bulk, size_t *touched, struct error *error);
