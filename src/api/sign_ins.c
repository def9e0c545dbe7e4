/* The sign-ins that wait, in memory. */
#include "api/sign_in.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash_map.h"
#include "base/limits.h"
#include "base/memory.h"

struct sign_ins {
    pthread_mutex_t mutex; /* guards what follows */
    struct hash_map by_poll_token, by_page_token;
};

struct sign_ins *sign_ins_create(void)
{
    struct sign_ins *sign_ins = NEW(struct sign_ins);
    pthread_mutex_init(&sign_ins->mutex, NULL);
    return sign_ins;
}

static void clear(struct sign_in *sign_in)
{
    explicit_bzero(sign_in, sizeof *sign_in);
    free(sign_in);
}

void sign_ins_free(struct sign_ins *sign_ins)
{
    size_t position = 0;
    struct sign_in *sign_in;
    if (sign_ins == NULL)
        return;
    while ((sign_in = hash_map_next(&sign_ins->by_poll_token, &position)) != NULL)
        clear(sign_in);
    hash_map_free(&sign_ins->by_poll_token);
    hash_map_free(&sign_ins->by_page_token);
    pthread_mutex_destroy(&sign_ins->mutex);
    free(sign_ins);
}

/* Both maps are made anew with those whose time is not over. */
static void drop_ended(struct sign_ins *sign_ins, int64_t now)
{
    struct hash_map by_poll_token = {0}, by_page_token = {0};
    size_t position = 0;
    struct sign_in *sign_in;
    while ((sign_in = hash_map_next(&sign_ins->by_poll_token, &position)) != NULL) {
        if (sign_in->ends_at_ms <= now) {
            clear(sign_in);
            continue;
        }
        hash_map_put_text(&by_poll_token, text_of(sign_in->poll_token), sign_in);
        hash_map_put_text(&by_page_token, text_of(sign_in->page_token), sign_in);
    }
    hash_map_free(&sign_ins->by_poll_token);
    hash_map_free(&sign_ins->by_page_token);
    sign_ins->by_poll_token = by_poll_token;
    sign_ins->by_page_token = by_page_token;
}

bool sign_ins_begin(struct sign_ins *sign_ins, struct text device_name, struct text peer, struct sign_in *out)
{
    int64_t now = clock_monotonic_ms();
    *out = (struct sign_in){.ends_at_ms = now + limits.sign_in_ms};
    random_token(out->poll_token, RANDOM_TOKEN_DIGITS);
    random_token(out->page_token, RANDOM_TOKEN_DIGITS);
    snprintf(out->device_name, sizeof out->device_name, "%.*s", TEXT_ARGS(device_name));
    snprintf(out->peer, sizeof out->peer, "%.*s", TEXT_ARGS(peer));
    pthread_mutex_lock(&sign_ins->mutex);
    drop_ended(sign_ins, now);
    bool room = sign_ins->by_poll_token.used < (size_t)limits.sign_ins;
    if (room) {
        struct sign_in *kept = NEW(struct sign_in);
        *kept = *out;
        hash_map_put_text(&sign_ins->by_poll_token, text_of(kept->poll_token), kept);
        hash_map_put_text(&sign_ins->by_page_token, text_of(kept->page_token), kept);
    }
    pthread_mutex_unlock(&sign_ins->mutex);
    return room;
}

static bool find(struct sign_ins *sign_ins, const struct hash_map *map, struct text token, struct sign_in *out)
{
    pthread_mutex_lock(&sign_ins->mutex);
    const struct sign_in *found = hash_map_get_text(map, token);
    bool good = found != NULL && found->ends_at_ms > clock_monotonic_ms();
    if (good)
        *out = *found;
    pthread_mutex_unlock(&sign_ins->mutex);
    return good;
}

bool sign_ins_find_polled(struct sign_ins *sign_ins, struct text poll_token, struct sign_in *out)
{
    return find(sign_ins, &sign_ins->by_poll_token, poll_token, out);
}

bool sign_ins_find_shown(struct sign_ins *sign_ins, struct text page_token, struct sign_in *out)
{
    return find(sign_ins, &sign_ins->by_page_token, page_token, out);
}

bool sign_ins_confirm(struct sign_ins *sign_ins, struct text page_token, struct text key)
{
    pthread_mutex_lock(&sign_ins->mutex);
    struct sign_in *found = hash_map_get_text(&sign_ins->by_page_token, page_token);
    bool good = found != NULL && found->key[0] == 0 && found->ends_at_ms > clock_monotonic_ms();
    if (good)
        snprintf(found->key, sizeof found->key, "%.*s", TEXT_ARGS(key));
    pthread_mutex_unlock(&sign_ins->mutex);
    return good;
}
