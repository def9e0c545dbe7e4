/*
 * fetch.h - which key must be fetched before a request can be judged, and what is to be asked of its sender. Pure.
 *
 * Who verifies a request asks verify_wants_key first. If it says so, the key is got (src/provider), and verify_request
 * is called with it; without it such a request fails.
 */
#pragma once

#include "verify/verify.h"

/* What to call, all of it at the provider's own hosts. Texts that are TEXT_NONE do not apply. */
struct key_wanted {
    const struct key_origin *origin;
    enum scheme_method method;  /* what the key is for */
    struct text url, other_url; /* the second is asked when the first has no such key */
    struct text id;             /* of the key in a set of them */
    struct text authorization;  /* value of the header */
    struct text token_url, token_authorization; /* gives the access token that `url` is called with */
};

/*
 * True: that key is needed, *wanted is filled, with texts in the arena. False: none is, or nothing can be fetched for a
 * request like this one, which then fails: what can be seen without the key is looked at here.
 */
bool verify_wants_key(const struct verifier *verifier, const struct verify_input *input, struct arena *arena,
                      struct key_wanted *wanted);

enum confirmation_wish { CONFIRMATION_NONE, CONFIRMATION_WANTED, CONFIRMATION_ELSEWHERE };
/*
 * Of a request that passed: does its sender want to be called back? The URL is in the arena. ELSEWHERE: at a URL that is
 * not the sender's.
 */
enum confirmation_wish verify_confirmation(const struct verifier *verifier, const struct verify_input *input,
                                           struct arena *arena, struct text *url);
