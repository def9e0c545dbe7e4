/*
 * triggers.h - all projects' issue triggers and notifications in memory, as of one moment. Part of catalog.h.
 *
 * Never changes once it is published; readers hold it by reference count.
 */
#pragma once

#include <stdatomic.h>

#include "base/hash_map.h"
#include "rules/trigger.h"
#include "store/store.h"

struct trigger_project {
    struct trigger_rule *rules; /* those that are enabled */
    size_t count;
    unsigned topics;            /* bits; 0: the project wants no notifications */
    int64_t source_id;          /* where they go */
};

struct trigger_set {
    atomic_int references;
    struct arena arena;
    struct hash_map projects; /* struct trigger_project by project id */
    int64_t change;           /* of the store, that it was read at */
};

struct trigger_set *trigger_set_read(struct store_reader *reader, int64_t change, struct error *error);
/* Never NULL: a project of which nothing is known has nothing. */
const struct trigger_project *trigger_set_project(const struct trigger_set *set, int64_t project_id);
void trigger_set_release(struct trigger_set *set); /* NULL is fine */
