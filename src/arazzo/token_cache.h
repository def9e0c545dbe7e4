/*
 * token_cache.h - OAuth 2 access tokens by the client credentials grant (RFC 6749, section 4.4), kept until they expire.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "http/client.h"

enum { TOKENS_MOST = 64 };

struct cached_token {
    char *key; /* the URL, client and scopes that it is for */
    char *token;
    int64_t expires_ms; /* monotonic */
};

/* {0} is an empty cache. */
struct token_cache {
    struct cached_token items[TOKENS_MOST];
    size_t count;
};

/*
 * The token for a client and its scopes (with blanks between them, may be empty), from the cache or the server; it
 * lives until the next call. NULL with a sentence when the server gives none.
 */
const char *token_cache_get(struct token_cache *cache, struct http_client *client, const char *url, struct text id,
                            struct text secret, const char *scopes, struct error *error);
void token_cache_free(struct token_cache *cache);
