/*
 * metrics_deltas.h - what a group of jobs changes in the counts, gathered in memory until its commit. Internal to store/.
 *
 * One entry for each row of the counts that changes. The changes of a job that is undone alone are taken back: what they
 * overwrite is kept from deltas_mark on. The writer's thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/latency.h"

enum delta_kind { DELTA_REQUEST, DELTA_EVENT, DELTA_ATTEMPT };
enum { DELTA_KEYS = 8, DELTA_VALUES = 6 };

struct delta_key {
    int64_t kind, minute; /* minute: start of it, in ms */
    int64_t columns[DELTA_KEYS];
};

struct delta {
    struct delta_key key;
    int64_t values[DELTA_VALUES];
    int64_t *latencies; /* DELTA_ATTEMPT: LATENCY_STEPS; else NULL */
};

struct delta_undo;

struct deltas {
    struct delta *items;
    size_t count, room;
    uint32_t *slots; /* of items, from 1; 0: free */
    size_t slot_count;
    int64_t *latencies; /* memory for those of the items, reused */
    struct delta_undo *undos;
    size_t undo_count, undo_room;
    bool marked;
};

/* The entry of a key, zeroed when it is new, to be changed at once. `latency_step` is counted in it unless negative. */
struct delta *deltas_change(struct deltas *deltas, const struct delta_key *key, int64_t latency_step);
void deltas_clear(struct deltas *deltas);
void deltas_free(struct deltas *deltas);

/* From here on changes can be undone. */
void deltas_mark(struct deltas *deltas);
/* Ends that; with `undo` the entries are as they were at the mark. */
void deltas_unmark(struct deltas *deltas, bool undo);
