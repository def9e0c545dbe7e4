#include "store/sqlite/lease.h"

#include <stdlib.h>

#include "base/memory.h"

void leases_init(struct leases *leases)
{
    *leases = (struct leases){0};
    pthread_mutex_init(&leases->lock, NULL);
}

void leases_free(struct leases *leases)
{
    hash_map_free(&leases->held);
    free(leases->taken);
    free(leases->ended);
    pthread_mutex_destroy(&leases->lock);
}

bool leases_has(struct leases *leases, int64_t event_id)
{
    pthread_mutex_lock(&leases->lock);
    bool has = hash_map_get(&leases->held, event_id) != NULL;
    pthread_mutex_unlock(&leases->lock);
    return has;
}

static void remove_all(struct leases *leases, const int64_t *event_ids, size_t count)
{
    pthread_mutex_lock(&leases->lock);
    for (size_t i = 0; i < count; i++)
        hash_map_remove(&leases->held, event_ids[i]);
    pthread_mutex_unlock(&leases->lock);
}

void leases_release(struct leases *leases, const int64_t *event_ids, size_t count)
{
    remove_all(leases, event_ids, count);
}

static void append(int64_t **list, size_t *count, size_t *room, int64_t event_id)
{
    if (*count == *room) {
        *room = *room ? *room * 2 : 64;
        *list = memory_resize(*list, *room * sizeof **list);
    }
    (*list)[(*count)++] = event_id;
}

void leases_take(struct leases *leases, int64_t event_id)
{
    pthread_mutex_lock(&leases->lock);
    hash_map_put(&leases->held, event_id, leases);
    pthread_mutex_unlock(&leases->lock);
    append(&leases->taken, &leases->taken_count, &leases->taken_room, event_id);
}

void leases_end(struct leases *leases, int64_t event_id)
{
    append(&leases->ended, &leases->ended_count, &leases->ended_room, event_id);
}

void leases_settle(struct leases *leases, bool committed)
{
    if (committed)
        remove_all(leases, leases->ended, leases->ended_count);
    else
        remove_all(leases, leases->taken, leases->taken_count);
    leases->taken_count = leases->ended_count = 0;
}
