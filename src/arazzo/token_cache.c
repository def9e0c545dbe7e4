#include "arazzo/token_cache.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/memory.h"

enum { REPLY_BYTES = 65536, LIFETIME_S = 300 /* when the server does not say */, MARGIN_S = 10 };

static void write_form(struct buffer *out, const char *scopes)
{
    buffer_append_string(out, "grant_type=client_credentials");
    if (scopes[0] != '\0') {
        buffer_append_string(out, "&scope=");
        percent_encode(out, text_of(scopes));
    }
}

/* Client authentication by HTTP Basic, which every server must understand (section 2.3.1). */
static void write_authorization(struct buffer *out, struct text id, struct text secret)
{
    struct buffer pair = {0};
    percent_encode(&pair, id);
    buffer_append_byte(&pair, ':');
    percent_encode(&pair, secret);
    buffer_append_string(out, "Basic ");
    base64_encode(out, buffer_text(&pair));
    buffer_free(&pair);
}

static bool read_token(const struct http_call *call, struct cached_token *token, struct error *error)
{
    json_t *reply = call->status == 200 ? json_parse(call->response_body, NULL) : NULL;
    const char *text = json_string_value(json_object_get(reply, "access_token"));
    int64_t seconds = json_member_integer(reply, "expires_in", LIFETIME_S);
    if (call->failure != HTTP_OK)
        return error_set(error, ERROR_UNREACHABLE, "no token from %s: %s", call->url, call->failure_text);
    if (text != NULL) {
        token->token = memory_copy_string(text);
        seconds = seconds > MARGIN_S && seconds < INT32_MAX ? seconds - MARGIN_S : seconds < 0 ? 0 : LIFETIME_S;
        token->expires_ms = clock_monotonic_ms() + seconds * 1000;
    } else {
        error_set(error, ERROR_UNAUTHORIZED, "no token from %s: it answered %d", call->url, call->status);
    }
    json_decref(reply);
    return text != NULL;
}

static bool fetch(struct http_client *client, const char *url, struct text id, struct text secret, const char *scopes,
                  struct cached_token *token, struct error *error)
{
    struct buffer form = {0}, authorization = {0};
    write_form(&form, scopes);
    write_authorization(&authorization, id, secret);
    const struct http_header headers[] = {{TEXT("content-type"), TEXT("application/x-www-form-urlencoded")},
                                          {TEXT("accept"), TEXT("application/json")},
                                          {TEXT("authorization"), buffer_text(&authorization)}};
    struct http_call call = {
        .method = "POST", .url = url, .headers = headers, .header_count = sizeof headers / sizeof headers[0],
        .body = buffer_text(&form), .has_body = true, .timeout_ms = limits.workflow_request_timeout_ms,
        .connect_timeout_ms = limits.workflow_request_timeout_ms, .response_keep_bytes = REPLY_BYTES,
        .response_read_bytes = REPLY_BYTES,
    };
    http_client_perform(client, &call);
    bool good = read_token(&call, token, error);
    buffer_free(&form);
    buffer_free(&authorization);
    return good;
}

/* The place of that key, or a new one; the oldest goes when there are too many. */
static struct cached_token *place_for(struct token_cache *cache, const char *key)
{
    for (size_t i = 0; i < cache->count; i++) {
        if (strcmp(cache->items[i].key, key) == 0)
            return &cache->items[i];
    }
    if (cache->count == TOKENS_MOST) {
        free(cache->items[0].key);
        free(cache->items[0].token);
        memmove(&cache->items[0], &cache->items[1], (TOKENS_MOST - 1) * sizeof cache->items[0]);
        cache->count--;
    }
    struct cached_token *place = &cache->items[cache->count++];
    *place = (struct cached_token){.key = memory_copy_string(key)};
    return place;
}

const char *token_cache_get(struct token_cache *cache, struct http_client *client, const char *url, struct text id,
                            struct text secret, const char *scopes, struct error *error)
{
    struct buffer key = {0};
    struct cached_token fresh = {0};
    buffer_printf(&key, "%s\n%.*s\n%s", url, TEXT_ARGS(id), scopes);
    struct cached_token *place = place_for(cache, buffer_string(&key));
    buffer_free(&key);
    if (place->token != NULL && clock_monotonic_ms() < place->expires_ms)
        return place->token;
    if (!fetch(client, url, id, secret, scopes, &fresh, error))
        return NULL;
    free(place->token);
    place->token = fresh.token;
    place->expires_ms = fresh.expires_ms;
    return place->token;
}

void token_cache_free(struct token_cache *cache)
{
    for (size_t i = 0; i < cache->count; i++) {
        free(cache->items[i].key);
        free(cache->items[i].token);
    }
    *cache = (struct token_cache){0};
}
