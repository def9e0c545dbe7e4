#include "access/rate.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/hash_map.h"
#include "base/limits.h"
#include "base/memory.h"

enum { MINUTE_US = 60000000 };

/* What was taken out counts as time: a call costs MINUTE_US / limit, the bucket is full when `full_at_us` has come. */
struct bucket {
    int64_t key_id;
    int64_t full_at_us;
};

struct rate {
    pthread_mutex_t mutex; /* guards what follows */
    struct hash_map buckets;
};

struct rate *rate_create(void)
{
    struct rate *rate = NEW(struct rate);
    pthread_mutex_init(&rate->mutex, NULL);
    return rate;
}

void rate_free(struct rate *rate)
{
    size_t position = 0;
    struct bucket *bucket;
    if (rate == NULL)
        return;
    while ((bucket = hash_map_next(&rate->buckets, &position)) != NULL)
        free(bucket);
    hash_map_free(&rate->buckets);
    pthread_mutex_destroy(&rate->mutex);
    free(rate);
}

/* Keeps the buckets that are not full. */
static void drop_full(struct rate *rate, int64_t now_us)
{
    struct hash_map kept = {0};
    size_t position = 0;
    struct bucket *bucket;
    while ((bucket = hash_map_next(&rate->buckets, &position)) != NULL) {
        if (bucket->full_at_us > now_us)
            hash_map_put(&kept, bucket->key_id, bucket);
        else
            free(bucket);
    }
    hash_map_free(&rate->buckets);
    rate->buckets = kept;
}

/* NULL: there are too many. */
static struct bucket *find_bucket(struct rate *rate, int64_t key_id, int64_t now_us)
{
    struct bucket *bucket = hash_map_get(&rate->buckets, key_id);
    if (bucket != NULL)
        return bucket;
    if (rate->buckets.used >= (size_t)limits.rate_buckets)
        drop_full(rate, now_us);
    if (rate->buckets.used >= (size_t)limits.rate_buckets)
        return NULL;
    bucket = NEW(struct bucket);
    *bucket = (struct bucket){key_id, now_us};
    hash_map_put(&rate->buckets, key_id, bucket);
    return bucket;
}

static bool take(struct bucket *bucket, int64_t limit, int64_t now_us, struct rate_state *state)
{
    int64_t cost_us = MINUTE_US / limit;
    /* A lower limit than before must not leave a key shut out for longer than a minute. */
    int64_t owed_us = bucket->full_at_us > now_us ? bucket->full_at_us - now_us : 0;
    owed_us = owed_us < MINUTE_US ? owed_us : MINUTE_US;
    bool taken = owed_us + cost_us <= MINUTE_US;
    if (taken)
        owed_us += cost_us;
    else
        state->wait_ms = (owed_us + cost_us - MINUTE_US + 999) / 1000;
    bucket->full_at_us = now_us + owed_us;
    state->remaining = (MINUTE_US - owed_us) / cost_us;
    state->remaining = state->remaining < limit ? state->remaining : limit;
    state->reset_ms = (owed_us + 999) / 1000;
    return taken;
}

bool rate_take(struct rate *rate, int64_t key_id, int64_t limit, int64_t now_us, struct rate_state *state)
{
    *state = (struct rate_state){.limit = limit};
    if (limit == 0)
        return true;
    pthread_mutex_lock(&rate->mutex);
    struct bucket *bucket = find_bucket(rate, key_id, now_us);
    bool taken = bucket != NULL && take(bucket, limit, now_us, state);
    pthread_mutex_unlock(&rate->mutex);
    if (bucket == NULL)
        state->wait_ms = state->reset_ms = MINUTE_US / 1000;
    return taken;
}
