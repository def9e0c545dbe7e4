/*
 * auth.h - what a destination's auth adds to a request. Pure but for OpenSSL's arithmetic.
 *
 * Each kind is a row of a table: which of the sender's headers give way to it, and what adds its own. Signatures look at
 * the request as it is sent, so they come last. Tokens that a server gives are had before (token.h).
 */
#pragma once

#include "deliver/envelope.h"
#include "verify/hasher.h"

/* Must a token be had from a server before anything can be sent? */
bool auth_needs_token(enum destination_auth auth);
/* Does the sender's header of that name (in lower case) give way? */
bool auth_replaces(const struct destination_settings *settings, struct text name);

/* Is the value of the header that it adds under that name a secret as it is? Signatures are none. */
bool auth_hides(const struct destination_settings *settings, struct text name);
/* What records, previews and mocks show in the place of a secret that is sent. */
#define AUTH_HIDDEN TEXT("hidden")

enum { AUTH_HEADERS = 4 }; /* added at most */
/* Adds its headers to the envelope, whose URL and method stand; signatures of requests cover what is there already. */
void auth_add(struct arena *arena, const struct envelope_input *input, struct envelope *envelope);

/* HMAC-SHA256 over the parts, one after the other. False without a key or memory. */
bool auth_hmac(struct text key, const struct text *parts, size_t count, unsigned char mac[DIGEST_BYTES_MOST], size_t *size);

/* auth_aws.c: the form of a URL that leaves nothing to a verifier's judgement, and the signature over a request to it. */
const char *auth_aws_url(struct arena *arena, struct text url);
void auth_aws_sign(struct arena *arena, const struct envelope_input *input, struct envelope *envelope);
