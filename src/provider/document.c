#include "provider/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/limits.h"
#include "base/memory.h"
#include "verify/hasher.h"

enum { KEPT_LEAST_MS = 60000 };

/* ---- names ---- */

/*
 * Keys are the provider's, whoever asks; but what one had who had credentials is not for one who has others: each
 * project's documents are its own, and none learns from another's.
 */
static struct text name_of(struct arena *arena, const struct key_wanted *wanted)
{
    struct buffer name = {0};
    buffer_append_text(&name, wanted->url);
    if (wanted->authorization.size > 0 || wanted->token_authorization.size > 0) {
        unsigned char bytes[DIGEST_BYTES_MOST];
        struct hasher hasher = hasher_of_digest(DIGEST_SHA256);
        hasher_add(&hasher, wanted->authorization);
        hasher_add(&hasher, TEXT("\n"));
        hasher_add(&hasher, wanted->token_authorization);
        size_t size = hasher_end(&hasher, bytes);
        buffer_append_byte(&name, ' ');
        hex_encode(&name, (struct text){(const char *)bytes, size});
    }
    struct text text = arena_copy_text(arena, buffer_text(&name));
    buffer_free(&name);
    return text;
}

static struct text keep(struct arena *arena, struct text text)
{
    return text.data != NULL ? arena_copy_text(arena, text) : TEXT_NONE;
}

/* ---- keeping ---- */

static void document_free(struct document *document)
{
    key_set_release(document->set);
    arena_free(&document->arena);
    free(document);
}

/* Those without keys first: so whoever asks for what does not exist pushes no keys out. */
static bool is_better_to_lose(const struct document *a, const struct document *b)
{
    if ((a->set == NULL) != (b->set == NULL))
        return a->set == NULL;
    return a->used_at < b->used_at;
}

static bool make_room(struct provider *provider)
{
    struct document *document, *victim = NULL;
    size_t position = 0;
    if ((int64_t)provider->documents.used < limits.provider_keys)
        return true;
    while ((document = hash_map_next(&provider->documents, &position)) != NULL) {
        if (!document->fetching && (victim == NULL || is_better_to_lose(document, victim)))
            victim = document;
    }
    if (victim == NULL)
        return false;
    hash_map_remove_text(&provider->documents, victim->name);
    document_free(victim);
    return true;
}

struct document *document_find(struct provider *provider, const struct key_wanted *wanted, int64_t now)
{
    struct arena arena = {0};
    struct document *document = hash_map_get_text(&provider->documents, name_of(&arena, wanted));
    arena_free(&arena);
    if (document != NULL)
        document->used_at = now;
    return document;
}

struct document *document_make(struct provider *provider, const struct key_wanted *wanted, int64_t now)
{
    if (!make_room(provider))
        return NULL;
    struct document *document = NEW(struct document);
    struct arena *arena = &document->arena;
    document->name = name_of(arena, wanted);
    document->wanted = (struct key_wanted){
        .origin = wanted->origin, .method = wanted->method, .url = keep(arena, wanted->url),
        .other_url = keep(arena, wanted->other_url), .authorization = keep(arena, wanted->authorization),
        .token_url = keep(arena, wanted->token_url), .token_authorization = keep(arena, wanted->token_authorization)};
    document->used_at = now;
    hash_map_put_text(&provider->documents, document->name, document);
    return document;
}

void documents_free(struct provider *provider)
{
    struct document *document;
    size_t position = 0;
    while ((document = hash_map_next(&provider->documents, &position)) != NULL)
        document_free(document);
    hash_map_free(&provider->documents);
}

/* ---- using ---- */

bool document_answers(struct document *document, struct errand *errand, int64_t now)
{
    bool is_good = document->set != NULL && now < document->good_until;
    struct text id = errand->wanted.id;
    if (is_good && key_set_find(document->set, id) != NULL) {
        errand->keys = key_set_share(document->set);
        return true;
    }
    if (document->fetching)
        return false;
    if (now < document->failed_until) {
        errand_fail(errand, document->is_final, "%s", document->failure);
        return true;
    }
    if (is_good && now - document->fetched_at < limits.provider_again_ms) {
        /* not final: it may have been published since */
        errand_fail(errand, false, "%.*s had no key \"%.*s\" when it was asked a moment ago", TEXT_ARGS(document->wanted.url),
                    (int)(id.size < 64 ? id.size : 64), id.data);
        return true;
    }
    return false;
}

static int64_t kept_ms(const struct key_set *set, int64_t lifetime_ms)
{
    int64_t least = limits.provider_key_most_ms < KEPT_LEAST_MS ? limits.provider_key_most_ms : KEPT_LEAST_MS;
    int64_t kept = lifetime_ms < 0 ? limits.provider_key_ms : lifetime_ms < least ? least : lifetime_ms;
    int64_t left = key_set_end(set) - clock_now_ms();
    kept = kept < limits.provider_key_most_ms ? kept : limits.provider_key_most_ms;
    return kept < left ? kept : left;
}

void document_fetched(struct document *document, struct key_set *set, int64_t lifetime_ms, const struct error *error,
                      bool is_final)
{
    int64_t now = clock_monotonic_ms();
    document->fetching = false;
    if (set == NULL) {
        document->is_final = is_final;
        document->failed_until = now + limits.provider_failure_ms;
        snprintf(document->failure, sizeof document->failure, "%.*s: %.100s",
                 (int)(document->wanted.url.size < 150 ? document->wanted.url.size : 150), document->wanted.url.data,
                 error->message);
        return;
    }
    key_set_release(document->set);
    document->set = set;
    document->fetched_at = now;
    document->failed_until = 0;
    document->good_until = now + kept_ms(set, lifetime_ms);
}
