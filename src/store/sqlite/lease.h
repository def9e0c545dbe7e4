/*
 * lease.h - who delivers what, in this process. Internal to store/.
 *
 * This process alone owns the directory, so leases need no disk: they end with it. Thread-safe.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hash_map.h"

struct leases {
    pthread_mutex_t lock;
    struct hash_map held;
    /* The changes of the group of jobs that is being run: undone or made final with its commit. */
    int64_t *taken, *ended;
    size_t taken_count, taken_room, ended_count, ended_room;
};

void leases_init(struct leases *leases);
void leases_free(struct leases *leases);
bool leases_has(struct leases *leases, int64_t event_id);
void leases_release(struct leases *leases, const int64_t *event_ids, size_t count);
/* On the writer's thread, inside a group: */
void leases_take(struct leases *leases, int64_t event_id);
void leases_end(struct leases *leases, int64_t event_id); /* after the commit */
void leases_settle(struct leases *leases, bool committed);
