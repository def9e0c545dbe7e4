#include "store/sqlite/metrics_deltas.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { FIRST_ROOM = 256 };

struct delta_undo {
    size_t index;
    int64_t latency_step;
    int64_t values[DELTA_VALUES];
};

static size_t hash_of(const struct delta_key *key)
{
    const int64_t *parts = (const int64_t *)key;
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof *key / sizeof *parts; i++)
        hash = (hash ^ (uint64_t)parts[i]) * 0x9E3779B97F4A7C15u + (hash >> 29);
    return (size_t)(hash ^ hash >> 32);
}

/* The slot of a key: its own, or the free one that it would take. */
static uint32_t *slot_of(const struct deltas *deltas, const struct delta_key *key)
{
    size_t slot = hash_of(key) & (deltas->slot_count - 1);
    while (deltas->slots[slot] != 0 && memcmp(&deltas->items[deltas->slots[slot] - 1].key, key, sizeof *key) != 0)
        slot = (slot + 1) & (deltas->slot_count - 1);
    return &deltas->slots[slot];
}

/* Half of the slots stay free. */
static void grow(struct deltas *deltas)
{
    deltas->room = deltas->room > 0 ? deltas->room * 2 : FIRST_ROOM;
    deltas->slot_count = deltas->room * 2;
    deltas->items = memory_resize(deltas->items, deltas->room * sizeof *deltas->items);
    deltas->latencies = memory_resize(deltas->latencies, deltas->room * LATENCY_STEPS * sizeof *deltas->latencies);
    free(deltas->slots);
    deltas->slots = memory_allocate_zeroed(deltas->slot_count * sizeof *deltas->slots);
    for (size_t i = 0; i < deltas->count; i++) {
        *slot_of(deltas, &deltas->items[i].key) = (uint32_t)i + 1;
        if (deltas->items[i].latencies != NULL)
            deltas->items[i].latencies = deltas->latencies + i * LATENCY_STEPS;
    }
}

static struct delta *add(struct deltas *deltas, const struct delta_key *key, uint32_t *slot)
{
    struct delta *delta = &deltas->items[deltas->count];
    *delta = (struct delta){.key = *key};
    if (key->kind == DELTA_ATTEMPT) {
        delta->latencies = deltas->latencies + deltas->count * LATENCY_STEPS;
        memset(delta->latencies, 0, LATENCY_STEPS * sizeof *delta->latencies);
    }
    *slot = (uint32_t)++deltas->count;
    return delta;
}

static void note_undo(struct deltas *deltas, const struct delta *delta, int64_t latency_step)
{
    if (deltas->undo_count == deltas->undo_room) {
        deltas->undo_room = deltas->undo_room > 0 ? deltas->undo_room * 2 : FIRST_ROOM;
        deltas->undos = memory_resize(deltas->undos, deltas->undo_room * sizeof *deltas->undos);
    }
    struct delta_undo *undo = &deltas->undos[deltas->undo_count++];
    *undo = (struct delta_undo){.index = (size_t)(delta - deltas->items), .latency_step = latency_step};
    memcpy(undo->values, delta->values, sizeof undo->values);
}

struct delta *deltas_change(struct deltas *deltas, const struct delta_key *key, int64_t latency_step)
{
    if (deltas->count == deltas->room)
        grow(deltas);
    uint32_t *slot = slot_of(deltas, key);
    struct delta *delta = *slot != 0 ? &deltas->items[*slot - 1] : add(deltas, key, slot);
    if (deltas->marked)
        note_undo(deltas, delta, latency_step);
    if (latency_step >= 0)
        delta->latencies[latency_step]++;
    return delta;
}

void deltas_clear(struct deltas *deltas)
{
    if (deltas->count > 0)
        memset(deltas->slots, 0, deltas->slot_count * sizeof *deltas->slots);
    deltas->count = 0;
    deltas->undo_count = 0;
    deltas->marked = false;
}

void deltas_free(struct deltas *deltas)
{
    free(deltas->items);
    free(deltas->slots);
    free(deltas->latencies);
    free(deltas->undos);
    *deltas = (struct deltas){0};
}

void deltas_mark(struct deltas *deltas)
{
    deltas->marked = true;
    deltas->undo_count = 0;
}

void deltas_unmark(struct deltas *deltas, bool undo)
{
    while (undo && deltas->undo_count > 0) {
        const struct delta_undo *last = &deltas->undos[--deltas->undo_count];
        struct delta *delta = &deltas->items[last->index];
        memcpy(delta->values, last->values, sizeof delta->values);
        if (last->latency_step >= 0)
            delta->latencies[last->latency_step]--;
    }
    deltas->marked = false;
}
