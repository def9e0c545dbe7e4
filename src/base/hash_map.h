/*
 * hash_map.h - from integers or texts to pointers.
 *
 * Open addressing; grows, never shrinks. The map owns neither keys nor values: a text key must stay
 * valid and unchanged as long as it is in the map (usually it lies inside the value). Text hashing is
 * keyed with a random value per process, so that outsiders cannot choose colliding keys. Not thread-safe.
 * {0} is an empty map. A value is never NULL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct hash_slot {
    uint64_t hash; /* 0: never used; 1: removed; else in use */
    int64_t integer;
    struct text text;
    void *value;
};

struct hash_map {
    struct hash_slot *slots;
    size_t capacity; /* 0 or a power of two */
    size_t used;     /* live entries */
    size_t filled;   /* live and removed slots */
};

void *hash_map_get(const struct hash_map *map, int64_t key);
/* Returns the value that was there before, or NULL. */
void *hash_map_put(struct hash_map *map, int64_t key, void *value);
void *hash_map_remove(struct hash_map *map, int64_t key);

void *hash_map_get_text(const struct hash_map *map, struct text key);
void *hash_map_put_text(struct hash_map *map, struct text key, void *value);
void *hash_map_remove_text(struct hash_map *map, struct text key);

/* Walks all entries in no order: start with *position = 0, until it returns NULL. No changes meanwhile. */
void *hash_map_next(const struct hash_map *map, size_t *position);
/* The hash of a text key by itself: outsiders cannot choose texts that collide. Never 0 or 1. */
uint64_t hash_map_hash(struct text key);
void hash_map_free(struct hash_map *map); /* back to {0}; values are the caller's */
