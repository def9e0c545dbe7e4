#include "base/hash_map.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

enum { NEVER_USED = 0, REMOVED = 1, FIRST_HASH = 2, FIRST_CAPACITY = 16 };

static uint64_t secret[2];
static pthread_once_t secret_once = PTHREAD_ONCE_INIT;

static void make_secret(void)
{
    random_bytes(secret, sizeof secret);
}

/* The finisher of MurmurHash3, keyed. */
static uint64_t mix(uint64_t value)
{
    value ^= secret[0];
    value = (value ^ (value >> 33)) * 0xff51afd7ed558ccdULL;
    value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53ULL;
    return value ^ (value >> 33);
}

static uint64_t usable(uint64_t hash)
{
    return hash < FIRST_HASH ? hash + FIRST_HASH : hash;
}

static uint64_t hash_integer(int64_t key)
{
    pthread_once(&secret_once, make_secret);
    return usable(mix((uint64_t)key));
}

static uint64_t hash_text(struct text key)
{
    pthread_once(&secret_once, make_secret);
    uint64_t hash = secret[1] ^ key.size;
    size_t i = 0;
    for (; i + 8 <= key.size; i += 8) {
        uint64_t word;
        memcpy(&word, key.data + i, sizeof word);
        hash = mix(hash ^ word) * 0x9e3779b97f4a7c15ULL;
    }
    uint64_t tail = 0;
    if (key.size > i)
        memcpy(&tail, key.data + i, key.size - i);
    return usable(mix(hash ^ tail));
}

uint64_t hash_map_hash(struct text key)
{
    return hash_text(key);
}

static bool same_key(const struct hash_slot *slot, uint64_t hash, int64_t integer, struct text text)
{
    return slot->hash == hash && slot->integer == integer && text_equal(slot->text, text);
}

static struct hash_slot *find(const struct hash_map *map, uint64_t hash, int64_t integer, struct text text)
{
    if (map->capacity == 0)
        return NULL;
    for (size_t i = hash & (map->capacity - 1);; i = (i + 1) & (map->capacity - 1)) {
        struct hash_slot *slot = &map->slots[i];
        if (slot->hash == NEVER_USED)
            return NULL;
        if (same_key(slot, hash, integer, text))
            return slot;
    }
}

static void insert_new(struct hash_map *map, struct hash_slot entry)
{
    size_t i = entry.hash & (map->capacity - 1);
    while (map->slots[i].hash >= FIRST_HASH)
        i = (i + 1) & (map->capacity - 1);
    if (map->slots[i].hash == NEVER_USED)
        map->filled++;
    map->slots[i] = entry;
    map->used++;
}

static void grow(struct hash_map *map)
{
    struct hash_map old = *map;
    map->capacity = old.capacity == 0             ? FIRST_CAPACITY
                    : old.used >= old.capacity / 2 ? old.capacity * 2
                                                   : old.capacity;
    map->slots = memory_allocate_zeroed(map->capacity * sizeof *map->slots);
    map->used = map->filled = 0;
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.slots[i].hash >= FIRST_HASH)
            insert_new(map, old.slots[i]);
    }
    free(old.slots);
}

static void *put(struct hash_map *map, struct hash_slot entry)
{
    struct hash_slot *slot = find(map, entry.hash, entry.integer, entry.text);
    if (slot != NULL) {
        void *before = slot->value;
        *slot = entry;
        return before;
    }
    if ((map->filled + 1) * 4 > map->capacity * 3)
        grow(map);
    insert_new(map, entry);
    return NULL;
}

static void *take_out(struct hash_map *map, struct hash_slot *slot)
{
    if (slot == NULL)
        return NULL;
    void *value = slot->value;
    *slot = (struct hash_slot){.hash = REMOVED};
    map->used--;
    return value;
}

void *hash_map_get(const struct hash_map *map, int64_t key)
{
    struct hash_slot *slot = find(map, hash_integer(key), key, TEXT_NONE);
    return slot ? slot->value : NULL;
}

void *hash_map_put(struct hash_map *map, int64_t key, void *value)
{
    return put(map, (struct hash_slot){hash_integer(key), key, TEXT_NONE, value});
}

void *hash_map_remove(struct hash_map *map, int64_t key)
{
    return take_out(map, find(map, hash_integer(key), key, TEXT_NONE));
}

void *hash_map_get_text(const struct hash_map *map, struct text key)
{
    struct hash_slot *slot = find(map, hash_text(key), 0, key);
    return slot ? slot->value : NULL;
}

void *hash_map_put_text(struct hash_map *map, struct text key, void *value)
{
    return put(map, (struct hash_slot){hash_text(key), 0, key, value});
}

void *hash_map_remove_text(struct hash_map *map, struct text key)
{
    return take_out(map, find(map, hash_text(key), 0, key));
}

void *hash_map_next(const struct hash_map *map, size_t *position)
{
    while (*position < map->capacity) {
        struct hash_slot *slot = &map->slots[(*position)++];
        if (slot->hash >= FIRST_HASH)
            return slot->value;
    }
    return NULL;
}

void hash_map_free(struct hash_map *map)
{
    free(map->slots);
    *map = (struct hash_map){0};
}
