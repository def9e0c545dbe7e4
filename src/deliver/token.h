/*
 * token.h - access tokens of destinations, from authorization servers (OAuth2, Google).
 *
 * One for each destination, kept in memory until shortly before it expires. Who needs one that is not there waits: its
 * destination's lane is held, the delivery gives its slot back, and one call is made for all. A call that failed is not
 * made again for limits.token_failure_ms; deliveries in that time fail with its reason.
 *
 *   NONE ──► FETCHING ──► (SAVING) ──► GOOD ──► NONE (expired, refused by the destination, other settings)
 *    ▲           └───────► FAILED ──┘
 *
 * SAVING: the server gave a refresh token in place of the one that was used. It is on disk before the access token is
 * used, and counts for as long as the destination's settings name the one it came from.
 *
 * After a 401 of the destination its token is dropped, and the next delivery asks for another; should that one be refused
 * as well, it is kept, so that a destination that refuses everybody does not become the authorization server's problem.
 *
 * Threads: all is the delivery loop's, but for the end of a save, which the store's writer tells of.
 */
#pragma once

#include "deliver/engine.h"

struct tokens;

/* Reads what was saved. NULL with an error. */
struct tokens *tokens_create(struct deliver *deliver, struct error *error);
/* After the loop's end and the store's. */
void tokens_free(struct tokens *tokens); /* NULL is fine */

enum token_answer {
    TOKEN_HAD,    /* *text is it, until the next call */
    TOKEN_WAIT,   /* the delivery is kept, and begun again by courier_begin when there is an answer */
    TOKEN_FAILED, /* *text says why */
};
enum token_answer tokens_get(struct tokens *tokens, struct delivery *delivery, struct catalog_destination *destination,
                             struct text *text);
/* The destination answered a delivery that was sent with a token. */
void tokens_replied(struct tokens *tokens, const struct delivery *delivery, int status);
/* What the store took meanwhile; what it refused is offered again. */
void tokens_turn(struct tokens *tokens);
