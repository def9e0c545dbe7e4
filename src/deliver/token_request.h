/*
 * token_request.h - what an authorization server is asked, and what its reply means. Pure but for OpenSSL's arithmetic.
 *
 * RFC 6749: the client credentials grant (4.4), the refresh of an access token (6), errors (5.2). RFC 7523 for service
 * accounts: a JWT (RFC 7519) that the account's key signed with RS256.
 */
#pragma once

#include "base/arena.h"
#include "http/client.h"
#include "model/settings.h"

/*
 * Fills method, URL, headers and body of the call, from the arena. `refresh_token` is the one to use now. Times of an
 * assertion are made from `now`, wall-clock ms. False with a sentence in `error`.
 */
bool token_request_write(struct arena *arena, const struct destination_settings *settings, struct text refresh_token,
                         int64_t now, struct http_call *call, struct error *error);

struct token_reply {
    struct text access_token;
    struct text refresh_token; /* TEXT_NONE: the one that was used stays good */
    int64_t lifetime_s;        /* -1: the server did not say */
};
/* What the server was sent that it might repeat. */
struct token_question {
    const struct token_settings *settings;
    struct text refresh_token;
};
/* Texts in the arena. False with a sentence in `error` that holds no secret. */
bool token_reply_read(struct arena *arena, const struct http_call *call, const struct token_question *question,
                      struct token_reply *reply, struct error *error);
